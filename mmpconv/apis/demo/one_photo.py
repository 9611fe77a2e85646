"""A photo that is filled as a user would fill it."""
from pathlib import Path

import cv2
import numpy as np

from mmpconv.apis import Inpainter
from mmpconv.photos.png_file import encode_png
from mmpconv.whole_files import write_bytes

from .photos import HELD_OUT_PHOTOS

# Corners of a line as one draws it with a mouse, as shares of height and width.
_SCRIBBLE = ((.15, .2), (.3, .35), (.2, .5), (.45, .6), (.35, .75), (.6, .7), (.75, .85))


def fill_one_photo(folder: Path, config: str, checkpoint: Path) -> None:
    """Write ``photo.png``, one that was not trained on, ``mask.png``, a line drawn over it, and ``filled.png``.

    Args:
        folder: Where to; it exists.
        config: As of :class:`~mmpconv.apis.Inpainter`.
        checkpoint: Its trained weights.
    """
    from skimage import data

    photo = getattr(data, HELD_OUT_PHOTOS[0])()
    mask = np.zeros(photo.shape[:2], np.uint8)
    corners = [(round(x * mask.shape[1]), round(y * mask.shape[0])) for y, x in _SCRIBBLE]
    cv2.polylines(mask, [np.array(corners, np.int32)], False, 255, thickness=mask.shape[0] // 20)
    write_bytes(folder / 'photo.png', encode_png(photo[..., ::-1]))
    write_bytes(folder / 'mask.png', encode_png(mask))
    Inpainter(config, str(checkpoint))(folder / 'photo.png', folder / 'mask.png', folder / 'filled.png')
