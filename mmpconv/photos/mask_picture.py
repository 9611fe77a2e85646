"""From a picture of a mask to a binary mask."""
from collections.abc import Sequence

import cv2
import numpy as np


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
