"""Transforms of images: loading, cropping, masking."""
import copy
import os.path as osp

import mmcv
import numpy as np
from mmagic.datasets.transforms import Crop as _Crop
from mmagic.datasets.transforms import GetMaskedImage as _GetMaskedImage
from mmagic.datasets.transforms import LoadImageFromFile as _LoadImageFromFile
from mmengine.fileio import get_file_backend

from mmpconv.photos import UnreadableImageError
from mmpconv.photos.decoding import decode
from mmpconv.registry import TRANSFORMS

_OURS = (None, 'cv2', 'pillow')


@TRANSFORMS.register_module()
class LoadImageFromFile(_LoadImageFromFile):
    """MMagic's transform, except that a broken file raises :class:`UnreadableImageError`.

    MMagic's goes on with ``None``, and fails elsewhere without a file name.
    Found are: missing and empty files, files that are no picture, cut off and
    too large ones (``mmpconv.photos.MAX_PIXELS``). Damaged pixels inside a
    complete JPEG are not found: the format has no checksum.

    Grey, palette, RGBA (alpha dropped), CMYK and 16-bit files become `(h, w, 3)`
    uint8, turned upright by their EXIF orientation.

    Files may come from anybody: :func:`mmpconv.photos.decoding.decode` decodes
    them, to the pixels that OpenCV gives. Only where ``imdecode_backend`` names
    ``turbojpeg`` or ``tifffile``, mmcv does.

    Args:
        min_side: For training with windows far smaller than the photos: decode a JPEG at 1/2, 1/4 or 1/8 of its size,
            as long as its shorter side keeps this many pixels. It takes a fraction of the time. Pixels are the means of
            blocks, so leave it out of pipelines that test. None: the photo as it is.
        **kwargs: See MMagic's transform.

    Raises:
        ValueError: ``min_side`` is less than 1, or given for a backend of mmcv's.
    """

    def __init__(self, *args, min_side: int | None = None, **kwargs):
        super().__init__(*args, **kwargs)
        if min_side is not None and (min_side < 1 or self.imdecode_backend not in _OURS):
            raise ValueError(f'min_side is {min_side} with imdecode_backend={self.imdecode_backend!r}; it must be at '
                             'least 1, and the backend must be left out')
        self.min_side = min_side

    def _load_image(self, filename: str) -> np.ndarray:
        try:
            content = self._read(filename)
        except FileNotFoundError:
            raise UnreadableImageError(filename, 'there is no such file') from None
        except OSError as error:
            raise UnreadableImageError(filename, str(error)) from error
        if self.imdecode_backend in _OURS:
            return decode(content, filename, self.color_type, self.channel_order, min_side=self.min_side)
        return mmcv.imfrombytes(content, self.color_type, self.channel_order, self.imdecode_backend)

    def _read(self, filename: str) -> bytes:
        if self.file_backend is None:
            self.file_backend = get_file_backend(uri=filename, backend_args=self.backend_args)
        if (self.backend_args or {}).get('backend') == 'lmdb':
            filename = osp.splitext(osp.basename(filename))[0]
        if filename in self.cache:
            return self.cache[filename]
        content = self.file_backend.get(filename)
        if self.use_cache:
            self.cache[filename] = content
        return content


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


@TRANSFORMS.register_module()
class GetMaskedImage(_GetMaskedImage):
    """MMagic's transform, except that it names the sizes when photo and mask differ."""

    def transform(self, results: dict) -> dict:
        """Add the masked image.

        Args:
            results: With ``gt`` `(h, w, c)` and ``mask`` `(h, w, 1)`, 1 = hole.

        Returns:
            The same with ``img``, float32, ``zero_value`` in the hole.

        Raises:
            ValueError: Photo and mask have different sizes.
        """
        image, mask = results[self.img_key], results[self.mask_key]
        if image.shape[:2] != mask.shape[:2]:
            raise ValueError(
                f'the photo {results.get(f"{self.img_key}_path", "")} is {image.shape[0]} x {image.shape[1]} '
                f'(height x width) here, but its mask {results.get("mask_path", "")} is {mask.shape[0]} x '
                f'{mask.shape[1]}; set img_shape in the mask_config of LoadMask to the size that the photos '
                'have at GetMaskedImage')
        return super().transform(results)
