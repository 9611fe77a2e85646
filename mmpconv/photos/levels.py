"""Pixel values of a file and the levels that a network sees."""
from abc import ABC, abstractmethod
from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image

from .details import Picture
from .formats import DEEP, PILLOW, PhotoError

_STRIP = 256  # rows: few of Pillow's own copies at a time
_INDICES = 256  # of a palette
_SLACK = 1e-3  # of floating-point arithmetic, around [0, 1]
_BYTE_ORDERS = {'I;16': '<', 'I;16L': '<', 'I;16B': '>'}


def pixels_of(image: Image.Image) -> np.ndarray:
    """The samples of a picture: `(h, w)` or `(h, w, c)`.

    In strips, because NumPy takes a picture by way of two more copies of all that it is asked for.
    """
    width, height = image.size
    strips = (np.asarray(image.crop((0, top, width, min(top + _STRIP, height)))) for top in range(0, height, _STRIP))
    first = next(strips)
    pixels = np.empty((height, *first.shape[1:]), first.dtype)
    pixels[:_STRIP] = first
    for number, strip in enumerate(strips, start=1):
        pixels[number * _STRIP:(number + 1) * _STRIP] = strip
    return pixels


def picture_of(samples: np.ndarray, mode: str) -> Image.Image:
    """The inverse of :func:`pixels_of`."""
    if mode == '1':
        return Image.fromarray(np.ascontiguousarray(samples))
    in_order = samples.astype(samples.dtype.newbyteorder(_BYTE_ORDERS.get(mode, '=')), copy=False)
    return Image.frombytes(mode, samples.shape[1::-1], in_order.tobytes())


def is_cut_down(image: Image.Image) -> bool:
    """True if Pillow will decode only 8 bits of the 16 that an opened file has for each colour."""
    return image.mode in ('LA', 'RGB', 'RGBA') and any(';16' in str(tile[3]) for tile in getattr(image, 'tile', ()))


class Coding(ABC):
    """From samples to colours and back. Samples are arrays, or views of them, `(h, w)` or `(h, w, c)`."""

    @abstractmethod
    def color(self, samples: np.ndarray) -> np.ndarray:
        """`(h, w, 3)` RGB, uint8, uint16, or float32 in [0, 1]; may be a view."""

    @abstractmethod
    def alpha(self, samples: np.ndarray) -> np.ndarray | None:
        """`(h, w)` of an unsigned dtype, bool, or float: from 0, transparent, to the dtype's largest or 1, opaque.

        None if there is no transparency.
        """

    def hidden(self, samples: np.ndarray) -> np.ndarray | None:
        """`(h, w)` bool: pixels whose colour means nothing; None if the coding has no such pixels."""
        alpha = self.alpha(samples)
        return None if alpha is None else alpha == 0

    @abstractmethod
    def replace(self, samples: np.ndarray, hole: np.ndarray, color: np.ndarray, opaque: bool) -> None:
        """Give the samples in a hole other colours, in place.

        Args:
            samples: Written to where ``hole`` is True, nowhere else.
            hole: `(h, w)` bool, with at least one True.
            color: `(n, 3)` RGB of the hole's pixels in row order, see :meth:`color`.
            opaque: The pixels become opaque; else their transparency stays what it is.
        """


class Palette(Coding):
    """Indices `(h, w)`, or indices and alpha `(h, w, 2)`, uint8.

    Colours become the nearest ones of the palette that are as transparent as the pixel is.

    Args:
        colors: `(n, 3)` uint8 RGB. Indices from n on are black.
        alphas: `(n,)` uint8; 0 is transparent.
    """

    def __init__(self, colors: np.ndarray, alphas: np.ndarray):
        self._entries = len(colors)
        self._colors = np.zeros((_INDICES, 3), np.uint8)
        self._colors[:self._entries] = colors
        self._alphas = np.full(_INDICES, 255, np.uint8)
        self._alphas[:self._entries] = alphas

    def color(self, samples: np.ndarray) -> np.ndarray:
        return self._colors[samples if samples.ndim == 2 else samples[..., 0]]

    def alpha(self, samples: np.ndarray) -> np.ndarray | None:
        if samples.ndim == 3:
            return samples[..., 1]
        return None if (self._alphas == 255).all() else self._alphas[samples]

    def replace(self, samples: np.ndarray, hole: np.ndarray, color: np.ndarray, opaque: bool) -> None:
        if samples.ndim == 3:
            samples[hole, 0] = self._nearest(color, np.arange(self._entries))
            if opaque:
                samples[hole, 1] = 255
            return
        indices = samples[hole]
        alphas = self._alphas[indices]
        if opaque:
            alphas[:] = self._alphas[:self._entries].max()
        for alpha in np.unique(alphas):
            of_it = alphas == alpha
            entries = np.flatnonzero(self._alphas[:self._entries] == alpha)
            if len(entries) and (alpha or opaque):  # a transparent pixel has no colour to be changed
                indices[of_it] = self._nearest(color[of_it], entries)
        samples[hole] = indices

    def _nearest(self, color: np.ndarray, entries: np.ndarray) -> np.ndarray:
        """Those of the entries that are nearest to `(n, 3)` colours, in RGB."""
        _, nearest = cv2.batchDistance(color, self._colors[entries], cv2.CV_32F, normType=cv2.NORM_L2SQR, K=1)
        return entries[nearest[:, 0]].astype(np.uint8)


