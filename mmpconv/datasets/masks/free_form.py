"""Free-form brush strokes of DeepFill v2 (Yu et al., arXiv 1806.03589, section 4)."""
import math
from collections.abc import Sequence

import numpy as np

from .arguments import IntRange, image_size, int_range, interior, interior_margin
from .hole_ratio import hole_area_range, with_hole_area
from .strokes import draw_stroke, keep_inside


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
