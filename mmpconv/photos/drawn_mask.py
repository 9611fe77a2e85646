"""The hole that a picture of a mask shows."""
import numpy as np

from .errors import PhotoError
from .mask_picture import binarise_mask
from .photo import Photo


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
