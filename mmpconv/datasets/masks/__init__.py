"""Hole masks: pure functions of a ``numpy.random.Generator``.

All return `(h, w, 1)` uint8 with 1 = hole, 0 = valid (:func:`random_bbox` a box), are a function of the generator's
state, and have these arguments, besides some of their own:

- ``rng``: Source of randomness.
- ``img_shape``: `(h, w)` in pixels.
- ``area_ratio_range``: Share of hole pixels, both ends included; None: as it comes.
- ``border_free``: Holes keep ``border_margin`` pixels off the border.
- ``border_margin``: In pixels; None: 50 at a shorter side of 512, as in the paper's test set.

They raise TypeError for an argument that is neither a number nor a range, and ValueError for an empty range and where
no mask can have the ratio.
"""
from mmpconv.photos import binarise_mask, resize_mask

from .arguments import check_polarity, near_border
from .boxes import bbox_mask, boxes_mask, random_bbox
from .canvas import fit_hole_area, hole_area_range
from .occlusion import occlusion_mask
from .strokes import free_form_mask, irregular_mask, lama_mask

__all__ = [
    'bbox_mask', 'binarise_mask', 'boxes_mask', 'check_polarity', 'fit_hole_area', 'free_form_mask', 'hole_area_range',
    'irregular_mask', 'lama_mask', 'near_border', 'occlusion_mask', 'random_bbox', 'resize_mask'
]