class Levels(Coding):
    """Grey, grey and alpha, RGB, or RGBA; bool, uint8, 16-bit, or float in [0, 1].

    Grey is shown as three equal colours, and colours become grey as their luma (ITU-R BT.601). NaN, as a level, is
    a pixel whose colour means nothing.

    Args:
        transparent: Level or levels that stand for a transparent pixel, as PNG files without an alpha channel may have.
    """

    def __init__(self, transparent: int | Sequence[int] | None = None):
        self._transparent = None if transparent is None else np.atleast_1d(transparent)

    def color(self, samples: np.ndarray) -> np.ndarray:
        levels, _ = _split(samples)
        if levels.dtype == bool:
            levels = levels * np.uint8(255)
        elif levels.dtype.kind in 'iu' and levels.dtype != np.uint8:
            levels = levels.astype(np.uint16, copy=False)
        elif levels.dtype.kind == 'f':
            levels = np.clip(np.nan_to_num(levels.astype(np.float32, copy=False)), 0, 1)
        return np.broadcast_to(levels, (*levels.shape[:2], 3))

    def alpha(self, samples: np.ndarray) -> np.ndarray | None:
        levels, alpha = _split(samples)
        if self._transparent is not None:
            return (levels != self._transparent.astype(levels.dtype)).any(2)
        return alpha

    def hidden(self, samples: np.ndarray) -> np.ndarray | None:
        hidden = super().hidden(samples)
        if samples.dtype.kind == 'f' and (unknown := np.isnan(_split(samples)[0]).any(2)).any():
            hidden = unknown if hidden is None else hidden | unknown
        return hidden

    def replace(self, samples: np.ndarray, hole: np.ndarray, color: np.ndarray, opaque: bool) -> None:
        levels, alpha = _split(samples)
        if self._transparent is not None and not opaque:
            kept = self.hidden(samples)[hole]
            hole, color = hole.copy(), color[~kept]
            hole[hole] = ~kept
        if len(color) == 0:
            return
        if levels.shape[2] == 1:
            color = cv2.cvtColor(color[:, None], cv2.COLOR_RGB2GRAY)
        color = (color > 127 if levels.dtype == bool else color).astype(levels.dtype).reshape(-1, levels.shape[2])
        if self._transparent is not None:
            _keep_off(color, self._transparent.astype(levels.dtype))
        levels[hole] = color
        if opaque and alpha is not None:
            alpha[hole] = np.iinfo(alpha.dtype).max if alpha.dtype.kind == 'u' else 1


def _split(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Views: levels `(h, w, 1 or 3)`, and alpha `(h, w)` or None."""
    if samples.ndim == 2:
        return samples[..., None], None
    has_alpha = samples.shape[2] in (2, 4)
    return (samples[..., :-1], samples[..., -1]) if has_alpha else (samples, None)


def _keep_off(levels: np.ndarray, transparent: np.ndarray) -> None:
    """Change by one level the `(n, c)` colours that would be taken for transparent pixels."""
    level = transparent[-1].item()
    last = not level if levels.dtype == bool else level + (-1 if level else 1)
    levels[(levels == transparent).all(1), -1] = last


class ColorSpace(Coding):
    """CMYK or YCbCr, which Pillow converts to RGB and back, without an ICC profile.

    Args:
        mode: One of these two.
    """

    def __init__(self, mode: str):
        self._mode = mode

    def color(self, samples: np.ndarray) -> np.ndarray:
        color = np.empty((*samples.shape[:2], 3), np.uint8)
        for top in range(0, len(samples), _STRIP):
            rows = slice(top, top + _STRIP)
            color[rows] = pixels_of(picture_of(samples[rows], self._mode).convert('RGB'))
        return color

    def alpha(self, samples: np.ndarray) -> None:
        return None

    def replace(self, samples: np.ndarray, hole: np.ndarray, color: np.ndarray, opaque: bool) -> None:
        samples[hole] = pixels_of(Image.fromarray(color[None]).convert(self._mode))[0]


def coding_of(picture: Picture) -> Coding:
    """The meaning of the samples of a picture.

    Raises:
        PhotoError: That is not known; the message is what a sentence goes on with.
    """
    mode, details = picture.mode, picture.details
    if mode in ('P', 'PA'):
        return _palette(mode, *(details.palette or ('RGB', b'')), details.transparency)
    if mode in ('CMYK', 'YCbCr'):
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
