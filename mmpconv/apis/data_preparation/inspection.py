"""What is unusual in a photo's file, and whether it can be used."""
import io
import os
import warnings
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from mmpconv.datasets import LoadImageFromFile, UnreadableImageError

LEFT_OUT = 'left out'
# Formats of Pillow by suffix; others are not compared.
_FORMATS = {'.jpg': 'JPEG', '.jpeg': 'JPEG', '.png': 'PNG', '.bmp': 'BMP', '.tif': 'TIFF', '.tiff': 'TIFF',
            '.webp': 'WEBP'}
# What LoadImageFromFile makes of them; see its docstring.
_MODES = {'1': 'black and white', 'L': 'grey', 'LA': 'grey with alpha', 'P': 'palette', 'RGBA': 'alpha',
          'CMYK': 'CMYK', 'YCCK': 'CMYK'}
_EXIF_ORIENTATION = 0x0112


@dataclass(frozen=True)
class Finding:
    """Something about a file.

    Args:
        file: Its path in the list.
        what: What was found, a few words that are the same for all such files.
        treatment: What becomes of it: ``'left out'``, or how it is used.
        detail: More about it.
    """
    file: str
    what: str
    treatment: str
    detail: str = ''

    @property
    def is_left_out(self) -> bool:
        return self.treatment == LEFT_OUT


def inspect_photo(folder: str, file: str) -> list[Finding]:
    """Decode a photo as training would, and say what is unusual about it.

    Returns:
        list[Finding]: Empty for an 8-bit RGB photo that is what its suffix says. One that is left out if it cannot be
        decoded: empty, cut off, no picture.
    """
    path = os.path.join(folder, file)
    try:
        with open(path, 'rb') as opened:
            content = opened.read()
        if not content:
            return [Finding(file, 'empty file', LEFT_OUT)]
        LoadImageFromFile(key='gt')._load_image(path)
        return _oddities(file, content)
    except OSError as error:
        return [Finding(file, 'cannot be read', LEFT_OUT, error.strerror or str(error))]
    except UnreadableImageError as error:
        what = 'cut off or damaged' if _has_picture_header(content) else 'no picture'
        foreign = isinstance(error.__cause__, cv2.error)  # OpenCV's own words are of no use to anyone
        return [Finding(file, what, LEFT_OUT, '' if foreign else error.reason)]


def _has_picture_header(content: bytes) -> bool:
    try:
        Image.open(io.BytesIO(content)).close()
    except Exception:  # Pillow raises of all kinds on broken files
        return False
    return True


def _oddities(file: str, content: bytes) -> list[Finding]:
    found = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            with Image.open(io.BytesIO(content)) as image:
                mode, kind, turned = image.mode, image.format, image.getexif().get(_EXIF_ORIENTATION, 1)
    except Exception:
        mode, kind, turned = None, None, 1  # of a format that OpenCV alone reads
    if mode in _MODES:
        found.append(Finding(file, _MODES[mode], 'used as 8-bit RGB'))
    if kind in ('PNG', 'TIFF', 'PPM', None):  # the others have 8 bits
        depth = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED).dtype
        if depth not in (np.uint8, np.uint16):
            # Its range is unknown: OpenCV's conversion cuts [0, 1] down to black.
            return [Finding(file, 'neither 8 nor 16 bits', LEFT_OUT, str(depth))]
        if depth == np.uint16:
            found.append(Finding(file, '16 bits', 'used as 8-bit RGB'))
    if turned != 1:
        found.append(Finding(file, 'turned by EXIF', 'used upright', f'orientation {turned}'))
    expected = _FORMATS.get(os.path.splitext(file)[1].lower())
    if expected and kind and expected != kind:
        found.append(Finding(file, 'wrong suffix', 'used by its content', f'it is {kind}'))
    return found
