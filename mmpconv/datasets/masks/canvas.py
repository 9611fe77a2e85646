"""The image in which holes are drawn: its size, its frame, and how many hole pixels there are to be."""
import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from inspect import Parameter, Signature, signature
from numbers import Real

import cv2
import numpy as np

from .arguments import image_size, interior, interior_margin

MAX_DRAWS = 20


@dataclass(frozen=True)
class Canvas:
    """An image in which holes are drawn.

    Attributes:
        size: `(h, w)` in pixels.
        margin: Width in pixels of the frame that holes keep off.
        area: Fewest and most hole pixels, both included; None: as it comes.
    """
    size: tuple[int, int]
    margin: int = 0
    area: tuple[int, int] | None = None

    def cut(self, mask: np.ndarray) -> np.ndarray:
        """A mask `(h, w)` without what juts out into the frame."""
        return mask * interior(self.size, self.margin) if self.margin else mask

    def mask(self, rng: np.random.Generator, draw: Callable[[], np.ndarray]) -> np.ndarray:
        """A mask `(h, w, 1)` of what ``draw`` draws, `(h, w)` uint8, cut off at the frame and of the wanted area."""
        def cut():
            return self.cut(draw())

        return (cut() if self.area is None else with_hole_area(cut, rng, *self.area, self.margin))[..., None]


def on_canvas(area_ratio_range: tuple[float, float] | None = None) -> Callable[[Callable], Callable]:
    """Give a function the arguments that all drawers of holes have; see :mod:`mmpconv.datasets.masks`.

    It is written as ``f(rng, canvas, ...)`` and called as ``f(rng, img_shape, ..., area_ratio_range, border_free,
    border_margin)``, of which the :class:`Canvas` is made.

    Args:
        area_ratio_range: The default.
    """
    def named(name: str, *default) -> Parameter:
        return Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, default=default[0] if default else Parameter.empty)

    def decorate(function: Callable) -> Callable:
        rng, _, *own = signature(function).parameters.values()
        called = Signature([rng, named('img_shape'), *own, named('area_ratio_range', area_ratio_range),
                            named('border_free', False), named('border_margin', None)])

        @functools.wraps(function)
        def draw(*args, **kwargs):
            try:
                given = called.bind(*args, **kwargs)
            except TypeError as error:
                raise TypeError(f'{function.__name__}() {error}') from None
            given.apply_defaults()
            rng, img_shape, *own, ratio, border_free, border_margin = given.args
            size = image_size(img_shape)
            margin = interior_margin(size, border_free, border_margin)
            area = None if ratio is None else hole_area_range(size, ratio, margin)
            return function(rng, Canvas(size, margin, area), *own)

        draw.__signature__ = called
        return draw

    return decorate


def hole_area_range(size: tuple[int, int], area_ratio_range: Sequence[float],
                    margin: int = 0) -> tuple[int, int]:
    """Smallest and largest number of hole pixels whose ratio is in a closed interval.

    A mask is never empty and never all hole, whatever the interval says.

    Args:
        size: `(h, w)` in pixels; the ratio is relative to all of it.
        area_ratio_range: `(min, max)`, 0 <= min <= max <= 1, both ends included.
        margin: Width of the frame in which no hole may lie, in pixels.

    Raises:
        ValueError: The interval is none, or no mask can be in it.
    """
    if isinstance(area_ratio_range, (str, Real)) or len(area_ratio_range) != 2:
        raise TypeError(f'area_ratio_range must be (min, max), got {area_ratio_range!r}')
    low, high = map(float, area_ratio_range)  # of NumPy's numbers, comparisons cannot be subtracted
    if not 0 <= low <= high <= 1:
        raise ValueError(f'area_ratio_range must be 0 <= min <= max <= 1, got {area_ratio_range!r}')
    pixels = size[0] * size[1]
    fewest, most = math.ceil(low * pixels), math.floor(high * pixels)
    # `low * pixels` is rounded; `count / pixels` is what a user computes, so that decides.
    fewest += (fewest / pixels < low) - (fewest > 0 and (fewest - 1) / pixels >= low)
    most += ((most + 1) / pixels <= high) - (most / pixels > high)
    room = (size[0] - 2 * margin) * (size[1] - 2 * margin)
    fewest, most = max(fewest, 1), min(most, room, pixels - 1)
    if fewest > most:
        off_border = f' with holes {margin} pixels off the border' if margin else ''
        raise ValueError(f'no mask of {size[0]} x {size[1]} pixels{off_border} has a hole ratio in '
                         f'{area_ratio_range!r}: at least {fewest} hole pixels are needed and at most '
                         f'{most} are possible; widen area_ratio_range or choose a smaller margin')
    return fewest, most


def with_hole_area(draw: Callable[[], np.ndarray], rng: np.random.Generator, fewest: int, most: int,
                   margin: int) -> np.ndarray:
    """Draw until the hole area fits; after :data:`MAX_DRAWS` repair the nearest draw.

    While draws fit, this is the distribution of ``draw`` given that the area
    fits. The repair unites further draws with a hole that is too small, then
    brings the area to a number drawn from the interval with :func:`fit_hole_area`.

    Args:
        draw: Returns `(h, w)` uint8, 1 = hole, empty in the frame of ``margin`` pixels.
        rng: For the repair.
        fewest: Smallest area in pixels.
        most: Largest area in pixels.
        margin: Frame in which the repair makes no hole.
    """
    nearest, distance = None, math.inf
    for _ in range(MAX_DRAWS):
        mask = draw()
        area = int(mask.sum())
        miss = max(fewest - area, area - most, 0)
        if miss == 0:
            return mask
        if miss < distance:
            nearest, distance = mask, miss
    for _ in range(MAX_DRAWS):
        if nearest.sum() >= fewest:
            break
        nearest = nearest | draw()
    if fewest <= nearest.sum() <= most:
        return nearest
    target = int(rng.integers(fewest, most, endpoint=True))
    return fit_hole_area(nearest, target, interior(nearest.shape, margin))


def fit_hole_area(mask: np.ndarray, area: int, allowed: np.ndarray | None = None) -> np.ndarray:
    """Dilate or erode a hole to an exact number of pixels.

    Args:
        mask: `(h, w)` uint8, 1 = hole.
        area: Wanted number of hole pixels, at most the number of allowed ones.
        allowed: `(h, w)` bool, where a hole may be; everywhere by default.

    Returns:
        `(h, w)` uint8: the allowed pixels that are nearest to the hole, or, if it
        is to shrink, its pixels that are farthest from its edge.
    """
    if allowed is None:
        allowed = np.ones(mask.shape, bool)
    hole = (mask > 0) & allowed
    if not hole.any():
        middle = np.argwhere(allowed)[np.count_nonzero(allowed) // 2]
        hole[tuple(middle)] = area > 0
    signed = np.where(allowed, _squared_distance(~hole) - _squared_distance(hole), np.inf)
    order = np.argsort(signed, axis=None, kind='stable')
    fitted = np.zeros(mask.size, np.uint8)
    fitted[order[:area]] = 1
    return fitted.reshape(mask.shape)


def _squared_distance(inside: np.ndarray) -> np.ndarray:
    """Squares of the distances to the nearest pixel that is False.

    They are whole numbers. OpenCV's roots of them differ in the last digit with the place of the array in memory, so
    that equal distances would come in another order in each process.
    """
    roots = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.square(roots, dtype=np.float64).round()
