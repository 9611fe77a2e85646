"""The photos of the demo."""
from pathlib import Path

import numpy as np

from mmpconv.photos.png_file import encode_png
from mmpconv.whole_files import write_bytes

# Those of scikit-image's photos that lie in its wheel. The last four are never trained on: they are what is filled.
TRAINING_PHOTOS = ('stereo_motorcycle', 'immunohistochemistry', 'hubble_deep_field', 'retina')
HELD_OUT_PHOTOS = ('chelsea', 'astronaut', 'coffee', 'rocket')
TILE = 256  # pixels of a held-out photo that make up one test image


def write_photos(folder: Path) -> None:
    """Write scikit-image's photos as ``train/*.png``, and tiles of the held-out ones as ``val/*.png``.

    Args:
        folder: Where to; made if it is missing.
    """
    for name, photos in (('train', TRAINING_PHOTOS), ('val', HELD_OUT_PHOTOS)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for photo in photos:
            image = read_photo(photo)
            tiles = {photo: image} if name == 'train' else dict(_tiles(photo, image))
            for tile_name, tile in tiles.items():
                write_bytes(folder / name / f'{tile_name}.png', encode_png(tile[..., ::-1]))


def read_photo(name: str) -> np.ndarray:
    """A photo of scikit-image, ``(h, w, 3)`` uint8, RGB."""
    from skimage import data

    image = getattr(data, name)()
    return image[0] if isinstance(image, tuple) else image  # a stereo pair and its disparity


def _tiles(name: str, image: np.ndarray):
    """Squares of :data:`TILE` pixels, evenly spread so that they reach all borders."""
    starts = [np.linspace(0, size - TILE, -(-size // TILE)).astype(int) for size in image.shape[:2]]
    for top in starts[0]:
        for left in starts[1]:
            yield f'{name}_{top}_{left}', image[top:top + TILE, left:left + TILE]
