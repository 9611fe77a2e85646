"""Overlapping windows over the holes of a picture: what bounds memory, and keeps seams from being seen."""
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Window:
    """A part of a picture that a network sees at a time.

    Attributes:
        rows, columns: Where it is.
        weight: How much its pixels count where windows overlap, ``(rows, columns)`` float32 in (0, 1]: less and less
            towards a side that it shares with a neighbour.
    """

    rows: slice
    columns: slice
    weight: np.ndarray

    @property
    def place(self) -> tuple[slice, slice]:
        """Where it is in an array whose first axes are rows and columns."""
        return self.rows, self.columns

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.weight.shape


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
    return [Window(high, wide, np.outer(vertical, horizontal))
            for high, vertical in rows for wide, horizontal in columns if target[high, wide].any()]


def _spans(needed: np.ndarray, side: int, overlap: int) -> list[tuple[slice, np.ndarray]]:
    """Evenly spread spans over what is needed of a line, and the weights along them."""
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
    spans = []
    for place, start in enumerate(starts):
        rise = starts[place - 1] + side - start if place else 0
        fall = start + side - starts[place + 1] if place + 1 < count else 0
        spans.append((slice(start, start + side), np.minimum(_ramp(side, rise), _ramp(side, fall)[::-1])))
    return spans


def _ramp(length: int, rise: int) -> np.ndarray:
    return np.minimum(1, (np.arange(length, dtype=np.float32) + 1) / (rise + 1))
