"""The masks of a benchmark, drawn or from a folder of pictures such as NVIDIA's test masks.

A benchmark has equally many samples of each class: hole-ratio bin and border.
"""
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from mmpconv.datasets.benchmark_files import mask_sha256
from mmpconv.datasets.masks import (
    boxes_mask,
    free_form_mask,
    irregular_mask,
    lama_mask,
    near_border,
    occlusion_mask,
)
from mmpconv.errors import LaunchError
from mmpconv.evaluation.hole_bins import hole_bins, in_bin, touches_border
from mmpconv.parallel import in_order, shown
from mmpconv.photos import UnreadableImageError, binarise_mask, resize_mask
from mmpconv.photos.decoding import decode

from .photos import itemised

# What --border asks for, and the kinds of holes that each bin then has. N and B are of table 1 of arXiv 1804.07723.
BORDERS = {'both': ('off', 'on'), 'off': ('off',), 'on': ('on',), 'paper': ('N', 'B')}
_BORDER_IN_WORDS = {'off': 'holes off the border', 'on': 'holes touching the border', 'N': 'holes anywhere',
             'B': 'holes not near the border'}
_CHOSEN = 2  # second number of the seeds; 0 and 1 are of photos and windows, 3 of drawn masks
# What --reuse-masks does to a mask when it is used for the first, second, ... time: flips of (rows, columns).
_FLIPS = ((1, 1), (1, -1), (-1, 1), (-1, -1))


@dataclass(frozen=True)
class MaskClass:
    """Masks of one hole-ratio bin, which holds its upper edge, and of one kind.

    Attributes:
        low, high: Of the bin.
        kind: ``on``: they touch the border (:func:`~mmpconv.evaluation.touches_border`). ``off``: they do not.
            ``N``: unrestricted. ``B``: not near the border (:func:`~mmpconv.datasets.masks.near_border`).
    """

    low: float
    high: float
    kind: str

    @property
    def bin(self) -> str:
        """Name of the bin, such as ``0.1-0.2``."""
        name, = hole_bins((self.low, self.high))
        return name

    def __str__(self) -> str:
        return f'hole ratio {self.bin}, {_BORDER_IN_WORDS[self.kind]}'

    def holds(self, ratio: float, touches_border: bool, near_border: bool) -> bool:
        """A mask of this hole ratio and place is of this class."""
        fits = {'off': not touches_border, 'on': touches_border, 'N': True, 'B': not near_border}
        return in_bin(ratio, self.low, self.high) and fits[self.kind]

    @property
    def keeps_off(self) -> bool:
        """Masks of it are drawn with the frame free that the paper's masks off the border keep free."""
        return self.kind in ('off', 'B')

    @property
    def split(self) -> str:
        """``N`` or ``B`` of the paper; empty otherwise."""
        return self.kind if self.kind in BORDERS['paper'] else ''

    def closed_range(self, pixels: int) -> tuple[float, float]:
        """The same bin with both ends included, for masks of that many pixels."""
        fewest = int(self.low * pixels)
        fewest += fewest / pixels <= self.low
        return fewest / pixels, self.high


def mask_classes(edges: Sequence[float], border: str) -> list[MaskClass]:
    """All classes, by bin, then by kind. With ``both`` they are in the order of NVIDIA's test masks.

    Args:
        edges: Of the bins, ascending, in [0, 1].
        border: One of :data:`BORDERS`.

    Raises:
        LaunchError: The edges are not such.
    """
    ascending = all(low < high for low, high in zip(edges, edges[1:]))
    if len(edges) < 2 or not ascending or edges[0] < 0 or edges[-1] > 1:
        raise LaunchError(f'--bins is {" ".join(f"{edge:g}" for edge in edges)} but must be two or more ascending '
                          'edges between 0 and 1, such as 0.01 0.1 0.2')
    return [MaskClass(low, high, kind) for low, high in hole_bins(edges).values() for kind in BORDERS[border]]


def _scaled(draw: Callable, size: tuple[int, int], **lengths: tuple[int, int]) -> Callable:
    """A generator whose lengths are in pixels, those of 256 x 256 brought to the size."""
    scale = min(size) / 256
    return partial(draw, **{name: tuple(max(round(scale * end), 1) for end in ends) for name, ends in lengths.items()})


# By name of the generator: from the size to a function of the random numbers, the size, the ratio, and the border.
GENERATORS = {
    'occlusion': lambda size: occlusion_mask,
    'irregular': lambda size: _scaled(partial(irregular_mask, num_vertices=(4, 10), max_angle=6), size,
                                      length_range=(20, 128), brush_width=(10, 45)),
    'strokes': lambda size: _scaled(free_form_mask, size, brush_width=(12, 40)),
    'lama-thin': lambda size: partial(lama_mask, kind='thin'),
    'lama-medium': lambda size: partial(lama_mask, kind='medium'),
    'lama-thick': lambda size: partial(lama_mask, kind='thick'),
    'boxes': lambda size: boxes_mask,
}


