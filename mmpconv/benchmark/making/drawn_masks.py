"""Masks of a benchmark that are drawn."""
from collections.abc import Callable
from functools import partial

import numpy as np

from mmpconv.datasets.masks import (
    boxes_mask,
    free_form_mask,
    hole_area_range,
    irregular_mask,
    lama_mask,
    occlusion_mask,
)
from mmpconv.datasets.masks.arguments import interior_margin
from mmpconv.errors import LaunchError

from .classes import MaskClass


def _scaled(draw: Callable, size: tuple[int, int], lengths: dict) -> Callable:
    """A generator whose lengths are in pixels, those of 256 x 256 brought to the size."""
    scale = min(size) / 256
    return partial(draw, **{name: tuple(max(round(scale * end), 1) for end in ends) for name, ends in lengths.items()})


def _irregular(size):
    return _scaled(partial(irregular_mask, num_vertices=(4, 10), max_angle=6), size,
                   dict(length_range=(20, 128), brush_width=(10, 45)))


def _strokes(size):
    return _scaled(free_form_mask, size, dict(brush_width=(12, 40)))


# Name on the command line: from the size to a function of the generator, the size, the ratio, and the border.
GENERATORS = {
    'occlusion': lambda size: occlusion_mask,
    'irregular': _irregular,
    'strokes': _strokes,
    'lama-thin': lambda size: partial(lama_mask, kind='thin'),
    'lama-medium': lambda size: partial(lama_mask, kind='medium'),
    'lama-thick': lambda size: partial(lama_mask, kind='thick'),
    'boxes': lambda size: boxes_mask,
}


def require_possible(classes: list[MaskClass], size: tuple[int, int]) -> None:
    """Check that there can be masks of each class.

    Raises:
        LaunchError: There are none of some class; names it.
    """
    for wanted in classes:
        ratio = wanted.closed_range(size[0] * size[1])
        try:
            hole_area_range(size, ratio, interior_margin(size, wanted.keeps_off, None))
        except ValueError as error:
            raise LaunchError(f'the class "{wanted}" cannot be filled: {error}; change --bins, --size or --border'
                              ) from error


def draw_mask(generator: str, rng: np.random.Generator, wanted: MaskClass, size: tuple[int, int]) -> np.ndarray:
    """A mask of a class: ``(h, w, 1)`` uint8, 1 = hole.

    Off the border, holes keep the distance of the paper's test set. Where they are to touch it and do not as drawn, the
    whole hole is moved to a side; unrestricted ones stay as they are drawn.
    """
    ratio = wanted.closed_range(size[0] * size[1])
    mask = GENERATORS[generator](size)(rng, size, area_ratio_range=ratio, border_free=wanted.keeps_off)
    return move_to_border(mask, rng) if wanted.kind == 'on' else mask


def move_to_border(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Move a hole straight to one of the four sides, unless it touches one. It keeps its shape and area."""
    rows, columns = np.flatnonzero(mask.any(axis=(1, 2))), np.flatnonzero(mask.any(axis=(0, 2)))
    gaps = [(-rows[0], 0), (mask.shape[0] - 1 - rows[-1], 0), (-columns[0], 1), (mask.shape[1] - 1 - columns[-1], 1)]
    if any(gap == 0 for gap, _ in gaps):
        return mask
    gap, axis = gaps[rng.integers(4)]
    return np.roll(mask, gap, axis)
