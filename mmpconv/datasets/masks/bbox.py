"""Rectangular holes."""
from collections.abc import Sequence

import numpy as np

from .arguments import IntRange, image_size, int_pair, interior_margin
from .hole_ratio import hole_area_range


def random_bbox(rng: np.random.Generator,
                img_shape: Sequence[int],
                max_bbox_shape: IntRange,
                max_bbox_delta: IntRange = 40,
                min_margin: IntRange = 20,
                area_ratio_range: Sequence[float] | None = None,
                border_free: bool = False,
                border_margin: int | None = None) -> tuple[int, int, int, int]:
    """Random box: a place for the largest box, then shrunk about its centre.

    Arguments are those of MMagic's function of this name, whose description is
    followed where its code differs: the box shrinks about its centre and reaches
    ``max_bbox_shape - max_bbox_delta`` (MMagic's moves its top left corner only,
    half as far), and every place that the margin leaves can occur.

    Args:
        rng: Source of randomness; the box is a function of its state.
        img_shape: `(h, w)` in pixels.
        max_bbox_shape: Height and width of the largest box.
        max_bbox_delta: How much smaller a box may be, in height and in width; steps of 2.
        min_margin: Distance that boxes keep from the border, in height and in width.
        area_ratio_range: Share of hole pixels, both ends included; None: as it comes.
        border_free: As a ``min_margin`` of ``border_margin`` or more.
        border_margin: In pixels; None: 50 at a shorter side of 512, as the paper's test set.

    Returns:
        `(top, left, height, width)`.

    Raises:
        TypeError: An argument is not one or two integers.
        ValueError: The boxes do not fit, or none of them has the ratio.
    """
    size = image_size(img_shape)
    largest = int_pair('max_bbox_shape', max_bbox_shape)
    delta = int_pair('max_bbox_delta', max_bbox_delta)
    frame = interior_margin(size, border_free, border_margin)
    margin = [max(m, frame) for m in int_pair('min_margin', min_margin)]
    if any(d // 2 * 2 >= box for d, box in zip(delta, largest)):
        raise ValueError(f'max_bbox_delta {max_bbox_delta} must be smaller than max_bbox_shape '
                         f'{max_bbox_shape}')
    if any(box + 2 * m > s for box, m, s in zip(largest, margin, size)):
        raise ValueError(f'a box of max_bbox_shape {max_bbox_shape} with a margin of {tuple(margin)} does '
                         f'not fit into an image of {size[0]} x {size[1]}')
    shrink_h, shrink_w = np.meshgrid(*(np.arange(d // 2 + 1) for d in delta), indexing='ij')
    shrinks = np.stack([shrink_h, shrink_w], -1).reshape(-1, 2)
    if area_ratio_range is not None:
        fewest, most = hole_area_range(size, area_ratio_range)
        areas = np.prod(np.array(largest) - 2 * shrinks, axis=1)
        shrinks = shrinks[(areas >= fewest) & (areas <= most)]
        if not len(shrinks):
            raise ValueError(
                f'no box of max_bbox_shape {max_bbox_shape} or at most max_bbox_delta {max_bbox_delta} '
                f'smaller has a hole ratio in {area_ratio_range!r}: they cover '
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
