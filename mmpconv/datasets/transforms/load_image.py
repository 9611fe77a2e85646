"""Reading of photos that says which one is broken."""
import os.path as osp

import cv2
import mmcv
import numpy as np
from mmagic.datasets.transforms import LoadImageFromFile as _LoadImageFromFile
from mmengine.fileio import get_file_backend

from mmpconv.photos import UnreadableImageError
from mmpconv.photos.jpeg_end import is_cut_off_jpeg
from mmpconv.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadImageFromFile(_LoadImageFromFile):
    """MMagic's transform, except that a broken file raises :class:`UnreadableImageError`.

    MMagic's goes on with ``None``, and fails elsewhere without a file name.
    Found are: missing and empty files, files that are no picture, and cut off
    ones. Damaged pixels inside a complete JPEG are not found: the format has
    no checksum.

    Grey, palette, RGBA (alpha dropped), CMYK and 16-bit files become `(h, w, 3)`
    uint8, turned upright by their EXIF orientation.
    """

    def _load_image(self, filename: str) -> np.ndarray:
        try:
            content = self._read(filename)
            if is_cut_off_jpeg(content):
                raise UnreadableImageError(filename, 'the JPEG file is cut off')
            image = mmcv.imfrombytes(
                content,
                flag=self.color_type,
                channel_order=self.channel_order,
                backend=self.imdecode_backend)
        except FileNotFoundError:
            raise UnreadableImageError(filename, 'there is no such file') from None
        except (OSError, SyntaxError, cv2.error) as error:  # SyntaxError: Pillow, of broken PNG chunks
            reason = 'the file is empty' if isinstance(error, cv2.error) and not content else str(error)
            raise UnreadableImageError(filename, reason) from error
        if image is None:
            raise UnreadableImageError(filename, 'it is cut off or no picture of a known format')
        return image

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
