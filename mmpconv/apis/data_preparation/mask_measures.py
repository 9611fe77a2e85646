"""Hole ratio and place of the holes of mask files."""
import os
from dataclasses import dataclass

import numpy as np

from mmpconv.datasets.masks import binarise_mask, near_border
from mmpconv.evaluation import bin_of
from mmpconv.photos import UnreadableImageError
from mmpconv.photos.decoding import decode

from .inspection import LEFT_OUT, Finding


@dataclass(frozen=True)
class Measures:
    """Of a mask file.

    Args:
        hole_ratio: Share of hole pixels, in (0, 1).
        near_border: As of :func:`~mmpconv.datasets.masks.near_border`.
        height: In pixels. width: In pixels.
    """
    hole_ratio: float
    near_border: bool
    height: int
    width: int

    @property
    def bin(self) -> str:
        """That of :data:`~mmpconv.evaluation.HOLE_BINS`; empty for ratios outside of them."""
        return bin_of(self.hole_ratio) or ''


def measure_mask(folder: str, file: str, invert: bool) -> tuple[Measures | None, list[Finding]]:
    """Measure a mask as ``LoadMask`` reads it.

    Convention:
        White, brighter than mid-grey, is hole; with ``invert``, black is.

    Returns:
        tuple[Measures | None, list[Finding]]: None for a mask that cannot be used.
    """
    with open(os.path.join(folder, file), 'rb') as opened:
        content = opened.read()
    if not content:
        return None, [Finding(file, 'empty file', LEFT_OUT)]
    try:
        picture = decode(content, file, 'unchanged')
    except UnreadableImageError as error:
        return None, [Finding(file, 'cut off or no picture', LEFT_OUT, error.reason)]
    findings = [] if _is_binary(picture) else [Finding(file, 'grey levels', 'used; brighter than mid-grey is white')]
    hole = binarise_mask(picture, invert=invert)[..., 0].astype(bool)
    ratio = float(hole.mean())
    if ratio in (0, 1):
        return None, [*findings, Finding(file, 'all hole' if ratio else 'no hole', LEFT_OUT)]
    return Measures(ratio, near_border(hole), *hole.shape), findings


def _is_binary(picture: np.ndarray) -> bool:
    """Whether all values are the darkest or the brightest that there can be."""
    brightest = np.iinfo(picture.dtype).max if np.issubdtype(picture.dtype, np.integer) else 1
    return bool(((picture == 0) | (picture == brightest)).all())
