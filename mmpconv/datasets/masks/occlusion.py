"""Occlusion masks: pixels that appear or vanish between two frames of a synthetic video (arXiv 1804.07723, 4.1)."""
import cv2
import numpy as np

from .canvas import Canvas, on_canvas

_FRAME = 192  # pixels, side of the synthetic video
_PIXEL = 1 << 12  # in the fixed-point coordinates of the rotation
_DILATION = (5, 49)  # pixels at a shorter side of 512; 5 is the thinnest in NVIDIA's test masks
_MOST_FRAMES = 4


@on_canvas(area_ratio_range=(0.01, 0.6))
def occlusion_mask(rng: np.random.Generator, canvas: Canvas) -> np.ndarray:
    """Ragged outlines, streaks and fragments of several scales, as in the paper's masks.

    The paper estimates occlusions between frames of videos, then dilates, rotates and crops them. Here the video is
    synthetic: layers (smooth bodies, polygons, textures such as fences and foliage) move over each other and deform
    smoothly, and the camera pans. A pixel of a layer that is seen in one of two frames only is a hole.

    All arithmetic is on integers, so that a seed gives the same mask on every machine. The default of the hole ratio is
    the range of the paper's test set; with None there may be no hole. At the margin holes are cut off, as the paper's.

    Args:
        rng, img_shape, area_ratio_range, border_free, border_margin: See :mod:`mmpconv.datasets.masks`.
    """
    size = canvas.size

    def draw():
        if canvas.area is None:
            return _dilate(_view(rng, size), _random_width(rng, *_DILATION), size)
        fewest, most = canvas.area
        changed = np.zeros(size, np.uint8)
        for _ in range(_MOST_FRAMES):
            changed |= _view(rng, size)
            thinnest, widest = _DILATION
            # Wider is more, so that each width that does not fit excludes others.
            while thinnest <= widest:
                width = _random_width(rng, thinnest, widest)
                mask = canvas.cut(_dilate(changed, width, size))
                area = int(mask.sum())
                if fewest <= area <= most:
                    return mask
                thinnest, widest = (width + 1, widest) if area < fewest else (thinnest, width - 1)
            if area > most:
                break
        return mask

    return canvas.mask(rng, draw)


def _random_width(rng: np.random.Generator, thinnest: int, widest: int) -> int:
    return int(rng.integers(thinnest, widest + 1, size=3).min())  # thin lines are more frequent


def _view(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """The pixels that change in a window of a video: `(h, w)` uint8."""
    return _rotate_and_crop(_changed_pixels(rng), size, rng)


def _changed_pixels(rng: np.random.Generator) -> np.ndarray:
    """`(_FRAME, _FRAME)` uint8: 1 where a pixel of one of two frames has no counterpart in the other."""
    changed, covered = np.zeros((2, _FRAME, _FRAME), np.uint8)
    for _ in range(rng.integers(3, 13)):  # from the nearest layer to the farthest
        before = _layer(rng)
        after = _move(before, rng)
        changed |= (before ^ after) & ~covered
        covered |= before & after
    if rng.integers(2):  # The camera pans: strips along the frame's sides come into view or leave it.
        for side in (changed, changed.T):
            strip = int(rng.integers(-3, 4))
            side[:max(strip, 0)] = 1
            side[_FRAME + min(strip, 0):] = 1
    return changed


def _layer(rng: np.random.Generator) -> np.ndarray:
    """Shape of an object: `(_FRAME, _FRAME)` uint8."""
    kind = rng.integers(6)
    centre, radius = rng.integers(_FRAME, size=2), int(rng.integers(_FRAME // 16, _FRAME // 3))
    if kind == 0:  # A smooth body: an ellipse whose radius varies.
        y, x = np.ogrid[:_FRAME, :_FRAME]
        stretch = rng.integers(2, 9, size=2)
        distance = (stretch[0] * (y - centre[0])**2 + stretch[1] * (x - centre[1])**2) // 4
        return (distance < (radius * (128 + _noise(rng, 7, 7).astype(np.int32)) // 160)**2).astype(np.uint8)
    shape = np.zeros((_FRAME, _FRAME), np.uint8)
    corners = centre[::-1] + rng.integers(-radius, radius + 1, size=(int(rng.integers(4, 10)), 2))
    cv2.fillConvexPoly(shape, cv2.convexHull(corners.astype(np.int32)), 1)
    if kind == 1:
        return shape
    # A texture: fence or foliage by the cells' shape, dense or sparse by the level.
    cells = [int(number) for number in rng.integers(4, 41, size=2)]
    return shape & (_noise(rng, *cells) > rng.integers(0, 80))


def _move(shape: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The object in the next frame: shifted, and smoothly deformed."""
    shift, bend, tremble = rng.integers(-3, 4, size=2), rng.integers(0, 6), rng.integers(0, 6)
    source = np.empty((_FRAME, _FRAME, 2), np.int16)  # x, y
    for axis, grid in enumerate(np.ogrid[:_FRAME, :_FRAME]):
        bent = (bend * _noise(rng, 6, 6) + tremble * _noise(rng, 32, 32)) >> 7
        source[..., 1 - axis] = grid + shift[axis] + bent
    return cv2.remap(shape, source, None, cv2.INTER_NEAREST)


def _noise(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Smooth noise of `rows x columns` cells: `(_FRAME, _FRAME)` int16 in [-128, 127]."""
    cells = rng.integers(0, 256, size=(rows, columns), dtype=np.uint8)
    # Of OpenCV's smooth interpolations, this one is promised to be the same on every machine.
    return cv2.resize(cells, (_FRAME, _FRAME), interpolation=cv2.INTER_LINEAR_EXACT).astype(np.int16) - 128


def _rotate_and_crop(changed: np.ndarray, size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """A window of the frame at a random angle and scale; nothing changes outside the frame."""
    # A point of the circle with rational coordinates: cosines differ in the last digit between machines.
    t = int(rng.integers(-64, 65))
    scale = int(rng.integers(_FRAME * 5 // 8, _FRAME + 1)) * _PIXEL // min(size)
    cosine, sine = (scale * part // (64 * 64 + t * t) for part in (64 * 64 - t * t, 128 * t))
    centre = [_FRAME // 2 + int(offset) for offset in rng.integers(-_FRAME // 5, _FRAME // 5, size=2)]
    y, x = np.ogrid[-(size[0] // 2):size[0] - size[0] // 2, -(size[1] // 2):size[1] - size[1] // 2]
    source = np.empty((*size, 2), np.int16)  # x, y
    for axis, moved in enumerate((cosine * x - sine * y, cosine * y + sine * x)):
        source[..., axis] = (moved // _PIXEL + centre[1 - axis]).clip(-1, _FRAME)
    window = cv2.remap(changed, source, None, cv2.INTER_NEAREST)
    flipped, mirrored = rng.integers(2, size=2)
    return np.ascontiguousarray(window[::1 - 2 * flipped, ::1 - 2 * mirrored])


def _dilate(changed: np.ndarray, width: int, size: tuple[int, int]) -> np.ndarray:
    """Dilation by a square with rounded corners, ``width`` pixels at a shorter side of 512."""
    width = max(width * min(size) // 512, 1)
    corner = width // 3
    for side, kind in ((width - corner, cv2.MORPH_RECT), (corner + 1, cv2.MORPH_ELLIPSE)):
        if side > 1:
            changed = cv2.dilate(changed, cv2.getStructuringElement(kind, (side, side)))
    return changed
