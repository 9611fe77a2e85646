"""Samples that are indices of a palette."""
import cv2
import numpy as np

from .coding import Coding

_SIZE = 256


class Palette(Coding):
    """Indices `(h, w)`, or indices and alpha `(h, w, 2)`, uint8.

    Colours become the nearest ones of the palette that are as transparent as the pixel is.

    Args:
        colors: `(n, 3)` uint8 RGB. Indices from n on are black.
        alphas: `(n,)` uint8; 0 is transparent.
    """

    def __init__(self, colors: np.ndarray, alphas: np.ndarray):
        self._entries = len(colors)
        self._colors = np.zeros((_SIZE, 3), np.uint8)
        self._colors[:self._entries] = colors
        self._alphas = np.full(_SIZE, 255, np.uint8)
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
        """Which of the entries are nearest to `(n, 3)` colours, in RGB."""
        _, nearest = cv2.batchDistance(color, self._colors[entries], cv2.CV_32F, normType=cv2.NORM_L2SQR, K=1)
        return entries[nearest[:, 0]].astype(np.uint8)
