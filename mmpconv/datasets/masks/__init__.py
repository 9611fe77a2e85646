"""Hole masks: pure functions of a ``numpy.random.Generator``.

Every function returns `(h, w, 1)` uint8 with 1 = hole, 0 = valid.
"""
from mmpconv.photos import binarise_mask, resize_mask

from .arguments import near_border
from .bbox import bbox_mask, random_bbox
from .boxes import boxes_mask
from .free_form import free_form_mask
from .hole_ratio import fit_hole_area, hole_area_range
from .irregular import irregular_mask
from .lama import lama_mask
from .occlusion import occlusion_mask
from .polarity import check_polarity

__all__ = [
    'bbox_mask', 'binarise_mask', 'boxes_mask', 'check_polarity', 'fit_hole_area', 'free_form_mask', 'hole_area_range',
    'irregular_mask', 'lama_mask', 'near_border', 'occlusion_mask', 'random_bbox', 'resize_mask'
]
