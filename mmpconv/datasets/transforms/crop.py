"""Cropping that does not distort small photos."""
import copy

import numpy as np
from mmagic.datasets.transforms import Crop as _Crop

from mmpconv.registry import TRANSFORMS


@TRANSFORMS.register_module()
class Crop(_Crop):
    """MMagic's transform, except for images smaller than the window.

    MMagic cuts each side of the window to the image's on its own; a following
    ``Resize`` to a fixed size then squeezes the photo: 481 x 321 with a window of
    384 x 384 gives 384 x 321. Here the window shrinks as a whole.

    Args:
        keys: The images to be cropped.
        crop_size: Height and width of the window, in pixels.
        random_crop: Random place; otherwise the centre.
        is_pad_zeros: Pad small images with zeros instead, as MMagic does.
    """

    def __init__(self, keys, crop_size, random_crop=True, is_pad_zeros=False):
        # Lists come from --cfg-options and from JSON or YAML configs.
        super().__init__(keys, tuple(crop_size), random_crop, is_pad_zeros)

    def _crop(self, data: np.ndarray | list):
        shape = (data[0] if isinstance(data, list) else data).shape
        scale = min(1, *(side / window for side, window in zip(shape, self.crop_size)))
        if scale == 1 or self.is_pad_zeros:
            return super()._crop(data)
        fitted = copy.copy(self)
        fitted.crop_size = tuple(max(1, round(scale * window)) for window in self.crop_size)
        return super(Crop, fitted)._crop(data)
