"""What was painted on a photo in the browser, as a mask of the photo's own size."""
import itertools
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

MAX_POINTS = 200_000


# OpenCV takes coordinates with this many binary digits after the point.
_SHIFT = 4


class StrokesError(ValueError):
    """No browser's page sends such strokes."""



@dataclass(frozen=True)
class Stroke:
    """One movement of the brush.

    Attributes:
        size: Diameter of the brush in pixels of the photo.
        erases: Whether it takes from the hole instead of adding to it.
        points: `(x, y)` of the brush's centre in pixels of the photo; the photo's corner, not the centre of its first
            pixel, is `(0, 0)`.
    """

    size: float
    erases: bool
    points: Sequence[tuple[float, float]]


def read_strokes(text: str, shape: tuple[int, int]) -> list[Stroke]:
    """Read what the page sends.

    Args:
        text: JSON, a list of ``{"size", "erases", "points"}``.
        shape: `(h, w)` of the photo.

    Raises:
        StrokesError: It is something else, has too many points, or a brush that is larger than the photo.
    """
    try:
        strokes = [_read_stroke(stroke) for stroke in json.loads(text or '[]')]
    except (TypeError, KeyError, ValueError, RecursionError, OverflowError):
        raise StrokesError('the painted strokes cannot be read; reload the page') from None
    if sum(len(stroke.points) for stroke in strokes) > MAX_POINTS:
        raise StrokesError(f'there are more than {MAX_POINTS} points in the painted strokes; press Fill earlier, or '
                           'make a mask in a painting program')
    if any(stroke.size > 2 * max(shape) for stroke in strokes):
        raise StrokesError('the brush is larger than the photo; reload the page')
    return strokes


def _read_stroke(stroke: dict) -> Stroke:
    points = [(float(x), float(y)) for x, y in stroke['points']]
    size = float(stroke['size'])
    if not (points and size > 0 and all(map(math.isfinite, (size, *itertools.chain(*points))))):
        raise ValueError
    return Stroke(size, bool(stroke['erases']), points)


def paint(hole: np.ndarray, strokes: Sequence[Stroke]) -> np.ndarray:
    """Paint strokes on a mask, one over the other.

    Args:
        hole: `(h, w)` bool, what was there before; stays as it is.
        strokes: Brushes are round, their rims hard: a pixel is in or out.

    Returns:
        `(h, w)` bool.
    """
    canvas = hole.astype(np.uint8)
    # What lies further outside leaves no mark, and OpenCV's fixed-point numbers are not endless.
    reach = 4 * max(hole.shape)
    for stroke in strokes:
        # OpenCV draws no line to nowhere; a click is a line from a point to itself.
        points = [stroke.points[0], *stroke.points]
        centres = np.clip(points, -reach, reach) - 0.5
        fixed = np.round(centres * 2**_SHIFT).astype(np.int32)[:, None]
        cv2.polylines(canvas, [fixed], False, 0 if stroke.erases else 1, max(1, round(stroke.size)), cv2.LINE_8, _SHIFT)
    return canvas.astype(bool)
