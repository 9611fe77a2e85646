"""Pixels of one colour, as people mark a hole inside the photo itself."""
from collections.abc import Iterator, Sequence
from numbers import Integral

import cv2
import numpy as np

from .errors import PhotoError
from .photo import Photo

_ROWS = 256
_SCALES = {'uint8': 1, 'uint16': 257, 'float32': 1 / 255}


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
        raise PhotoError(f'no pixel of the photo {photo.name} has the colour {tuple(key)} within tolerance {tolerance};'
                         f' the nearest is {nearest}, for which it takes tolerance={needed}')
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
