"""Samples of other colour spaces."""
import numpy as np
from PIL import Image

from .coding import Coding
from .pillow_pixels import picture_of, pixels_of

MODES = ('CMYK', 'YCbCr')
_ROWS = 256


class ColorSpace(Coding):
    """CMYK or YCbCr, which Pillow converts to RGB and back, without an ICC profile.

    Args:
        mode: One of ``MODES``.
    """

    def __init__(self, mode: str):
        self._mode = mode

    def color(self, samples: np.ndarray) -> np.ndarray:
        color = np.empty((*samples.shape[:2], 3), np.uint8)
        for top in range(0, len(samples), _ROWS):  # few of Pillow's own copies at a time
            rows = slice(top, top + _ROWS)
            color[rows] = pixels_of(picture_of(samples[rows], self._mode).convert('RGB'))
        return color

    def alpha(self, samples: np.ndarray) -> None:
        return None

    def replace(self, samples: np.ndarray, hole: np.ndarray, color: np.ndarray, opaque: bool) -> None:
        samples[hole] = pixels_of(Image.fromarray(color[None]).convert(self._mode))[0]
