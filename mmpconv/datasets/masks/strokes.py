"""Holes that are strokes of a brush."""
import math
from collections.abc import Sequence

import cv2
import numpy as np

from .arguments import IntRange, image_size, int_range, interior, interior_margin
from .hole_ratio import hole_area_range, with_hole_area


def draw_stroke(mask: np.ndarray, start: tuple[int, int], end: tuple[int, int], width: int) -> None:
    """Draw a hole with round ends.

    Args:
        mask: `(h, w)` uint8, changed in place.
        start: `(x, y)`; may lie outside.
        end: `(x, y)`; may lie outside.
        width: In pixels.
    """
    cv2.line(mask, start, end, 1, width)


def keep_inside(point: tuple[int, int], size: tuple[int, int], margin: int, width: int) -> tuple[int, int]:
    """The nearest point around which a brush of ``width`` stays ``margin`` pixels off the border.

    With ``margin=0`` a stroke may leave the image, and the point is not moved. A
    brush too wide for the interior is centred; the caller clears what juts out.
    """
    if not margin:
        return point
    keep = margin + width // 2 + 1
    h, w = size
    return _clamp(point[0], keep, w), _clamp(point[1], keep, h)


def _clamp(value: int, keep: int, length: int) -> int:
    if 2 * keep >= length:
        return length // 2
    return min(max(value, keep), length - 1 - keep)


def free_form_mask(rng: np.random.Generator,
                   img_shape: Sequence[int],
                   num_vertices: IntRange = (4, 12),
                   mean_angle: float = 2 * math.pi / 5,
                   angle_range: float = 2 * math.pi / 15,
                   brush_width: IntRange = (12, 40),
                   max_loops: int = 4,
                   flip: bool = True,
                   area_ratio_range: Sequence[float] | None = None,
                   border_free: bool = False,
                   border_margin: int | None = None) -> np.ndarray:
    """Zigzag strokes of one width each.

    Arguments and distribution are those of MMagic's ``brush_stroke_mask``, with
    the axes of non-square images right, and with the flips, which MMagic computes
    and discards, so that its strokes all lean the same way.

    Args:
        rng: Source of randomness; the mask is a function of its state.
        img_shape: `(h, w)` in pixels.
        num_vertices: Number of line pieces of a stroke, `[min, max)`.
        mean_angle: Mean turn at a vertex, in radians.
        angle_range: Largest deviation from it, in radians.
        brush_width: Width of a stroke in pixels, `[min, max)`.
        max_loops: There are 1 to ``max_loops - 1`` strokes.
        flip: Flip the mask left-right and top-bottom, each with probability 1/2.
        area_ratio_range: Share of hole pixels, both ends included; None: as it comes.
        border_free: Holes keep ``border_margin`` pixels off the border.
        border_margin: In pixels; None: 50 at a shorter side of 512, as the paper's test set.

    Returns:
        `(h, w, 1)` uint8, 1 = hole.

    Raises:
        TypeError: An argument is neither a number nor a range.
        ValueError: A range is empty, or no mask can have the ratio.
    """
    size = image_size(img_shape)
    pieces = int_range('num_vertices', num_vertices, 1)
    widths = int_range('brush_width', brush_width, 1)
    if max_loops < 2:
        raise ValueError(f'max_loops must be at least 2 (one stroke), got {max_loops}')
    margin = interior_margin(size, border_free, border_margin)

    def draw():
        mask = np.zeros(size, np.uint8)
        for _ in range(rng.integers(1, max_loops)):
            _zigzag(mask, rng, pieces, mean_angle, angle_range, widths, margin)
        left_right, top_bottom = rng.random(2) < 0.5
        if flip and left_right:
            mask = mask[:, ::-1]
        if flip and top_bottom:
            mask = mask[::-1]
        return np.ascontiguousarray(mask) * (interior(size, margin) if margin else np.uint8(1))

    if area_ratio_range is None:
        return draw()[..., None]
    area = hole_area_range(size, area_ratio_range, margin)
    return with_hole_area(draw, rng, *area, margin)[..., None]


