"""Names of what samples mean: Pillow's modes, and their like for what Pillow cannot hold.

Pillow has no colour of more than 8 bits a channel. ``'RGB;16'`` is 16-bit RGB, ``'RGBA;32F'`` is RGBA of float32, and
so on.
"""
import numpy as np

from .errors import PhotoError

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
