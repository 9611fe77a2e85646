"""Before and after in one picture, and on a terminal."""
import cv2
import numpy as np
from PIL import Image
from rich.color import Color
from rich.segment import Segment, Segments
from rich.style import Style

from mmpconv.apis.networks import as_floats, from_floats

_SIDE = 960  # pixels of the longer side of each half
_GAP = 8
_MARK = np.array((255, 0, 144), np.uint8)  # a pink that photos hardly have


def before_after(color: np.ndarray, hole: np.ndarray, filled: np.ndarray) -> Image.Image:
    """Draw both: side by side, one above the other where photos are more than twice as wide as high.

    Args:
        color, filled: ``(h, w, 3)`` RGB, uint8, uint16, or float32 in [0, 1].
        hole: ``(h, w)`` bool; painted pink, and transparent enough to see what was there.
    """
    before, after, covered = _viewable(color), _viewable(filled), _viewable(hole * np.uint8(255))
    share = as_floats(covered)[..., None] * np.float32(0.7)
    before = (before * (1 - share) + _MARK * share).round().astype(np.uint8)
    h, w = after.shape[:2]
    stacked = w > 2 * h
    gap = np.full((_GAP, w, 3) if stacked else (h, _GAP, 3), 255, np.uint8)
    return Image.fromarray((np.vstack if stacked else np.hstack)([before, gap, after]))


def _viewable(picture: np.ndarray) -> np.ndarray:
    """Bytes, and no larger than is looked at."""
    h, w = picture.shape[:2]
    scale = _SIDE / max(h, w)
    if scale < 1:
        size = max(1, round(w * scale)), max(1, round(h * scale))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return from_floats(as_floats(picture), np.dtype(np.uint8))


def on_terminal(picture: Image.Image, columns: int, rows: int) -> Segments:
    """A picture as characters, each of which is the upper half of a cell in one colour and the lower in another.

    Args:
        picture: RGB. columns, rows: Of the terminal that it has to fit into.
    """
    scale = min(columns / picture.width, 2 * rows / picture.height)
    width, height = max(1, round(picture.width * scale)), max(2, round(picture.height * scale / 2) * 2)
    pixels = np.asarray(picture.resize((width, height), Image.Resampling.LANCZOS)).reshape(height // 2, 2, width, 3)
    segments = []
    for upper, lower in pixels.tolist():
        segments += [Segment('▀', Style(color=Color.from_rgb(*above), bgcolor=Color.from_rgb(*below)))
                     for above, below in zip(upper, lower)]
        segments.append(Segment.line())
    return Segments(segments)
