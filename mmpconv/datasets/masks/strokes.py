"""Holes that are strokes of a brush: MMagic's two kinds, and the masks that LaMa is tested with."""
import math
from dataclasses import dataclass

import cv2
import numpy as np

from .arguments import IntRange, int_range
from .canvas import Canvas, on_canvas


def keep_inside(point: tuple[int, int], canvas: Canvas, width: int) -> tuple[int, int]:
    """The nearest point `(x, y)` around which a brush of ``width`` stays off the frame.

    Without a margin a stroke may leave the image, and the point is not moved. A
    brush too wide for the interior is centred; the canvas cuts off what juts out.
    """
    if not canvas.margin:
        return point
    keep = canvas.margin + width // 2 + 1
    h, w = canvas.size
    return _clamp(point[0], keep, w), _clamp(point[1], keep, h)


def _clamp(value: int, keep: int, length: int) -> int:
    if 2 * keep >= length:
        return length // 2
    return min(max(value, keep), length - 1 - keep)


@on_canvas()
def free_form_mask(rng: np.random.Generator,
                   canvas: Canvas,
                   num_vertices: IntRange = (4, 12),
                   mean_angle: float = 2 * math.pi / 5,
                   angle_range: float = 2 * math.pi / 15,
                   brush_width: IntRange = (12, 40),
                   max_loops: int = 4,
                   flip: bool = True) -> np.ndarray:
    """Zigzag strokes of one width each.

    Arguments and distribution are those of MMagic's ``brush_stroke_mask``, with
    the axes of non-square images right, and with the flips, which MMagic computes
    and discards, so that its strokes all lean the same way.

    Args:
        rng, img_shape, area_ratio_range, border_free, border_margin: See :mod:`mmpconv.datasets.masks`.
        num_vertices: Number of line pieces of a stroke, `[min, max)`.
        mean_angle: Mean turn at a vertex, in radians.
        angle_range: Largest deviation from it, in radians.
        brush_width: Width of a stroke in pixels, `[min, max)`.
        max_loops: There are 1 to ``max_loops - 1`` strokes.
        flip: Flip the mask left-right and top-bottom, each with probability 1/2.
    """
    pieces = int_range('num_vertices', num_vertices, 1)
    widths = int_range('brush_width', brush_width, 1)
    if max_loops < 2:
        raise ValueError(f'max_loops must be at least 2 (one stroke), got {max_loops}')

    def draw():
        mask = np.zeros(canvas.size, np.uint8)
        for _ in range(rng.integers(1, max_loops)):
            _zigzag(mask, rng, canvas, pieces, mean_angle, angle_range, widths)
        left_right, top_bottom = rng.random(2) < 0.5
        if flip and left_right:
            mask = mask[:, ::-1]
        if flip and top_bottom:
            mask = mask[::-1]
        return np.ascontiguousarray(mask)

    return canvas.mask(rng, draw)


