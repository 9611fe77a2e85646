"""One brush stroke on a mask, and where it may run."""
import cv2
import numpy as np


def draw_stroke(mask: np.ndarray, start: tuple[int, int], end: tuple[int, int], width: int) -> None:
    """Draw a hole with round ends.

    Args:
        mask: `(h, w)` uint8, changed in place.
        start: `(x, y)`; may lie outside.
        end: `(x, y)`; may lie outside.
        width: In pixels.
    """
    cv2.line(mask, start, end, 1, width)


def keep_inside(point: tuple[int, int], size: tuple[int, int], margin: int, width: int) -> tuple[int, int]:
    """The nearest point around which a brush of ``width`` stays ``margin`` pixels off the border.

    With ``margin=0`` a stroke may leave the image, and the point is not moved. A
    brush too wide for the interior is centred; the caller clears what juts out.
    """
    if not margin:
        return point
    keep = margin + width // 2 + 1
    h, w = size
    return _clamp(point[0], keep, w), _clamp(point[1], keep, h)


def _clamp(value: int, keep: int, length: int) -> int:
    if 2 * keep >= length:
        return length // 2
    return min(max(value, keep), length - 1 - keep)
