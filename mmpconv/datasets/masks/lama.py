"""The masks that LaMa is tested with (Suvorov et al., arXiv 2109.07161): thin, medium and thick."""
import math
from dataclasses import dataclass

import cv2
import numpy as np

from .canvas import Canvas, on_canvas
from .strokes import keep_inside

_BOX_SHARE = 0.3 / 1.3  # irregular_proba: 1, box_proba: 0.3


@dataclass(frozen=True)
class _Settings:
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
_SETTINGS = {
    'thin': (_Settings(256, (4, 51), (10, 49), (5, 14)), _Settings(512, (4, 71), (10, 109), (5, 24))),
    'medium': (_Settings(256, (4, 6), (10, 109), (5, 54), (1, 5), (10, 50), 0),
               _Settings(512, (4, 11), (10, 209), (5, 104), (1, 5), (30, 150), 0)),
    'thick': (_Settings(256, (1, 6), (10, 209), (5, 104), (1, 3), (30, 150), 10),
              _Settings(512, (1, 6), (10, 459), (5, 254), (1, 4), (30, 300), 10)),
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
    if kind not in _SETTINGS:
        raise ValueError(f'kind must be one of {list(_SETTINGS)}, got {kind!r}')
    settings = _SETTINGS[kind][min(canvas.size) >= 384]

    def draw():
        boxes = settings.boxes and rng.random() < _BOX_SHARE
        return (_boxes if boxes else _walks)(rng, canvas, settings)

    return canvas.mask(rng, draw)


def _between(rng: np.random.Generator, ends: tuple[int, int], scale: float = 1) -> int:
    return max(round(scale * int(rng.integers(*ends, endpoint=True))), 1)


def _walks(rng: np.random.Generator, canvas: Canvas, settings: _Settings) -> np.ndarray:
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


def _boxes(rng: np.random.Generator, canvas: Canvas, settings: _Settings) -> np.ndarray:
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