def _zigzag(mask, rng, pieces, mean_angle, angle_range, widths, margin) -> None:
    h, w = size = mask.shape
    radius = math.hypot(h, w) / 8
    smallest, largest = mean_angle - rng.uniform(0, angle_range), mean_angle + rng.uniform(0, angle_range)
    width = int(rng.integers(*widths))
    point = keep_inside((int(rng.integers(w)), int(rng.integers(h))), size, margin, width)
    for piece in range(rng.integers(*pieces)):
        angle = rng.uniform(smallest, largest) * (1 if piece % 2 else -1)
        length = np.clip(rng.normal(radius, radius // 2), 0, 2 * radius)
        end = (int(np.clip(point[0] + length * math.cos(angle), 0, w)),
               int(np.clip(point[1] + length * math.sin(angle), 0, h)))
        end = keep_inside(end, size, margin, width)
        draw_stroke(mask, point, end, width)
        point = end


def irregular_mask(rng: np.random.Generator,
                   img_shape: Sequence[int],
                   num_vertices: IntRange = (4, 8),
                   max_angle: float = 4,
                   length_range: IntRange = (10, 100),
                   brush_width: IntRange = (10, 40),
                   area_ratio_range: Sequence[float] | None = (0.15, 0.5),
                   border_free: bool = False,
                   border_margin: int | None = None) -> np.ndarray:
    """Irregular mask with a hole ratio in a closed interval.

    Arguments and distribution are those of MMagic's ``get_irregular_mask``, with
    the axes of non-square images right, and an end to the search for a ratio.

    Args:
        rng: Source of randomness; the mask is a function of its state.
        img_shape: `(h, w)` in pixels.
        num_vertices: Number of walks, `[min, max)`. Each has 1 to 5 strokes.
        max_angle: Strokes turn by whole radians 0, 1, ... below this one, at least 1.
        length_range: Length of a stroke in pixels, `[min, max)`.
        brush_width: Width of a stroke in pixels, `[min, max)`.
        area_ratio_range: Share of hole pixels, both ends included; None: as it comes.
        border_free: Holes keep ``border_margin`` pixels off the border.
        border_margin: In pixels; None: 50 at a shorter side of 512, as the paper's test set.

    Returns:
        `(h, w, 1)` uint8, 1 = hole.

    Raises:
        TypeError: An argument is neither a number nor a range.
        ValueError: A range is empty, or no mask can have the ratio.
    """
    size = image_size(img_shape)
    walks = int_range('num_vertices', num_vertices, 1)
    lengths = int_range('length_range', length_range, 1)
    widths = int_range('brush_width', brush_width, 1)
    if max_angle < 1:
        raise ValueError(f'max_angle must be at least 1 (radian), got {max_angle}')
    margin = interior_margin(size, border_free, border_margin)

    def draw():
        return _walks(rng, size, walks, int(max_angle), lengths, widths, margin)

    if area_ratio_range is None:
        return draw()[..., None]
    area = hole_area_range(size, area_ratio_range, margin)
    return with_hole_area(draw, rng, *area, margin)[..., None]


def _walks(rng, size, walks, max_angle, lengths, widths, margin) -> np.ndarray:
    h, w = size
    mask = np.zeros(size, np.uint8)
    for walk in range(rng.integers(*walks)):
        point = int(rng.integers(w)), int(rng.integers(h))
        for _ in range(rng.integers(1, 6)):
            # Odd and even walks turn opposite ways; 0.01 keeps strokes off the pixel grid's axes.
            angle = (0.01 + rng.integers(max_angle)) * (1 if walk % 2 else -1)
            length, width = rng.integers(*lengths), int(rng.integers(*widths))
            start = keep_inside(point, size, margin, width)
            end = (int(start[0] + length * math.cos(angle)), int(start[1] + length * math.sin(angle)))
            point = keep_inside(end, size, margin, width)
            draw_stroke(mask, start, point, width)
    return mask * interior(size, margin) if margin else mask
