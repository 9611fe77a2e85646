"""Fills all holes of a photo, whatever their size and its, in bounded memory."""
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby, islice

import cv2
import numpy as np

from .networks import FillingNetwork, as_floats, from_floats
from .regions import Region, Window, depth_of, find_regions, windows_over

# How deep a hole a network fills at one resolution, as a share of the size of the photos that it was trained on.
DEPTH = 1 / 4


@dataclass
class Filled:
    """A filled photo.

    Attributes:
        color: ``(h, w, 3)`` as the photo's; differs from it in holes only.
        coarsest: By how many halvings of the resolution the deepest holes were filled.
        deepest: Distance of the deepest hole pixel from a valid one, in pixels.
        unreached: Number of pixels, at the coarsest resolution, of which the network saw nothing.
    """

    color: np.ndarray
    coarsest: int = 0
    deepest: float = 0
    unreached: int = 0


class Level:
    """A region at one resolution.

    Args:
        hole: ``(h, w)`` bool, what is to be filled in the end. blind: ``(h, w)`` bool, what else has no colour.
        depth: The network fills hole pixels up to this distance in pixels from the nearest valid one, in which it
            sees the coarser filling farther away as valid, and fades into it. None: it fills all, as at the
            coarsest resolution.

    Attributes:
        hole: As given. unknown: ``(h, w)`` bool, pixels without a colour.
        target: ``(h, w)`` bool, those that a network is to fill at this resolution.
        weight: ``(h, w)`` float32 in [0, 1], how much what the network says counts against what was found at the
            next coarser resolution; or None at the coarsest.
    """

    def __init__(self, hole: np.ndarray, blind: np.ndarray, depth: float | None):
        self.hole, self.unknown, self.target, self.weight = hole, hole | blind, hole, None
        if depth is not None:
            distance = depth_of(self.unknown)
            self.target = hole & (distance < depth)
            self.weight = np.clip(2 - 2 * distance / depth, 0, 1)


def halved_size(shape: tuple[int, int]) -> tuple[int, int]:
    """Height and width of the next coarser resolution, at least one pixel."""
    return -(-shape[0] // 2), -(-shape[1] // 2)


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
        color: ``(h, w, 3)``, float32, or in the type of a photo. unknown: ``(h, w)`` bool.

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


class Filling:
    """Filling of holes with a network, in windows and from coarse to fine.

    Args:
        network: What fills them.
        coarse_to_fine, tile_size, batch_size: See :class:`~mmpconv.apis.Inpainter`.
    """

    def __init__(self, network: FillingNetwork, coarse_to_fine: bool = True, tile_size: int | None = None,
                 batch_size: int = 1):
        self.network = network
        self.coarse_to_fine = coarse_to_fine
        self.tile_size = tile_size or 2 * network.size
        self.overlap = min(network.size, self.tile_size) // 2
        self.batch_size = batch_size
        self.depth = network.size * DEPTH

    def fill(self, color: np.ndarray, hole: np.ndarray, hidden: np.ndarray | None = None,
                 progress: Callable[[int, int], None] | None = None) -> Filled:
        """Fill.

        Args:
            color: ``(h, w, 3)`` RGB, uint8, uint16, or float32 in [0, 1].
            hole: ``(h, w)`` bool.
            hidden: ``(h, w)`` bool, pixels of no known colour that are not to be filled; or None.
            progress: Called with the number of windows that are done, and of all.
        """
        regions = list(find_regions(hole, hidden, self.network.size, self.depth if self.coarse_to_fine else None))
        filled = Filled(color.copy())
        total = 0
        if progress:  # counting takes the masks of all resolutions once more
            total = sum(len(self._windows(level)) for region in regions for level in self._levels(region))
        done = 0
        for region in regions:
            for windows in self._fill_region(filled, region):
                done += windows
                if progress:
                    progress(done, total)
        return filled

    def _levels(self, region: Region) -> list[Level]:
        """From full resolution to the coarsest."""
        hole, blind, levels = region.hole, region.blind, []
        for _ in range(region.halvings):
            levels.append(Level(hole, blind, self.depth))
            hole, blind = halve_masks(hole, blind)
        return [*levels, Level(hole, blind, None)]

    def _windows(self, level: Level) -> list[Window]:
        return windows_over(level.target, self.tile_size, self.overlap)

    def _fill_region(self, filled: Filled, region: Region) -> Iterator[int]:
        levels = self._levels(region)
        colors = [filled.color[region.place]]
        for level in levels[:-1]:
            colors.append(halve_color(colors[-1], level.unknown))
        coarser = None
        for level, color in zip(reversed(levels), reversed(colors)):
            if coarser is None:
                known = ~level.unknown
                guess = as_floats(color[known]).mean(0) if known.any() else np.full(3, 0.5, np.float32)
                coarse = np.broadcast_to(from_floats(guess, color.dtype), color.shape)
            else:
                coarse = enlarge(coarser, color.shape[:2], color.dtype)
            np.copyto(color, coarse, where=level.hole[..., None])
            yield from self._fill_level(filled, level, color, coarse)
            coarser = color
        filled.coarsest = max(filled.coarsest, region.halvings)
        filled.deepest = max(filled.deepest, region.deepest)

    def _fill_level(self, filled: Filled, level: Level, color: np.ndarray, coarse: np.ndarray) -> Iterator[int]:
        weights = np.zeros(level.target.shape, np.float32)
        unseen = level.target | (level.unknown & ~level.hole)
        for _, alike in groupby(self._windows(level), key=lambda window: window.shape):
            while batch := list(islice(alike, self.batch_size)):
                images = np.stack([as_floats(color[window.place]) for window in batch])
                results, reached = self.network(images, np.stack([unseen[window.place] for window in batch]))
                for window, result, seen in zip(batch, results, reached):
                    target = level.target[window.place] & seen
                    new = result[target]
                    if level.weight is not None:
                        below = as_floats(coarse[window.place][target])
                        new = below + level.weight[window.place][target][:, None] * (new - below)
                    _blend(color[window.place], weights[window.place], target, new, window.weight[target])
                yield len(batch)
        if level.weight is None:
            filled.unreached += int((level.target & (weights == 0)).sum())


def _blend(color: np.ndarray, weights: np.ndarray, target: np.ndarray, new: np.ndarray, weight: np.ndarray) -> None:
    """Take new colours into the weighted mean of those that windows have given so far."""
    weights[target] += weight
    before = as_floats(color[target])
    color[target] = from_floats(before + (weight / weights[target])[:, None] * (new - before), color.dtype)
