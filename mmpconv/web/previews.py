"""What a browser shows of a photo: upright, in 8 bits, and no larger than every browser can paint on."""
import io
import math
from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image

from mmpconv.photos import Photo

# The largest canvas of Safari on an iPhone, 4096 x 4096, and the longest of Chrome. Of larger photos the preview is a
# scaled one.
MAX_PIXELS, MAX_SIDE = 2**24, 2**14


def preview_size(shape: tuple[int, int]) -> tuple[int, int]:
    """`(h, w)` of the preview of a photo of `(h, w)` pixels."""
    scale = min(1, MAX_SIDE / max(shape), math.sqrt(MAX_PIXELS / (shape[0] * shape[1])))
    return tuple(max(1, math.floor(side * scale)) for side in shape)


def preview(photo: Photo, box: Sequence[int] | None = None) -> Image.Image:
    """RGB, or RGBA of a photo with transparency.

    Args:
        photo: The photo.
        box: Left, top, width and height of a part, in pixels of the preview.
    """
    size = preview_size(photo.shape)
    place = (slice(None), slice(None)) if box is None else (slice(box[1], box[1] + box[3]),
                                                            slice(box[0], box[0] + box[2]))
    color, alpha = _scaled(photo.color(), size, place), photo.alpha()
    if alpha is None:
        return Image.fromarray(color)
    alpha = _scaled(alpha.view(np.uint8) * np.uint8(255) if alpha.dtype == bool else alpha, size, place)
    return Image.fromarray(np.dstack([color, alpha]))


def picture_file(picture: Image.Image, lossless: bool) -> tuple[bytes, str]:
    """Content and media type. What has transparency is always PNG; quickly written, rather than small."""
    file = io.BytesIO()
    if lossless or picture.mode != 'RGB':
        picture.save(file, 'PNG', compress_level=1)
        return file.getvalue(), 'image/png'
    picture.save(file, 'JPEG', quality=93, subsampling=0)
    return file.getvalue(), 'image/jpeg'


def _scaled(levels: np.ndarray, size: tuple[int, int], place: tuple[slice, slice]) -> np.ndarray:
    if levels.shape[:2] != size:
        levels = cv2.resize(levels, size[::-1], interpolation=cv2.INTER_AREA)
    levels = levels[place]
    if levels.dtype == np.uint16:
        return (levels // 257).astype(np.uint8)
    if levels.dtype != np.uint8:
        return np.round(np.clip(levels, 0, 1) * 255).astype(np.uint8)
    return np.ascontiguousarray(levels)
