"""What the samples of a picture stand for."""
from abc import ABC, abstractmethod

import numpy as np


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
            color: `(n, 3)` RGB of the hole's pixels in row order, as of :meth:`color`.
            opaque: The pixels become opaque; else their transparency stays what it is.
        """