def draw_mask(generator: str, rng: np.random.Generator, wanted: MaskClass, size: tuple[int, int]) -> np.ndarray:
    """A mask of a class: ``(h, w, 1)`` uint8, 1 = hole.

    Off the border, holes keep the distance of the paper's test set. Where they are to touch it and do not as drawn, the
    whole hole is moved to a side; unrestricted ones stay as they are drawn.

    Raises:
        LaunchError: No mask is of this class, or the generator draws none.
    """
    ratio = wanted.closed_range(size[0] * size[1])
    try:
        mask = GENERATORS[generator](size)(rng, size, area_ratio_range=ratio, border_free=wanted.keeps_off)
    except ValueError as error:
        raise LaunchError(f'{generator} cannot fill the class "{wanted}": {error}; change --bins, --size, --border or '
                          '--masks') from error
    return move_to_border(mask, rng) if wanted.kind == 'on' else mask


def move_to_border(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Move a hole straight to one of the four sides, unless it touches one. It keeps its shape and area."""
    rows, columns = np.flatnonzero(mask.any(axis=(1, 2))), np.flatnonzero(mask.any(axis=(0, 2)))
    gaps = [(-rows[0], 0), (mask.shape[0] - 1 - rows[-1], 0), (-columns[0], 1), (mask.shape[1] - 1 - columns[-1], 1)]
    if any(gap == 0 for gap, _ in gaps):
        return mask
    gap, axis = gaps[rng.integers(4)]
    return np.roll(mask, gap, axis)


@dataclass(frozen=True)
class MaskFile:
    """A mask picture as it is at the benchmark's size."""

    path: Path
    hole_ratio: float
    touches_border: bool
    near_border: bool
    sha256: str


def read_mask(path: Path, size: tuple[int, int], invert: bool) -> np.ndarray:
    """A mask picture at a size, nearest neighbour: ``(h, w, 1)`` uint8, 1 = hole.

    Raises:
        UnreadableImageError: It is broken.
    """
    return resize_mask(binarise_mask(decode(path.read_bytes(), str(path), 'unchanged'), invert=invert), size)


def read_masks(folder: Path, names: Sequence[str], size: tuple[int, int], invert: bool,
               jobs: int | None) -> list[MaskFile]:
    """Decode all mask pictures; those that are the same pixels at this size count once.

    Raises:
        LaunchError: Some are broken, all hole, or have no hole; names them.
    """

    def read(name: str) -> MaskFile | str:
        path = folder / name
        try:
            mask = read_mask(path, size, invert)
        except (UnreadableImageError, OSError, TypeError) as error:
            return f'{path}: {getattr(error, "reason", error)}'
        hole_pixels = int(mask.sum())
        if hole_pixels in (0, mask.size):
            return f'{path}: {"all of it is" if hole_pixels else "there is no"} hole at {size[0]} x {size[1]}'
        return MaskFile(path, hole_pixels / mask.size, touches_border(mask), near_border(mask), mask_sha256(mask))

    masks = list(shown(in_order(read, names, jobs), len(names), 'reading masks'))
    broken = [mask for mask in masks if isinstance(mask, str)]
    if broken:
        raise LaunchError(f'{len(broken)} of {len(names)} masks cannot be used (white is the hole, unless there is '
                          f'--invert-masks); remove or replace them:{itemised(broken)}')
    return list({mask.sha256: mask for mask in reversed(masks)}.values())[::-1]


def choose_masks(masks: Sequence[MaskFile], classes: Sequence[MaskClass], per_class: int, reuse: bool,
                 seed: int) -> list[tuple[Path, tuple[int, int]]]:
    """Choose masks for each class at random, and how each is flipped: steps along rows and columns, 1 or -1.

    Args:
        masks: Different ones.
        classes: To be filled, in this order.
        per_class: How many masks each gets.
        reuse: A class with too few uses its masks again: mirrored in three ways, then as they were.
        seed: Of the choice.

    Raises:
        LaunchError: There are too few in a class; names all such classes.
    """
    chosen, lacking = [], []
    for number, wanted in enumerate(classes):
        fitting = [mask for mask in masks if wanted.holds(mask.hole_ratio, mask.touches_border, mask.near_border)]
        if not fitting or len(fitting) < per_class and not reuse:
            lacking.append(f'{wanted}: {len(fitting)}')
            continue
        order = np.random.default_rng([seed, _CHOSEN, number]).permutation(len(fitting))
        chosen += [(fitting[order[use % len(order)]].path, _FLIPS[use // len(order) % len(_FLIPS)])
                   for use in range(per_class)]
    if lacking:
        raise LaunchError(f'{per_class} different masks are needed in each class, and there are too few in these; give '
                          'a smaller --per-bin, more masks, other --bins or --border, or use masks several times '
                          f'(mirrored) with --reuse-masks:{itemised(lacking)}')
    return chosen
