"""The hole of a photo, from whatever says where it is."""
import warnings
from collections.abc import Sequence
from numbers import Integral

import cv2
import numpy as np
from PIL import Image

from .details import upright
from .formats import MAX_PIXELS, PhotoError, PhotoWarning
from .mask_picture import color_hole, hole_in, mask_of_array, named_color
from .mask_picture import resize_mask as resized
from .photo import Photo
from .reading import Source

_ROUNDED = 1 + 2e-7  # as OpenCV's distances are
_KEYS = {'black': (0, 0, 0), 'white': (255, 255, 255)}


def hole_mask(source: Source | Image.Image | np.ndarray | Photo | Sequence[int], photo: Photo, *, invert: bool = False,
              grow: int = 0, tolerance: int = 0, resize_mask: bool = False, max_pixels: int = MAX_PIXELS,
              resize: bool = False) -> np.ndarray:
    """The hole of a photo.

    Convention: white (1, True) is hole. A mask picture is cut at mid-grey; one of values 0 and 1 alone is taken as it
    is; one that is transparent somewhere and of one colour elsewhere is hole where it is opaque, as painting programs
    store strokes. It has the photo's size as it is seen, upright; its own EXIF orientation counts.

    Args:
        source: A mask: path, binary file, picture of Pillow's, array, or photo. Or what marks the hole in the photo
            itself: ``'black'``, ``'magenta'`` or another name of CSS, or a colour (red, green, blue) of 0 to 255;
            ``'alpha'``: transparent pixels. (A file that is called so: ``'./black'``.)
        photo: The one with the hole.
        invert: The rest is the hole.
        grow: By so many pixels the hole is made wider, in all directions.
        tolerance: Largest difference of red, green and blue from a colour, 0 to 255.
        resize_mask: Scale a mask of another size to the photo's, by nearest neighbours.
        max_pixels: See :meth:`Photo.read`.
        resize: Earlier name of ``resize_mask``.

    Returns:
        `(h, w)` bool, upright.

    Warns:
        PhotoWarning: The mask is empty, probably inverted, or turned; or the photo's JPEG compression blurs the colour.

    Raises:
        UnreadableImageError: A mask file cannot be read.
        PhotoError: Everything is hole; the sizes differ; no pixel of the photo is marked so.
    """
    if not isinstance(grow, Integral) or grow < 0:
        raise PhotoError(f'grow must be a number of pixels, 0 or more, got {grow!r}')
    hole, name = _marked(source, photo, tolerance) or _drawn(source, photo, resize_mask or resize, max_pixels)
    if invert:
        hole = ~hole
    if grow:
        hole = _grown(hole, grow)
    _check(hole, name, invert, grow)
    return hole


def _marked(source, photo: Photo, tolerance: int) -> tuple[np.ndarray, str] | None:
    """The hole that is marked in the photo, and what to call it; None if ``source`` is a mask of its own."""
    if isinstance(source, str) and source == 'alpha':
        hidden = photo.hidden()
        if hidden is None:
            raise PhotoError(f'the photo {photo.name} has no alpha channel, so that no pixel is transparent; give a '
                             'mask or a colour')
        return hidden, f'the transparent part of the photo {photo.name}'
    if isinstance(source, str) and source in _KEYS:
        key = _KEYS[source]
    elif isinstance(source, (tuple, list)):
        key = source
    elif isinstance(source, str) and (color := named_color(source)):
        key = color
    else:
        return None
    hole = color_hole(photo, key, tolerance)
    if photo.format == 'JPEG' and tolerance == 0:
        warnings.warn(PhotoWarning(f'the photo {photo.name} is a JPEG file, whose compression blurs colours, so that '
                                   'more is meant by one than what has it exactly', {'tolerance': 30},
                                   'compression of JPEG blurs the colour of the hole'), stacklevel=3)
    return hole, f'what is {source} in the photo {photo.name}'


def _drawn(source, photo: Photo, resize: bool, max_pixels: int) -> tuple[np.ndarray, str]:
    """The hole that a mask shows, and what to call it."""
    if isinstance(source, Photo):
        mask = source
    elif isinstance(source, Image.Image):
        mask = Photo.from_pil(source)
    elif isinstance(source, np.ndarray):
        mask = mask_of_array(source)
    else:
        mask = Photo.read(source, max_pixels)
    hole, name = hole_in(mask), f'the mask {mask.name}'
    if hole.shape == photo.shape:
        return hole, name
    if hole.shape == photo.stored_shape:
        warnings.warn(PhotoWarning(
            f'{name} has the size that the photo {photo.name} has before it is turned upright by its EXIF orientation '
            f'{photo.orientation}; the mask is turned along', kind='the mask is turned along with the photo'),
            stacklevel=3)
        return upright(hole, photo.orientation), name
    if not resize:
        sizes = [f'{shape[1]} x {shape[0]}' for shape in (hole.shape, photo.shape)]
        raise PhotoError(f'{name} has {sizes[0]} pixels but the photo {photo.name} has {sizes[1]} (width x height); '
                         'give a mask of that size', {'resize_mask': True})
    return resized(hole[..., None].view(np.uint8), photo.shape)[..., 0].view(bool), name


def _grown(hole: np.ndarray, grow: int) -> np.ndarray:
    """All pixels within a distance of a hole. Exact discs, at a cost that does not depend on their size."""
    left, top, width, height = cv2.boundingRect(np.ascontiguousarray(hole).view(np.uint8))
    if not width:
        return hole
    window = (slice(max(top - grow, 0), top + height + grow), slice(max(left - grow, 0), left + width + grow))
    grown = hole.copy()
    outside = (~hole[window]).view(np.uint8)
    grown[window] = cv2.distanceTransform(outside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) <= grow * _ROUNDED
    return grown


def _check(hole: np.ndarray, name: str, invert: bool, grow: int) -> None:
    share = float(hole.mean())
    remedy = {'invert': not invert}
    if share == 1:
        raise PhotoError(f'{name} is all hole{f", grown by {grow} pixels" if grow else ""}: nothing is left to fill it '
                         'from; leave more of the photo', remedy)
    if share == 0:
        warnings.warn(PhotoWarning(f'{name} has no hole, nothing will be filled; mark what is to be filled', remedy,
                                   'the mask has no hole'), stacklevel=3)
    border = np.concatenate([hole[0], hole[-1], hole[:, 0], hole[:, -1]])
    if share > 0.5 and border.mean() > 0.5:
        warnings.warn(PhotoWarning(f'{100 * share:.1f} % of {name} is hole, with most of its border, so it is probably '
                                   'inverted', remedy, 'the mask is probably inverted'), stacklevel=3)
