"""Scores filling large holes from coarse to fine against filling them at full resolution only.

    python benchmarks/large_holes.py CONFIG CHECKPOINT FOLDER-OF-PHOTOS

Prints a table: mean absolute error in the hole, in % of the range, over photos with one round hole each, at a place
that depends on the photo's number only.
"""
import argparse
import warnings
from pathlib import Path

import numpy as np
from rich.console import Console
from tables import Table

from mmpconv.apis import Inpainter
from mmpconv.photos import Photo, PhotoWarning

RADII = (12, 24, 48, 96)


def main(argv: list[str] | None = None) -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config', help='of an inpaintor')
    parser.add_argument('checkpoint', help='its weights')
    parser.add_argument('photos', type=Path, help='a folder of photos')
    parser.add_argument('--count', type=int, default=100, help='at most so many; default: 100')
    args = parser.parse_args(argv)
    photos = [Photo.read(path) for path in sorted(args.photos.iterdir())[:args.count]]
    errors = {name: errors_by_radius(Inpainter(args.config, args.checkpoint, coarse_to_fine=to_fine), photos)
              for name, to_fine in (('full resolution only', False), ('coarse to fine', True))}
    rows = [[f'{radius} pixels', *(f'{columns[radius]:.2f}' for columns in errors.values())] for radius in RADII]
    Table(f'Mean absolute error in the hole in %, {len(photos)} photos', ['radius of the hole', *errors], rows).show(
        Console())


def errors_by_radius(inpainter: Inpainter, photos: list[Photo]) -> dict[int, float]:
    """Mean absolute error over the photos, in % of the range, by the radius of the hole in pixels."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', PhotoWarning)
        return {radius: 100 * float(np.mean([error(inpainter, photo, disc(photo.shape, radius, number))
                                             for number, photo in enumerate(photos)])) for radius in RADII}


def error(inpainter: Inpainter, photo: Photo, hole: np.ndarray) -> float:
    """Mean absolute error in the hole, as a share of the range."""
    truth, filled = photo.color(), inpainter.fill(photo, hole).color()
    return float(np.abs(filled[hole].astype(float) - truth[hole]).mean() / np.iinfo(truth.dtype).max)


def disc(shape: tuple[int, int], radius: int, seed: int) -> np.ndarray:
    """A round hole, ``(h, w)`` bool, all of it in the photo where it is large enough."""
    places = np.random.default_rng(seed).random(2)
    y, x = (place * max(side - 2 * radius, 0) + min(radius, side / 2) for place, side in zip(places, shape))
    rows, columns = np.ogrid[:shape[0], :shape[1]]
    return (rows - y)**2 + (columns - x)**2 < radius**2


if __name__ == '__main__':
    main()
