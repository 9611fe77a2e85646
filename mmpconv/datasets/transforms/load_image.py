"""Reading of photos that says which one is broken."""
import os.path as osp

import mmcv
import numpy as np
from mmagic.datasets.transforms import LoadImageFromFile as _LoadImageFromFile
from mmengine.fileio import get_file_backend

from mmpconv.photos import UnreadableImageError
from mmpconv.photos.decoding import decode
from mmpconv.registry import TRANSFORMS


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
    """

    def _load_image(self, filename: str) -> np.ndarray:
        try:
            content = self._read(filename)
        except FileNotFoundError:
            raise UnreadableImageError(filename, 'there is no such file') from None
        except OSError as error:
            raise UnreadableImageError(filename, str(error)) from error
        if self.imdecode_backend in (None, 'cv2', 'pillow'):
            return decode(content, filename, self.color_type, self.channel_order)
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
