"""Masks as pictures: grey levels, or a colour drawn on a copy of the photo."""
import os
from collections.abc import Iterator, Sequence
from numbers import Integral

import cv2
import numpy as np
from PIL import ImageColor

from .formats import PhotoError
from .photo import Photo


def binarise_mask(image: np.ndarray, threshold: float = 127, invert: bool = False) -> np.ndarray:
    """Threshold a mask picture at a grey level.

    MMagic takes every value above 0 as a hole, which turns JPEG noise into holes.

    Args:
        image: `(h, w)` or `(h, w, c)`, BGR; uint8, uint16 (65535 = 255), bool or float in [0, 1].
            Colours are converted to grey; an alpha channel is ignored.
        threshold: Grey level in [0, 255); brighter pixels are hole.
        invert: Holes are dark instead: pixels at most as bright as ``threshold``.

    Returns:
        `(h, w, 1)` uint8, 1 = hole.
    """
    if image.ndim == 3:
        image = image[..., 0] if image.shape[2] < 3 else cv2.cvtColor(
            np.ascontiguousarray(image[..., :3]), cv2.COLOR_BGR2GRAY)
    if image.dtype == np.uint16:
        scale = 257
    elif image.dtype == np.uint8:
        scale = 1
    elif image.dtype == bool or np.issubdtype(image.dtype, np.floating):
        scale = 1 / 255
    else:
        raise TypeError(f'a mask picture must be uint8, uint16, bool or float, got {image.dtype}')
    hole = image > threshold * scale
    return (~hole if invert else hole).astype(np.uint8)[..., None]


def resize_mask(mask: np.ndarray, img_shape: Sequence[int]) -> np.ndarray:
    """Nearest-neighbour resizing, which keeps a mask binary.

    Args:
        mask: `(h, w, 1)` uint8.
        img_shape: `(h', w')` in pixels; channels may follow, as in ``array.shape``.

    Returns:
        `(h', w', 1)` uint8.
    """
    h, w = img_shape[:2]
    if mask.shape[:2] == (h, w):
        return mask
    return cv2.resize(mask, (w, h), interpolation=cv2.INTER_NEAREST_EXACT)[..., None]


_ROWS = 256
_SCALES = {'uint8': 1, 'uint16': 257, 'float32': 1 / 255}


def named_color(name: str) -> tuple[int, int, int] | None:
    """Red, green and blue of a colour that CSS has a name for; None for other names, and for those of files."""
    color = ImageColor.colormap.get(name.lower())
    return None if color is None or os.path.exists(name) else ImageColor.getrgb(color)


def color_hole(photo: Photo, key: Sequence[int], tolerance: int) -> np.ndarray:
    """Pixels of a colour.

    Args:
        key: Red, green and blue, 0 to 255.
        tolerance: Largest difference in each of them, 0 to 255.

    Returns:
        `(h, w)` bool, upright.

    Raises:
        PhotoError: There are none.
    """
    _check(key, tolerance)
    hole = np.empty(photo.shape, bool)
    for rows, color, scale in _strips(photo):
        slack = 1e-6 if color.dtype == np.float32 else 0
        low, high = (tuple(float((level + way * tolerance) * scale + way * slack) for level in key) for way in (-1, 1))
        hole[rows] = cv2.inRange(color, low, high)
    if not hole.any():
        nearest, needed = _nearest(photo, key)
        raise PhotoError(f'no pixel of the photo {photo.name} has the colour {tuple(key)} within tolerance {tolerance},'
                         f' and the nearest is {nearest}', {'tolerance': needed})
    return hole


def _check(key: Sequence[int], tolerance: int) -> None:
    if len(key) != 3 or not all(isinstance(level, Integral) and 0 <= level <= 255 for level in key):
        raise PhotoError(f'a colour must be red, green and blue from 0 to 255, got {tuple(key)}')
    if not isinstance(tolerance, Integral) or not 0 <= tolerance <= 255:
        raise PhotoError(f'tolerance must be an integer from 0 to 255, got {tolerance!r}')


def _strips(photo: Photo) -> Iterator[tuple[slice, np.ndarray, float]]:
    """Rows of the photo, their colours, and how many of their units are one of 8 bits."""
    color = photo.color()
    for top in range(0, len(color), _ROWS):
        rows = slice(top, top + _ROWS)
        yield rows, np.ascontiguousarray(color[rows]), _SCALES[color.dtype.name]


def _nearest(photo: Photo, key: Sequence[int]) -> tuple[tuple[int, ...], int]:
    """The colour of the photo that takes the least tolerance, in 8-bit units, and that tolerance."""
    best, needed = (), np.inf
    for _, color, scale in _strips(photo):
        distance = np.abs(color / np.float32(scale) - np.float32(key)).max(2)
        at = np.unravel_index(distance.argmin(), distance.shape)
        if distance[at] < needed:
            best, needed = tuple(round(float(level) / scale) for level in color[at]), float(distance[at])
    return best, int(np.ceil(needed - 1e-3))


def mask_of_array(array: np.ndarray) -> Photo:
    """An array of a mask as a photo: also of integers that a photo may not have.

    Raises:
        PhotoError: It has another shape or other values.
    """
    if array.dtype.kind in 'iu' and array.dtype not in (np.uint8, np.uint16):
        if array.size and not _is_of_bytes(array):
            raise PhotoError(f'a mask of {array.dtype} must have values 0 and 1, or 0 to 255, got {array.min()} to '
                             f'{array.max()}; give it as bool, 1 = hole')
        array = array.astype(np.uint8)
    return Photo.from_array(array)


def hole_in(mask: Photo) -> np.ndarray:
    """See :func:`mmpconv.photos.hole_mask`.

    Returns:
        `(h, w)` bool, upright.
    """
    alpha = mask.alpha()
    color = mask.color()
    if alpha is not None:
        drawn = _is_bright(alpha)
        if not drawn.all() and _is_constant(color[drawn]):
            return drawn
    samples = mask.samples()
    if samples.dtype == np.int32 and _is_of_bytes(samples):  # Pillow's mode I, which has no depth of its own
        levels = samples.astype(np.uint8)
    else:
        is_grey = color.strides[2] == 0
        levels = color[..., 0] if is_grey else color[..., ::-1]
    hole = _is_bright(levels)
    if not hole.any() and samples.dtype.kind in 'iu' and samples.max() == 1:  # labels, whatever their colours
        hole = samples == 1 if samples.ndim == 2 else (samples == 1).any(2)
    return hole


def _is_of_bytes(values: np.ndarray) -> bool:
    return bool(values.min() >= 0 and values.max() <= 255)


def _is_bright(levels: np.ndarray) -> np.ndarray:
    return binarise_mask(levels)[..., 0].view(bool)


def _is_constant(color: np.ndarray) -> bool:
    return bool((color == color[:1]).all())
