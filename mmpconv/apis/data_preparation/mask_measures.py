"""Hole ratio and place of the holes of mask files."""
import bisect
import os
from dataclasses import dataclass

import cv2
import numpy as np

from mmpconv.datasets.masks import binarise_mask
from mmpconv.datasets.masks.arguments import interior, interior_margin

from .inspection import LEFT_OUT, Finding

# Hole ratios of the test set of arXiv 1804.07723, section 4.1: (0.01, 0.1], (0.1, 0.2], ... (0.5, 0.6].
EDGES = (0.01, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
BINS = tuple(f'{low}-{high}' for low, high in zip(EDGES, EDGES[1:]))


@dataclass(frozen=True)
class Measures:
    """Of a mask file.

    Args:
        hole_ratio: Share of hole pixels, in (0, 1).
        near_border: Whether a hole reaches into the frame that the paper's masks with border constraint keep free.
        height: In pixels. width: In pixels.
    """
    hole_ratio: float
    near_border: bool
    height: int
    width: int

    @property
    def bin(self) -> str:
        """That of :data:`BINS`; empty for ratios outside of them."""
        place = bisect.bisect_left(EDGES, self.hole_ratio)
        return BINS[place - 1] if 0 < place < len(EDGES) else ''


def measure_mask(folder: str, file: str, invert: bool) -> tuple[Measures | None, list[Finding]]:
    """Measure a mask as ``LoadMask`` reads it.

    Convention:
        White, brighter than mid-grey, is hole; with ``invert``, black is. The frame is 50 pixels wide at a shorter side
        of 512, as in NVIDIA's test set: its masks off the border keep 50 pixels off, the others come nearer.

    Returns:
        tuple[Measures | None, list[Finding]]: None for a mask that cannot be used.
    """
    with open(os.path.join(folder, file), 'rb') as opened:
        content = np.frombuffer(opened.read(), np.uint8)
    if not content.size:
        return None, [Finding(file, 'empty file', LEFT_OUT)]
    picture = cv2.imdecode(content, cv2.IMREAD_UNCHANGED)
    if picture is None:
        return None, [Finding(file, 'cut off or no picture', LEFT_OUT)]
    findings = [] if _is_binary(picture) else [Finding(file, 'grey levels', 'used; brighter than mid-grey is white')]
    hole = binarise_mask(picture, invert=invert)[..., 0].astype(bool)
    ratio = float(hole.mean())
    if ratio in (0, 1):
        return None, [*findings, Finding(file, 'all hole' if ratio else 'no hole', LEFT_OUT)]
    size = hole.shape
    near_border = min(size) < 3 or bool((hole & ~interior(size, interior_margin(size, True, None))).any())
    return Measures(ratio, near_border, *size), findings


def _is_binary(picture: np.ndarray) -> bool:
    """Whether all values are the darkest or the brightest that there can be."""
    brightest = np.iinfo(picture.dtype).max if np.issubdtype(picture.dtype, np.integer) else 1
    return bool(((picture == 0) | (picture == brightest)).all())
