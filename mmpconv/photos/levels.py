"""Samples that are levels of grey or of red, green and blue."""
from collections.abc import Sequence

import cv2
import numpy as np

from .coding import Coding


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
