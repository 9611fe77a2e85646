"""Photos with holes of four kinds: what one wants to have filled."""
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from mmpconv.datasets.masks import irregular_mask

from .photos import HELD_OUT_PHOTOS, read_photo

_TEXT = ('partial convolutions', 'fill what was', 'written over', 'a photograph', '2018 - 2026')


@dataclass(frozen=True)
class Damaged:
    """A photo, and what is missing of it.

    Attributes:
        kind: What made the hole; the name of its files.
        truth: ``(h, w, 3)`` uint8, RGB.
        hole: ``(h, w)`` bool.
    """

    kind: str
    truth: np.ndarray
    hole: np.ndarray

    @property
    def photo(self) -> np.ndarray:
        """The photo with its hole white; ``(h, w, 3)`` uint8, RGB."""
        return np.where(self.hole[..., None], np.uint8(255), self.truth)


def damaged_photos() -> list[Damaged]:
    """Photos that are never trained on, at full resolution, one of each kind; the same ones each time."""
    damaged = []
    for name, (kind, draw) in zip(HELD_OUT_PHOTOS, _KINDS.items(), strict=True):
        truth = read_photo(name)
        damaged.append(Damaged(kind, truth, draw(np.random.default_rng(0), truth.shape[:2]).astype(bool)))
    return damaged


def _scratches(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Long lines of 1 to 4 pixels, nearly straight, from border to border, most of them upright as in old films."""
    mask, (height, width) = np.zeros(size, np.uint8), size
    for scratch in range(24):
        upright = scratch % 4 > 0
        length, across = (height, width) if upright else (width, height)
        along = np.linspace(0, length, 9)
        beside = rng.uniform(0, across) + np.cumsum(rng.normal(0, across / 60, 9))
        line = np.stack([beside, along] if upright else [along, beside], 1)
        cv2.polylines(mask, [line.round().astype(np.int32)], False, 1, int(rng.integers(1, 5)))
    return mask


def _text(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Lines of writing over all of the photo."""
    mask, (height, width) = np.zeros(size, np.uint8), size
    font, thickness = cv2.FONT_HERSHEY_DUPLEX, 3
    for line, words in enumerate(_TEXT, 1):
        scale = min(0.94 * width / cv2.getTextSize(words, font, 1, thickness)[0][0], height / 270)
        place = int(0.03 * width), int(height * (line - 0.25) / len(_TEXT))
        cv2.putText(mask, words, place, font, scale, 1, thickness)
    return mask


def _object(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """A blob of the size of a thing that was in the way."""
    mask, (height, width) = np.zeros(size, np.uint8), size
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    radius = height * (0.13 + 0.02 * np.sin(3 * angles + 1) + 0.015 * np.sin(5 * angles))
    outline = np.stack([0.79 * width + radius * np.cos(angles), 0.62 * height + 1.25 * radius * np.sin(angles)], 1)
    return cv2.fillPoly(mask, [outline.round().astype(np.int32)], 1)


def _strokes(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Strokes of a brush, as networks are trained with."""
    return irregular_mask(rng, size, brush_width=(8, 24), area_ratio_range=(0.15, 0.25))[..., 0]


_KINDS: dict[str, Callable[[np.random.Generator, tuple[int, int]], np.ndarray]] = {
    'scratches': _scratches, 'text': _text, 'object': _object, 'strokes': _strokes}
