"""What a network has to offer so that holes can be filled with it."""
from abc import ABC, abstractmethod

import numpy as np


class FillingNetwork(ABC):
    """Fills the holes of small pictures, whatever runs it.

    Attributes:
        size: Side of the photos that it was trained on, in pixels.
        device: Where it runs, as torch names it.
    """

    size: int
    device: str

    @abstractmethod
    def __call__(self, images: np.ndarray, holes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Fill. May be called by several threads at a time.

        Args:
            images: ``(n, h, w, 3)`` float32, RGB in [0, 1]; what they hold in the holes has no effect.
            holes: ``(n, h, w)`` bool, True = hole.

        Returns:
            tuple[np.ndarray, np.ndarray]: ``(n, h, w, 3)`` float32, RGB in [0, 1]; only the pixels of the holes mean
            anything. And ``(n, h, w)`` bool, False where the network is too shallow to have seen anything valid.
        """
