"""The parts of a photo that have to be looked at to fill its holes."""
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
        Region: From top left to bottom right.
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
    padded = np.zeros((rows * _BLOCK, columns * _BLOCK), bool)
    padded[:height, :width] = hole
    blocks = padded.reshape(rows, _BLOCK, columns, _BLOCK).any((1, 3))
    side = 2 * -(-reach // _BLOCK) + 1  # two groups are at least twice this reach apart
    groups = cv2.connectedComponents(cv2.dilate(blocks.astype(np.uint8), np.ones((side, side), np.uint8)))[1]
    y, x = np.nonzero(blocks)
    corners = np.zeros((groups.max() + 1, 4), int)
    corners[:, :2] = blocks.shape
    for column, (extreme, values) in enumerate(
            [(np.minimum, y), (np.minimum, x), (np.maximum, y + 1), (np.maximum, x + 1)]):
        extreme.at(corners[:, column], groups[y, x], values)
    boxes = (corners[1:] * _BLOCK).clip(max=[height, width, height, width])
    return groups, [(slice(top, bottom), slice(left, right)) for top, left, bottom, right in boxes.tolist()]


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
