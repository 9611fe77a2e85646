"""Formats of pictures, and the errors and limits of reading them.

Names of what samples mean: Pillow's modes, and their like for what Pillow cannot hold.

Pillow has no colour of more than 8 bits a channel. ``'RGB;16'`` is 16-bit RGB, ``'RGBA;32F'`` is RGBA of float32, and
so on.
"""
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mmpconv.remedies import Mendable

from .details import Picture


class PhotoError(Mendable, ValueError):
    """A photo or a mask that the user has to act on; see :class:`~mmpconv.remedies.Mendable`."""


class UnreadableImageError(PhotoError):
    """A file that should be a picture cannot be decoded.

    Args:
        filename: The file.
        reason: The fault, as the end of a sentence.
        remedy: See :class:`PhotoError`.
    """

    def __init__(self, filename: str, reason: str, remedy: Mapping[str, Any] | None = None):
        super().__init__(f'cannot read the image {filename}: {reason}', remedy)
        self.filename, self.reason = filename, reason

    def __reduce__(self):  # DataLoader workers send their errors to the main process
        return type(self), (self.filename, self.reason, self.remedy)


class PhotoWarning(Mendable, UserWarning):
    """Something to know about a photo or a mask that is used all the same.

    Args:
        message, remedy: See :class:`~mmpconv.remedies.Mendable`.
        kind: The same of any photo, for one line about many of them.
    """

    def __init__(self, message: str = '', remedy: Mapping[str, Any] | None = None, kind: str = ''):
        super().__init__(message, remedy)
        self.kind = kind


MAX_PIXELS = 89_478_485
"""Photos and masks of more pixels are refused unless another limit is given: Pillow's own limit, 89 megapixels."""


def check_size(size: tuple[int, int], max_pixels: int) -> None:
    """Refuse what has more pixels than a user wants to have decoded.

    Args:
        size: Width and height, as the file's header says.
    """
    if size[0] * size[1] > max_pixels:
        raise PhotoError(f'it has {size[0]} x {size[1]} pixels, more than the limit of {max_pixels}; scale it down',
                         {'max_pixels': size[0] * size[1]})


def check_frames(frames: int) -> None:
    """Refuse animations and files of several pages."""
    if frames > 1:
        raise PhotoError(f'it has {frames} frames or pages; save the one that is meant as a picture of its own')


_BY_CHANNELS = {1: 'L', 2: 'LA', 3: 'RGB', 4: 'RGBA'}
_BY_DTYPE = {'bool': ';1', 'uint8': '', 'uint16': ';16', 'float32': ';32F', 'float64': ';64F'}
_OF_PILLOW = {'L;1': '1', 'L;16': 'I;16', 'L;32F': 'F'}
PILLOW = ('1', 'L', 'LA', 'P', 'PA', 'RGB', 'RGBA', 'CMYK', 'YCbCr', 'I;16', 'I;16L', 'I;16B', 'I', 'F')
DEEP = tuple(f'{base}{depth}' for base in _BY_CHANNELS.values() for depth in (';16', ';32F', ';64F')
             if f'{base}{depth}' not in _OF_PILLOW)
_WORDS = {'1': 'black and white', 'I': '32-bit grey', 'F': 'float32 grey', 'P': 'palette colours',
          'PA': 'palette colours with alpha'}
_BASES = {'L': 'grey', 'I': 'grey', 'LA': 'grey with alpha'}
_DEPTHS = {'': '8-bit', '1': '1-bit', '32F': 'float32', '64F': 'float64'}


def mode_of(samples: np.ndarray) -> str:
    """The mode of samples that are grey or colour levels.

    Args:
        samples: `(h, w)` or `(h, w, 1 to 4)`: grey, grey and alpha, RGB, RGBA.

    Raises:
        PhotoError: Their dtype has no known range.
    """
    if samples.dtype.name not in _BY_DTYPE:
        raise PhotoError(f'the range of levels of dtype {samples.dtype} is not known; give uint8, uint16, bool, or '
                         'float32 or float64 in [0, 1], for example array.astype(np.uint8)')
    mode = _BY_CHANNELS[1 if samples.ndim == 2 else samples.shape[2]] + _BY_DTYPE[samples.dtype.name]
    return _OF_PILLOW.get(mode, mode)


