"""Fills all holes of a photo, whatever their size and its, in bounded memory."""
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby, islice

import numpy as np

from .regions import (
    Level,
    Region,
    Window,
    as_floats,
    enlarge,
    find_regions,
    from_floats,
    halve_color,
    halve_masks,
    make_level,
    windows_over,
)


class FillingNetwork(ABC):
    """Fills the holes of small pictures, whatever runs it.

    Attributes:
        size: Side of the photos that it was trained on, in pixels.
        device: Where it runs, as torch names it.
    """

    size: int
    device: str

    @abstractmethod
    def __call__(self, images: np.ndarray, holes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Fill. May be called by several threads at a time.

        Args:
            images: ``(n, h, w, 3)`` float32, RGB in [0, 1]; what they hold in the holes has no effect.
            holes: ``(n, h, w)`` bool, True = hole.

        Returns:
            tuple[np.ndarray, np.ndarray]: ``(n, h, w, 3)`` float32, RGB in [0, 1]; only the pixels of the holes mean
            anything. And ``(n, h, w)`` bool, False where the network is too shallow to have seen anything valid.
        """


def smaller_windows(shape: tuple[int, int], count: int) -> dict[str, int]:
    """The remedy for windows that need more memory than there is."""
    return {'tile_size': max(shape) // 2, **({'batch_size': count // 2} if count > 1 else {})}


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


class Filling:
    """Filling of holes with a network, in windows and from coarse to fine.

    Args:
        network: What fills them.
        coarse_to_fine: Whether holes too deep for the network are filled at a lower resolution first.
        tile_size: Side of the windows that the network sees at a time, in pixels. Default: twice the size of the photos
            that it was trained on.
        batch_size: Windows at a time.
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
            levels.append(make_level(hole, blind, self.depth))
            hole, blind = halve_masks(hole, blind)
        return [*levels, make_level(hole, blind, None)]

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
