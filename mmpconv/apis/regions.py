"""Regions of a photo that are filled one after another, and the windows in which a network sees them."""
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

_BLOCK = 8  # pixels: holes are grouped on a mask that is smaller by this factor


@dataclass(frozen=True)
class Region:
    """Holes that lie close to each other, and the pixels around them.

    Attributes:
        place: Rows and columns of the photo.
        hole: ``(h, w)`` bool, these holes.
        blind: ``(h, w)`` bool, pixels of no known colour that are not to be filled here: holes of other regions.
        deepest: Greatest distance of one of its hole pixels from a valid one, in pixels.
        halvings: How often the region has to be halved until no hole is too deep for the network.
    """

    place: tuple[slice, slice]
    hole: np.ndarray
    blind: np.ndarray
    deepest: float
    halvings: int


def find_regions(hole: np.ndarray, hidden: np.ndarray | None, size: int,
                 depth: float | None) -> Iterator[Region]:
    """Holes in groups that see nothing of each other.

    The time that all this takes depends on the photo's size by one pass over the mask.

    Args:
        hole: ``(H, W)`` bool, of the photo.
        hidden: ``(H, W)`` bool, further pixels of no known colour; or None.
        size: Side of the photos that the network was trained on, in pixels. A region is no smaller where the photo
            allows it.
        depth: Distance in pixels from the nearest valid one up to which the network fills well; or None:
            nothing is halved.

    Yields:
        Region: One for each group.
    """
    context = size // 2
    groups, boxes = _groups(hole, context)
    for number, box in enumerate(boxes, 1):
        inside = _of_group(hole, groups, number, box)
        deepest = _deepest(inside, box, hole.shape)
        halvings = 0 if depth is None else max(0, int(np.ceil(np.log2(max(deepest, 1) / depth))))
        place = _grow(box, hole.shape, context << halvings, size << halvings)
        mine = _of_group(hole, groups, number, place)
        blind = hole[place] & ~mine
        if hidden is not None:
            blind |= hidden[place] & ~mine
        yield Region(place, mine, blind, deepest, halvings)


def depth_of(unknown: np.ndarray) -> np.ndarray:
    """Distance of each unknown pixel to the nearest known one.

    Args:
        unknown: ``(h, w)`` bool.

    Returns:
        np.ndarray: ``(h, w)`` float32 in pixels, 0 where the pixel is known; huge where none is.
    """
    return cv2.distanceTransform(unknown.astype(np.uint8), cv2.DIST_L2, 5)


def _groups(hole: np.ndarray, reach: int) -> tuple[np.ndarray, list[tuple[slice, slice]]]:
    """Number of its group at each block of the photo, and rows and columns of the holes of each group, in pixels."""
    height, width = hole.shape
    rows, columns = -(-height // _BLOCK), -(-width // _BLOCK)
    whole = np.pad(hole, ((0, rows * _BLOCK - height), (0, columns * _BLOCK - width)))
    near = -(-reach // _BLOCK)  # two groups are at least twice this far apart
    # So much room around that the box of a group is that of its holes, grown by it.
    blocks = np.pad(whole.reshape(rows, _BLOCK, columns, _BLOCK).any((1, 3)), near)
    grown = cv2.dilate(blocks.astype(np.uint8), np.ones((2 * near + 1, 2 * near + 1), np.uint8))
    _, groups, boxes, _ = cv2.connectedComponentsWithStats(grown)
    starts = boxes[1:, 1::-1] * _BLOCK
    stops = np.minimum(starts + (boxes[1:, 3:1:-1] - 2 * near) * _BLOCK, hole.shape)
    places = [tuple(map(slice, start, stop)) for start, stop in zip(starts.tolist(), stops.tolist())]
    return groups[near:near + rows, near:near + columns], places


def _of_group(hole: np.ndarray, groups: np.ndarray, number: int, place: tuple[slice, slice]) -> np.ndarray:
    blocks = tuple(slice(part.start // _BLOCK, -(-part.stop // _BLOCK)) for part in place)
    inside = groups[blocks] == number
    for axis, part in enumerate(place):
        inside = inside.repeat(_BLOCK, axis)
        start = part.start % _BLOCK
        inside = inside.take(range(start, start + part.stop - part.start), axis)
    return hole[place] & inside


def _deepest(hole: np.ndarray, box: tuple[slice, slice], shape: tuple[int, int]) -> float:
    # Around a box is something valid, except beyond the photo's border.
    frame = [[int(part.start > 0), int(part.stop < length)] for part, length in zip(box, shape)]
    # A photo of which nothing is valid has no depth; its own size bounds it.
    return min(float(depth_of(np.pad(hole, frame)).max()), max(shape))


def _grow(box: tuple[slice, slice], shape: tuple[int, int], margin: int, least: int) -> tuple[slice, slice]:
    grown = []
    for part, length in zip(box, shape):
        missing = max(2 * margin, least - (part.stop - part.start))
        start = max(0, part.start - missing // 2)
        stop = min(length, max(part.stop + missing - missing // 2, start + least))
        grown.append(slice(max(0, min(start, stop - least)), stop))
    return grown[0], grown[1]


@dataclass(frozen=True)
class Window:
    """A part of a picture that a network sees at a time.

    Attributes:
        place: Rows and columns where it is.
        weight: How much its pixels count where windows overlap, ``(rows, columns)`` float32 in (0, 1]: less and less
            towards a side that it shares with a neighbour.
    """

    place: tuple[slice, slice]
    weight: np.ndarray

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
    return [Window((high, wide), np.outer(vertical, horizontal))
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