def _zigzag(mask, rng, canvas, pieces, mean_angle, angle_range, widths) -> None:
    h, w = canvas.size
    radius = math.hypot(h, w) / 8
    smallest, largest = mean_angle - rng.uniform(0, angle_range), mean_angle + rng.uniform(0, angle_range)
    width = int(rng.integers(*widths))
    point = keep_inside((int(rng.integers(w)), int(rng.integers(h))), canvas, width)
    for piece in range(rng.integers(*pieces)):
        angle = rng.uniform(smallest, largest) * (1 if piece % 2 else -1)
        length = np.clip(rng.normal(radius, radius // 2), 0, 2 * radius)
        end = (int(np.clip(point[0] + length * math.cos(angle), 0, w)),
               int(np.clip(point[1] + length * math.sin(angle), 0, h)))
        end = keep_inside(end, canvas, width)
        cv2.line(mask, point, end, 1, width)
        point = end


@on_canvas(area_ratio_range=(0.15, 0.5))
def irregular_mask(rng: np.random.Generator,
                   canvas: Canvas,
                   num_vertices: IntRange = (4, 8),
                   max_angle: float = 4,
                   length_range: IntRange = (10, 100),
                   brush_width: IntRange = (10, 40)) -> np.ndarray:
    """Irregular mask with a hole ratio in a closed interval.

    Arguments and distribution are those of MMagic's ``get_irregular_mask``, with
    the axes of non-square images right, and an end to the search for a ratio.

    Args:
        rng, img_shape, area_ratio_range, border_free, border_margin: See :mod:`mmpconv.datasets.masks`.
        num_vertices: Number of walks, `[min, max)`. Each has 1 to 5 strokes.
        max_angle: Strokes turn by whole radians 0, 1, ... below this one, at least 1.
        length_range: Length of a stroke in pixels, `[min, max)`.
        brush_width: Width of a stroke in pixels, `[min, max)`.
    """
    walks = int_range('num_vertices', num_vertices, 1)
    lengths = int_range('length_range', length_range, 1)
    widths = int_range('brush_width', brush_width, 1)
    if max_angle < 1:
        raise ValueError(f'max_angle must be at least 1 (radian), got {max_angle}')
    return canvas.mask(rng, lambda: _walks(rng, canvas, walks, int(max_angle), lengths, widths))


def _walks(rng, canvas, walks, max_angle, lengths, widths) -> np.ndarray:
    h, w = canvas.size
    mask = np.zeros(canvas.size, np.uint8)
    for walk in range(rng.integers(*walks)):
        point = int(rng.integers(w)), int(rng.integers(h))
        for _ in range(rng.integers(1, 6)):
            # Odd and even walks turn opposite ways; 0.01 keeps strokes off the pixel grid's axes.
            angle = (0.01 + rng.integers(max_angle)) * (1 if walk % 2 else -1)
            length, width = rng.integers(*lengths), int(rng.integers(*widths))
            start = keep_inside(point, canvas, width)
            end = (int(start[0] + length * math.cos(angle)), int(start[1] + length * math.sin(angle)))
            point = keep_inside(end, canvas, width)
            cv2.line(mask, start, point, 1, width)
    return mask


_LAMA_BOX_SHARE = 0.3 / 1.3  # irregular_proba: 1, box_proba: 0.3


@dataclass(frozen=True)
class _Lama:
    """Numbers with both ends included, sides in pixels at :attr:`size`."""

    size: int
    walks: tuple[int, int]
    length: tuple[int, int]
    width: tuple[int, int]
    boxes: tuple[int, int] | None = None
    box_side: tuple[int, int] | None = None
    box_margin: int = 0


# Of configs/data_gen/random_{kind}_{size}.yaml, as masks.py reads them: walks min_times .. max_times + 1, lengths
# 10 .. 9 + max_len, widths 5 .. 4 + max_width.
_LAMA = {
    'thin': (_Lama(256, (4, 51), (10, 49), (5, 14)), _Lama(512, (4, 71), (10, 109), (5, 24))),
    'medium': (_Lama(256, (4, 6), (10, 109), (5, 54), (1, 5), (10, 50), 0),
               _Lama(512, (4, 11), (10, 209), (5, 104), (1, 5), (30, 150), 0)),
    'thick': (_Lama(256, (1, 6), (10, 209), (5, 104), (1, 3), (30, 150), 10),
              _Lama(512, (1, 6), (10, 459), (5, 254), (1, 4), (30, 300), 10)),
}


@on_canvas(area_ratio_range=(0, 0.5))
def lama_mask(rng: np.random.Generator, canvas: Canvas, kind: str = 'medium') -> np.ndarray:
    """LaMa's mixture of random walks of brush strokes and, but for ``thin``, boxes.

    Distribution and numbers are those of ``saicinpainting/training/data/masks.py`` (``MixedMaskGenerator``) with
    ``configs/data_gen/random_{kind}_{256,512}.yaml``, the default of the hole ratio is LaMa's ``max_tamper_area``.
    Shorter sides below 384 take the numbers of 256, others those of 512; at other sides than these two, lengths are
    scaled.

    Args:
        rng, img_shape, area_ratio_range, border_free, border_margin: See :mod:`mmpconv.datasets.masks`.
        kind: ``thin``, ``medium`` or ``thick``.
    """
    if kind not in _LAMA:
        raise ValueError(f'kind must be one of {list(_LAMA)}, got {kind!r}')
    settings = _LAMA[kind][min(canvas.size) >= 384]

    def draw():
        boxes = settings.boxes and rng.random() < _LAMA_BOX_SHARE
        return (_lama_boxes if boxes else _lama_walks)(rng, canvas, settings)

    return canvas.mask(rng, draw)


def _between(rng: np.random.Generator, ends: tuple[int, int], scale: float = 1) -> int:
    return max(round(scale * int(rng.integers(*ends, endpoint=True))), 1)


def _lama_walks(rng: np.random.Generator, canvas: Canvas, settings: _Lama) -> np.ndarray:
    h, w = size = canvas.size
    scale = min(size) / settings.size
    mask = np.zeros(size, np.uint8)
    for walk in range(_between(rng, settings.walks)):
        point = int(rng.integers(w)), int(rng.integers(h))
        for _ in range(rng.integers(1, 6)):
            # Even walks turn the other way; angles are whole radians and 0.01, from the vertical.
            angle = (0.01 + rng.integers(4)) * (1 if walk % 2 else -1)
            length, width = _between(rng, settings.length, scale), _between(rng, settings.width, scale)
            start = keep_inside(point, canvas, width)
            end = (min(max(int(start[0] + length * math.sin(angle)), 0), w),
                   min(max(int(start[1] + length * math.cos(angle)), 0), h))
            point = keep_inside(end, canvas, width)
            cv2.line(mask, start, point, 1, width)
    return mask


def _lama_boxes(rng: np.random.Generator, canvas: Canvas, settings: _Lama) -> np.ndarray:
    size = canvas.size
    scale = min(size) / settings.size
    margin = max(canvas.margin, round(settings.box_margin * scale))
    mask = np.zeros(size, np.uint8)
    for _ in range(_between(rng, settings.boxes)):
        height, width = (min(_between(rng, settings.box_side, scale), max(side - 2 * margin - 1, 1)) for side in size)
        top, left = (int(rng.integers(margin, space - margin - side, endpoint=True))
                     for side, space in zip((height, width), size))
        mask[top:top + height, left:left + width] = 1
    return mask
