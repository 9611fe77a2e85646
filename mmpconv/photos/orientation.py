"""How a stored picture is turned to stand upright (EXIF 2.32, tag 0x0112)."""
import numpy as np

TAG = 0x0112
_INVERSE = {6: 8, 8: 6}


def upright(stored: np.ndarray, orientation: int) -> np.ndarray:
    """A view of a stored picture as it is to be seen.

    Args:
        stored: `(h, w, ...)`.
        orientation: 1 to 8, as in EXIF; others count as 1, as viewers take them.

    Returns:
        `(h, w, ...)`, or `(w, h, ...)` for 5 to 8; what is written to it is written to ``stored``.
    """
    if orientation in (5, 6, 7, 8):
        stored = stored.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        stored = stored[::-1]
    if orientation in (2, 3, 6, 7):
        stored = stored[:, ::-1]
    return stored


def as_stored(seen: np.ndarray, orientation: int) -> np.ndarray:
    """The inverse of :func:`upright`, a view too."""
    return upright(seen, _INVERSE.get(orientation, orientation))
