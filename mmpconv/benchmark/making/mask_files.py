"""Masks of a benchmark that come from a folder of pictures, such as NVIDIA's test masks."""
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmpconv.datasets import UnreadableImageError
from mmpconv.datasets.benchmark_files import mask_sha256
from mmpconv.datasets.masks import binarise_mask, near_border, resize_mask
from mmpconv.errors import LaunchError
from mmpconv.evaluation import touches_border
from mmpconv.photos.decoding import decode

from .classes import MaskClass
from .parallel import map_in_threads
from .photos import itemised

# What --reuse-masks does to a mask when it is used for the first, second, ... time: flips of (rows, columns).
FLIPS = ((1, 1), (1, -1), (-1, 1), (-1, -1))


@dataclass(frozen=True)
class MaskFile:
    """A mask picture as it is at the benchmark's size."""

    name: str
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


def read_masks(folder: Path, names: Sequence[str], size: tuple[int, int], invert: bool, jobs: int) -> list[MaskFile]:
    """Decode all mask pictures; those that are the same pixels at this size count once.

    Raises:
        LaunchError: Some are broken, all hole, or have no hole; names them.
    """

    def read(name):
        try:
            mask = read_mask(folder / name, size, invert)
        except (UnreadableImageError, OSError, TypeError) as error:
            return f'{folder / name}: {getattr(error, "reason", error)}'
        hole_pixels = int(mask.sum())
        if hole_pixels in (0, mask.size):
            return f'{folder / name}: {"all of it is" if hole_pixels else "there is no"} hole at {size[0]} x {size[1]}'
        return MaskFile(name, hole_pixels / mask.size, touches_border(mask), near_border(mask),
                        mask_sha256(mask))

    masks = map_in_threads(read, names, jobs, 'reading masks')
    broken = [mask for mask in masks if isinstance(mask, str)]
    if broken:
        raise LaunchError(f'{len(broken)} of {len(names)} masks cannot be used (white is the hole, unless there is '
                          f'--invert-masks); remove or replace them:{itemised(broken)}')
    return list({mask.sha256: mask for mask in reversed(masks)}.values())[::-1]


def choose_masks(masks: Sequence[MaskFile], classes: Sequence[MaskClass], per_class: int, reuse: bool,
                 seed: int) -> list[tuple[MaskFile, tuple[int, int]]]:
    """Choose masks for each class at random, and how each is flipped.

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
        order = np.random.default_rng([seed, 2, number]).permutation(len(fitting))
        chosen += [(fitting[order[use % len(order)]], FLIPS[use // len(order) % len(FLIPS)])
                   for use in range(per_class)]
    if lacking:
        raise LaunchError(f'{per_class} different masks are needed in each class, and there are too few in these; give '
                          'a smaller --per-bin, more masks, other --bins or --border, or use masks several times '
                          f'(mirrored) with --reuse-masks:{itemised(lacking)}')
    return chosen