def in_words(mode: str) -> str:
    """For messages: ``'16-bit RGB'``."""
    base, _, depth = mode.partition(';')
    return _WORDS.get(mode) or f'{_DEPTHS.get(depth, "16-bit")} {_BASES.get(base, base)}'


_BASIC = ('1', 'L', 'P', 'RGB')
GREY_16 = ('I;16', 'I;16L', 'I;16B', 'I')


@dataclass(frozen=True)
class Format:
    """A file format as this package writes it.

    Args:
        name: Pillow's.
        suffixes: The usual one first.
        modes: Modes whose samples are read back as they were written; of a lossy format, about so.
        is_lossless: They are the same bit for bit.
        holds_details: It holds an ICC profile and EXIF data.
        transparent_modes: Modes in which a level or palette index can stand for transparent pixels.
    """
    name: str
    suffixes: tuple[str, ...]
    modes: tuple[str, ...]
    is_lossless: bool = True
    holds_details: bool = True
    transparent_modes: tuple[str, ...] = ()

    def holds(self, picture: Picture) -> bool:
        """True if a file of this format can show the picture as it is."""
        details = picture.details
        return (picture.mode in self.modes and (self.holds_details or details.orientation == 1)
                and (details.transparency is None or picture.mode in self.transparent_modes))


PNG = Format('PNG', ('.png', ), (*_BASIC, 'LA', 'RGBA', *GREY_16, 'LA;16', 'RGB;16', 'RGBA;16'),
             transparent_modes=(*_BASIC, *GREY_16, 'RGB;16'))
TIFF = Format('TIFF', ('.tif', '.tiff'), (*_BASIC, 'LA', 'PA', 'RGBA', 'CMYK', *GREY_16, 'F', *DEEP))
FORMATS = (
    PNG,
    TIFF,
    Format('JPEG', ('.jpg', '.jpeg'), ('L', 'RGB', 'CMYK', 'YCbCr'), is_lossless=False),
    Format('WEBP', ('.webp', ), ('RGB', 'RGBA')),
    Format('BMP', ('.bmp', ), _BASIC, holds_details=False),
    Format('GIF', ('.gif', ), ('P', ), holds_details=False, transparent_modes=('P', )),
    Format('PPM', ('.ppm', ), ('RGB', ), holds_details=False),
    Format('PPM', ('.pgm', ), ('L', *GREY_16), holds_details=False),
    Format('PPM', ('.pbm', ), ('1', ), holds_details=False),
)
BY_SUFFIX = {suffix: format for format in FORMATS for suffix in format.suffixes}


def format_for(picture: Picture, suffix: str, filename: str) -> Format:
    """The format of a suffix.

    Args:
        filename: For the message.

    Raises:
        PhotoError: It is not known, or cannot hold the picture.
    """
    if suffix.lower() not in BY_SUFFIX:
        raise PhotoError(f'{filename} cannot be written: its suffix must be one of {", ".join(BY_SUFFIX)}')
    format = BY_SUFFIX[suffix.lower()]
    if not format.holds(picture):
        fitting = [format.suffixes[0] for format in FORMATS if format.holds(picture)]
        details = picture.details
        what = in_words(picture.mode) + (' with transparency' if details.transparency is not None else '') + (
            f' turned by EXIF orientation {details.orientation}' if details.orientation != 1 else '')
        raise PhotoError(f'{filename} cannot be written: {format.name} files cannot hold {what}; '
                         + (f'take {" or ".join(fitting)}' if fitting else 'convert the picture to 8 bits first'))
    return format


def lossless_suffix(picture: Picture) -> str:
    """The suffix of the picture's own format if that holds it without loss, else of PNG, or of TIFF."""
    own = [format for format in FORMATS if format.name == picture.details.format and format.is_lossless]
    return next((format.suffixes[0] for format in (*own, PNG) if format.holds(picture)), TIFF.suffixes[0])
