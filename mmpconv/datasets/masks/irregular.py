"""Random walks of brush strokes: the masks that MMagic trains PConv with."""
import math
from collections.abc import Sequence

import numpy as np

from .arguments import IntRange, image_size, int_range, interior, interior_margin
from .hole_ratio import hole_area_range, with_hole_area
from .strokes import draw_stroke, keep_inside


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
