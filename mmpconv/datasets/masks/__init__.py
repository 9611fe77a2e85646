"""Hole masks: pure functions of a ``numpy.random.Generator``.

Every function returns `(h, w, 1)` uint8 with 1 = hole, 0 = valid.
"""
from mmpconv.photos import binarise_mask, resize_mask

from .arguments import check_polarity, near_border
from .boxes import bbox_mask, boxes_mask, random_bbox
from .hole_ratio import fit_hole_area, hole_area_range
from .lama import lama_mask
from .occlusion import occlusion_mask
from .strokes import free_form_mask, irregular_mask

__all__ = [
    'bbox_mask', 'binarise_mask', 'boxes_mask', 'check_polarity', 'fit_hole_area', 'free_form_mask', 'hole_area_range',
    'irregular_mask', 'lama_mask', 'near_border', 'occlusion_mask', 'random_bbox', 'resize_mask'
]
