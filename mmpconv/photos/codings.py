"""Which coding a picture has."""
import numpy as np

from . import color_space
from .coding import Coding
from .color_space import ColorSpace
from .details import Picture
from .errors import PhotoError
from .levels import Levels
from .modes import DEEP, PILLOW
from .palette import Palette

_SLACK = 1e-3  # of floating-point arithmetic, around [0, 1]


def coding_of(picture: Picture) -> Coding:
    """What the samples of a picture stand for.

    Raises:
        PhotoError: That is not known; the message is what a sentence goes on with.
    """
    mode, details = picture.mode, picture.details
    if mode in ('P', 'PA'):
        return _palette(mode, *(details.palette or ('RGB', b'')), details.transparency)
    if mode in color_space.MODES:
        return ColorSpace(mode)
    if mode not in PILLOW + DEEP and not mode.endswith(';1'):
        raise PhotoError(f"pictures of Pillow's mode {mode} are not known; convert it first, for example to RGB")
    _check_range(picture.samples)
    return Levels(details.transparency)


def _palette(mode: str, order: str, palette: bytes, transparency: int | bytes | None) -> Palette:
    entries = np.frombuffer(palette, np.uint8).reshape(-1, len(order))
    if not len(entries):
        raise PhotoError('it has no palette')
    alphas = entries[:, 3].copy() if order == 'RGBA' else np.full(len(entries), 255, np.uint8)
    if isinstance(transparency, int) and transparency < len(entries):
        alphas[transparency] = 0
    elif isinstance(transparency, bytes) and mode == 'P':
        known = np.frombuffer(transparency, np.uint8)[:len(entries)]
        alphas[:len(known)] = known
    return Palette(entries[:, :3], alphas)


def _check_range(samples: np.ndarray) -> None:
    if samples.dtype.kind == 'f':
        low, high = np.fmin.reduce(samples, axis=None), np.fmax.reduce(samples, axis=None)  # NaN is no level
        if low < -_SLACK or high > 1 + _SLACK:
            raise PhotoError(f'its levels lie in [{low:g}, {high:g}], but those of floating point must lie in [0, 1]; '
                             'divide them by their largest possible value')
    elif samples.dtype == np.int32 and (samples.min() < 0 or samples.max() > 65535):
        raise PhotoError(f'its levels lie in [{samples.min()}, {samples.max()}], but grey of 32 bits must lie in '
                         '[0, 65535]')
