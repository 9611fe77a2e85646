"""A region at full and at reduced resolution: large holes are filled from coarse to fine."""
from dataclasses import dataclass

import cv2
import numpy as np

from .colors import as_floats, from_floats
from .regions import depth_of


@dataclass(frozen=True)
class Level:
    """A region at one resolution.

    Attributes:
        hole: ``(h, w)`` bool, what is to be filled in the end.
        unknown: ``(h, w)`` bool, pixels without a colour: holes, and what is not to be filled.
        target: ``(h, w)`` bool, those that a network is to fill at this resolution.
        weight: ``(h, w)`` float32 in [0, 1], how much what the network says counts against what was found at the
            next coarser resolution; or None at the coarsest.
    """

    hole: np.ndarray
    unknown: np.ndarray
    target: np.ndarray
    weight: np.ndarray | None


def halved_size(shape: tuple[int, int]) -> tuple[int, int]:
    """Height and width of the next coarser resolution, at least one pixel."""
    return -(-shape[0] // 2), -(-shape[1] // 2)


def make_level(hole: np.ndarray, blind: np.ndarray, depth: float | None) -> Level:
    """What is to be filled at a resolution.

    Args:
        hole: ``(h, w)`` bool, what is to be filled in the end. blind: ``(h, w)`` bool, what else has no colour.
        depth: The network fills hole pixels up to this distance in pixels from the nearest valid one, in which it
            sees the coarser filling farther away as valid, and fades into it. None: it fills all, as at the
            coarsest resolution.
    """
    unknown = hole | blind
    if depth is None:
        return Level(hole, unknown, hole, None)
    distance = depth_of(unknown)
    return Level(hole, unknown, hole & (distance < depth), np.clip(2 - 2 * distance / depth, 0, 1))


def halve_masks(hole: np.ndarray, blind: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hole and blind pixels at half the resolution: where less than half of the pixels have a colour.

    Blind ones beside a hole are holes there: its colours at the finer resolution are interpolated from theirs, too.
    """
    height, width = halved_size(hole.shape)
    known = cv2.resize((~(hole | blind)).astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    unknown = known < 0.5
    holes = cv2.resize(hole.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    is_hole = unknown & (cv2.dilate(holes, np.ones((5, 5), np.uint8)) > 0)
    return is_hole, unknown & ~is_hole


def halve_color(color: np.ndarray, unknown: np.ndarray) -> np.ndarray:
    """Colours at half the resolution: means over those pixels that have one.

    Args:
        color: ``(h, w, 3)``, float32, or as of a photo. unknown: ``(h, w)`` bool.

    Returns:
        np.ndarray: ``(h / 2, w / 2, 3)`` float32 in [0, 1], rounded up; 0 where nothing is known.
    """
    height, width = halved_size(unknown.shape)
    # The photo's own type, not floats: at full resolution this is what takes memory.
    seen = np.where(unknown[..., None], color.dtype.type(0), color)
    total = cv2.resize(seen, (width, height), interpolation=cv2.INTER_AREA)
    share = cv2.resize((~unknown).astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    return as_floats(total) / np.maximum(share, 1e-6)[..., None]


def enlarge(color: np.ndarray, shape: tuple[int, int], dtype: np.dtype) -> np.ndarray:
    """Colours at the next finer resolution.

    Args:
        color: ``(h, w, 3)`` float32 in [0, 1].
        shape: Height and width.
        dtype: Of the result, which is ``(*shape, 3)``.
    """
    enlarged = cv2.resize(from_floats(color, dtype), (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return enlarged if dtype.kind == 'u' else enlarged.clip(0, 1)
