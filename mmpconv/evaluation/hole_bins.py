"""The groups in which results of inpainting are compared: by size of the hole, and by whether it touches the border.

Two things are said of a hole and the border, and each has one definition:

- it **touches the border** (:func:`touches_border`): a pixel of the outermost rows or columns is hole;
- it is **near the border** (:func:`mmpconv.datasets.masks.near_border`): it reaches into the frame that the paper's
  masks with border constraint keep free.
"""
from collections.abc import Sequence
from itertools import pairwise, product

import numpy as np

# Section 4.1 of arXiv 1804.07723, in hole pixels per pixel.
BIN_EDGES = (0.01, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)


def hole_bins(edges: Sequence[float]) -> dict[str, tuple[float, float]]:
    """Bins between ascending edges: ``(low, high)`` by name.

    Example:
        >>> hole_bins([0.01, 0.1, 0.2])
        {'0.01-0.1': (0.01, 0.1), '0.1-0.2': (0.1, 0.2)}
    """
    return {f'{low:g}-{high:g}': (low, high) for low, high in pairwise(edges)}


HOLE_BINS = hole_bins(BIN_EDGES)
"""The paper's six bins of hole ratios, as they are named in tables and keys: ``0.01-0.1`` to ``0.5-0.6``."""
_FLAGS = ('border', 'no_border')
GROUPS = ('', *HOLE_BINS, *_FLAGS, *map('/'.join, product(HOLE_BINS, _FLAGS)))
"""Groups of images that are scored, in the order of a table: all (``''``), by bin, by border, by both."""


def bin_of(ratio: float) -> str | None:
    """The bin of a hole ratio, of the six of arXiv 1804.07723, table 1.

    Convention:
        A bin is ``(low, high]``, as the paper writes it: 0.1 belongs to ``'0.01-0.1'``.

    Args:
        ratio: Hole pixels / all pixels, in [0, 1].

    Returns:
        Name of the bin; None at 0.01 and below, and above 0.6.

    Raises:
        ValueError: The ratio is not in [0, 1].
    """
    if not 0 <= ratio <= 1:
        raise ValueError(f'a hole ratio is hole pixels / all pixels, in [0, 1], but this one is {ratio}')
    return next((name for name, bin in HOLE_BINS.items() if in_bin(ratio, *bin)), None)


def in_bin(ratio: float, low: float, high: float) -> bool:
    """True if a hole ratio is in a bin: ``(low, high]``, see :func:`bin_of`."""
    return low < ratio <= high


def touches_border(mask: np.ndarray) -> bool:
    """True if a pixel of the outermost rows or columns is a hole.

    Args:
        mask: `(h, w)` or `(h, w, 1)`, 0 = valid, anything else = hole.
    """
    return bool(mask[[0, -1]].any() or mask[:, [0, -1]].any())


def groups_of(hole_bin: str | None, border: bool) -> tuple[str, ...]:
    """The groups of :data:`GROUPS` that an image counts in: without a bin, only in that of all images.

    Args:
        hole_bin: See :func:`bin_of`.
        border: See :func:`touches_border`.

    Example:
        >>> groups_of('0.1-0.2', border=True)
        ('', '0.1-0.2', 'border', '0.1-0.2/border')
    """
    if hole_bin is None:
        return '',
    flag = _FLAGS[0] if border else _FLAGS[1]
    return '', hole_bin, flag, f'{hole_bin}/{flag}'
