"""Which photo, window and mask make up each sample. Every choice is a function of the seed and of sorted lists."""
from collections.abc import Callable, Sequence

import numpy as np

from mmpconv.datasets.benchmark_files import MASKS, BenchmarkSample, mask_sha256
from mmpconv.datasets.masks import near_border
from mmpconv.evaluation import touches_border

from .classes import MaskClass
from .photos import Photo

# Second number of the seeds, so that photos, windows and masks are drawn independently. 2 is of mask files.
_PHOTOS, _WINDOWS = 0, 1


def photo_order(photos: Sequence[Photo], samples: int, seed: int) -> list[Photo]:
    """A photo for each sample; each is used equally often, give or take one."""
    rng = np.random.default_rng([seed, _PHOTOS])
    rounds = [rng.permutation(len(photos)) for _ in range(-(-samples // len(photos)))]
    return [photos[index] for index in np.concatenate(rounds)[:samples]]


def window(photo: tuple[int, int], size: tuple[int, int], crop: str, seed: int, number: int) -> tuple[int, ...]:
    """The largest window of the aspect of ``size``.

    Args:
        photo: Height and width in pixels.
        size: Height and width in pixels.
        crop: ``center`` or ``random``: where it is.
        seed: Of random windows.
        number: Of the sample.

    Returns:
        tuple: ``(top, left, height, width)`` in pixels.
    """
    (height, width), (h, w) = photo, size
    # Rounded to whole pixels without floating point.
    if height * w <= width * h:
        sides = height, min((2 * height * w + h) // (2 * h), width)
    else:
        sides = min((2 * width * h + w) // (2 * w), height), width
    spare = [whole - side for whole, side in zip(photo, sides)]
    if crop == 'random':
        rng = np.random.default_rng([seed, _WINDOWS, number])
        corner = [int(rng.integers(0, left, endpoint=True)) for left in spare]
    else:
        corner = [left // 2 for left in spare]
    return *corner, *sides


def sample_of(number: int, photo: Photo, box: tuple[int, ...], mask: np.ndarray, wanted: MaskClass) -> BenchmarkSample:
    """The line of ``samples.csv`` of a photo, a window and a mask.

    Raises:
        AssertionError: The mask is not of its class, which is an error of a generator.
    """
    name, ratio, border = f'{number:05}', int(mask.sum()) / mask.size, touches_border(mask)
    assert wanted.holds(ratio, border, near_border(mask)), f'sample {name} has ratio {ratio} and is not of {wanted}'
    return BenchmarkSample(name, photo.name, box, f'{MASKS}/{name}.png', ratio, wanted.bin, border, photo.sha256,
                           mask_sha256(mask), wanted.split)


Source = Callable[[int, MaskClass], np.ndarray]  # from the sample's number and class to its mask
