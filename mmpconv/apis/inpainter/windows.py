"""Overlapping windows over the holes of a picture: what bounds memory, and keeps seams from being seen."""
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Window:
    """A part of a picture that a network sees at a time.

    Attributes:
        top, left, height, width: In pixels.
        above, beside: Rows and columns that it shares with the windows before it, over which it is faded in.
    """

    top: int
    left: int
    height: int
    width: int
    above: int
    beside: int

    @property
    def place(self) -> tuple[slice, slice]:
        """Where it is in an array whose first axes are rows and columns."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)

    def weight(self) -> np.ndarray:
        """How much its pixels count against those of the windows before it, ``(height, width)`` float32 in (0, 1]."""
        return np.outer(_ramp(self.height, self.above), _ramp(self.width, self.beside))


def windows_over(target: np.ndarray, side: int, overlap: int) -> list[Window]:
    """Windows that together see every pixel to be filled, from top left to bottom right.

    Args:
        target: ``(h, w)`` bool, what is to be filled.
        side: Height and width of a window; a picture that is smaller is one window.
        overlap: Least number of rows and columns that neighbours share, below ``side``, and that are seen around what
            is to be filled.

    Returns:
        list[Window]: Those of an even grid that hold pixels to be filled.
    """
    rows, columns = (_spans(target.any(axis), side, overlap) for axis in (1, 0))
    return [Window(top, left, height, width, above, beside)
            for top, height, above in rows for left, width, beside in columns
            if target[top:top + height, left:left + width].any()]


def _spans(needed: np.ndarray, side: int, overlap: int) -> list[tuple[int, int, int]]:
    """Start, length, and pixels shared with the span before, of evenly spread spans."""
    places = np.flatnonzero(needed)
    if len(places) == 0:
        return []
    side = min(side, len(needed))
    begin, end = max(0, int(places[0]) - overlap), min(len(needed), int(places[-1]) + 1 + overlap)
    missing = max(0, side - (end - begin))
    begin = min(max(0, begin - missing // 2), len(needed) - side)
    end = max(end, begin + side)
    count = max(1, -(-(end - begin - overlap) // (side - overlap))) if side > overlap else 1
    starts = np.linspace(begin, end - side, count).round().astype(int).tolist()
    return [(start, side, before + side - start if place else 0)
            for place, (before, start) in enumerate(zip([0, *starts], starts))]


def _ramp(length: int, rise: int) -> np.ndarray:
    return np.minimum(1, (np.arange(length, dtype=np.float32) + 1) / (rise + 1))
