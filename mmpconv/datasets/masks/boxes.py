"""Holes that are rectangles."""
import math
from collections.abc import Sequence

import numpy as np

from .arguments import IntRange, image_size, int_pair, int_range
from .canvas import MAX_DRAWS, Canvas, hole_area_range, on_canvas


@on_canvas()
def random_bbox(rng: np.random.Generator, canvas: Canvas, max_bbox_shape: IntRange, max_bbox_delta: IntRange = 40,
                min_margin: IntRange = 20) -> tuple[int, int, int, int]:
    """Random box: a place for the largest box, then shrunk about its centre.

    Arguments are those of MMagic's function of this name, whose description is
    followed where its code differs: the box shrinks about its centre and reaches
    ``max_bbox_shape - max_bbox_delta`` (MMagic's moves its top left corner only,
    half as far), and every place that the margin leaves can occur.

    Args:
        rng, img_shape, area_ratio_range, border_free, border_margin: See :mod:`mmpconv.datasets.masks`.
        max_bbox_shape: Height and width of the largest box.
        max_bbox_delta: Pixels by which a box may be smaller, in height and in width; steps of 2.
        min_margin: Distance that boxes keep from the border, in height and in width.

    Returns:
        `(top, left, height, width)`.

    Raises:
        TypeError: An argument is not one or two integers.
        ValueError: The boxes do not fit, or none of them has the ratio.
    """
    size, largest = canvas.size, int_pair('max_bbox_shape', max_bbox_shape)
    delta = int_pair('max_bbox_delta', max_bbox_delta)
    margin = [max(m, canvas.margin) for m in int_pair('min_margin', min_margin)]
    if any(d // 2 * 2 >= box for d, box in zip(delta, largest)):
        raise ValueError(f'max_bbox_delta {max_bbox_delta} must be smaller than max_bbox_shape '
                         f'{max_bbox_shape}')
    if any(box + 2 * m > s for box, m, s in zip(largest, margin, size)):
        raise ValueError(f'a box of max_bbox_shape {max_bbox_shape} with a margin of {tuple(margin)} does '
                         f'not fit into an image of {size[0]} x {size[1]}')
    shrink_h, shrink_w = np.meshgrid(*(np.arange(d // 2 + 1) for d in delta), indexing='ij')
    shrinks = np.stack([shrink_h, shrink_w], -1).reshape(-1, 2)
    if canvas.area is not None:
        fewest, most = canvas.area
        areas = np.prod(np.array(largest) - 2 * shrinks, axis=1)
        shrinks = shrinks[(areas >= fewest) & (areas <= most)]
        if not len(shrinks):
            raise ValueError(
                f'no box of max_bbox_shape {max_bbox_shape} or at most max_bbox_delta {max_bbox_delta} '
                f'smaller has {fewest} to {most} hole pixels, as area_ratio_range says: they cover '
                f'{areas.min() / np.prod(size):.4f} to {areas.max() / np.prod(size):.4f} of '
                f'{size[0]} x {size[1]}')
    top, left = (int(rng.integers(m, s - m - box, endpoint=True)) for box, m, s in zip(largest, margin, size))
    dh, dw = (int(d) for d in shrinks[rng.integers(len(shrinks))])
    return top + dh, left + dw, largest[0] - 2 * dh, largest[1] - 2 * dw


def bbox_mask(img_shape: Sequence[int], bbox: Sequence[int]) -> np.ndarray:
    """Mask of one box.

    Args:
        img_shape: `(h, w)` in pixels.
        bbox: `(top, left, height, width)`.

    Returns:
        `(h, w, 1)` uint8, 1 = hole.
    """
    top, left, height, width = bbox
    mask = np.zeros((*image_size(img_shape), 1), np.uint8)
    mask[top:top + height, left:left + width] = 1
    return mask


_LARGEST_ASPECT = 3


@on_canvas(area_ratio_range=(0.01, 0.6))
def boxes_mask(rng: np.random.Generator, canvas: Canvas, num_boxes: IntRange = (1, 6)) -> np.ndarray:
    """Boxes of about equal area at random places, which may overlap; sides up to 1 : 3.

    Args:
        rng, img_shape, area_ratio_range, border_free, border_margin: See :mod:`mmpconv.datasets.masks`.
        num_boxes: `[min, max)`. Where several boxes often miss the ratio, there is a single one.
    """
    numbers = int_range('num_boxes', num_boxes, 1)
    size, margin = canvas.size, canvas.margin
    fewest, most = canvas.area or hole_area_range(size, (0, 1), margin)
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
