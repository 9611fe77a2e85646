"""Holes of one or several boxes."""
import math
from collections.abc import Sequence

import numpy as np

from .arguments import IntRange, image_size, int_range, interior_margin
from .bbox import bbox_mask
from .hole_ratio import MAX_DRAWS, hole_area_range

_LARGEST_ASPECT = 3


def boxes_mask(rng: np.random.Generator,
               img_shape: Sequence[int],
               num_boxes: IntRange = (1, 6),
               area_ratio_range: Sequence[float] | None = (0.01, 0.6),
               border_free: bool = False,
               border_margin: int | None = None) -> np.ndarray:
    """Boxes of about equal area at random places, which may overlap; sides up to 1 : 3.

    Args:
        rng: Source of randomness; the mask is a function of its state.
        img_shape: `(h, w)` in pixels.
        num_boxes: `[min, max)`. Where several boxes often miss the ratio, there is a single one.
        area_ratio_range: Share of hole pixels, both ends included; None: anything.
        border_free: Holes keep ``border_margin`` pixels off the border.
        border_margin: In pixels; None: 50 at a shorter side of 512, as the paper's test set.

    Returns:
        `(h, w, 1)` uint8, 1 = hole.

    Raises:
        TypeError: An argument is neither a number nor a range.
        ValueError: A range is empty, or no boxes can have the ratio.
    """
    size = image_size(img_shape)
    numbers = int_range('num_boxes', num_boxes, 1)
    margin = interior_margin(size, border_free, border_margin)
    fewest, most = hole_area_range(size, (0, 1) if area_ratio_range is None else area_ratio_range, margin)
    room = [side - 2 * margin for side in size]
    for _ in range(MAX_DRAWS):
        target, number = int(rng.integers(fewest, most, endpoint=True)), int(rng.integers(*numbers))
        boxes = [_place(rng, _sides(rng, max(target // number, 1), room), room, margin) for _ in range(number)]
        mask = np.maximum.reduce([bbox_mask(size, box) for box in boxes])
        if fewest <= mask.sum() <= most:
            return mask
    return bbox_mask(size, _place(rng, _single(rng, fewest, most, room), room, margin))


def _sides(rng: np.random.Generator, area: int, room: Sequence[int]) -> tuple[int, int]:
    """Height and width of a box of about that area."""
    aspect = _LARGEST_ASPECT**rng.uniform(-1, 1)
    height = min(max(round(math.sqrt(area * aspect)), -(-area // room[1]), 1), room[0])
    return height, min(max(round(area / height), 1), room[1])


def _single(rng: np.random.Generator, fewest: int, most: int, room: Sequence[int]) -> tuple[int, int]:
    """Height and width of a box whose area is in the range for sure."""
    heights = np.arange(1, room[0] + 1)
    narrowest = -(-fewest // heights)
    widest = np.minimum(most // heights, room[1])
    possible = np.flatnonzero(narrowest <= widest)
    if not len(possible):
        raise ValueError(f'no box within {room[0]} x {room[1]} pixels has {fewest} to {most} hole pixels; widen '
                         'area_ratio_range')
    # The squarest ones, as far as there is a choice.
    slender = np.abs(np.log(heights[possible]**2 / fewest))
    chosen = possible[slender <= max(slender.min(), math.log(_LARGEST_ASPECT))]
    row = chosen[rng.integers(len(chosen))]
    return int(heights[row]), int(rng.integers(narrowest[row], widest[row], endpoint=True))


def _place(rng: np.random.Generator, sides: Sequence[int], room: Sequence[int], margin: int) -> tuple[int, ...]:
    corner = [margin + int(rng.integers(0, space - side, endpoint=True)) for side, space in zip(sides, room)]
    return *corner, *sides
