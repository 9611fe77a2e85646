"""Checks of what masks are drawn and read with: sizes, ranges, and which value is the hole."""
import logging
from collections.abc import Sequence
from numbers import Integral, Real

import numpy as np
from mmengine.logging import print_log

_LARGE = 0.95
_warned = set()


def check_polarity(mask: np.ndarray, source: str) -> None:
    """Refuse a mask that is all hole; warn about one that is probably upside down.

    The warnings, one of each kind per process, are for hole ratios of 0 % and above 95 %.

    Args:
        mask: `(h, w, 1)`, 1 = hole.
        source: The file's name, for the message.

    Raises:
        ValueError: Every pixel is a hole.
    """
    ratio = float(mask.mean())
    if ratio == 1:
        raise ValueError(f'the mask {source} is all hole (100 %): white must be the hole and black the valid '
                         'part; set invert=True if its holes are black')
    if ratio == 0:
        _warn_once('empty', f'the mask {source} has no hole (0 %): white must be the hole; set invert=True '
                   'if its holes are black, or threshold=0 if its values are 0 and 1')
    elif ratio > _LARGE:
        _warn_once('large', f'{100 * ratio:.1f} % of the mask {source} is hole: white must be the hole; set '
                   'invert=True if its holes are black')


def _warn_once(kind: str, message: str) -> None:
    if kind not in _warned:
        _warned.add(kind)
        print_log(message + ' (said once)', logger='current', level=logging.WARNING)


IntRange = int | Sequence[int]


def image_size(img_shape: Sequence[int]) -> tuple[int, int]:
    """`(h, w)` of ``img_shape``, which may go on with channels as in ``array.shape``."""
    if isinstance(img_shape, (str, Real)) or len(img_shape) < 2:
        raise TypeError(f'img_shape must be (height, width), got {img_shape!r}')
    h, w = img_shape[:2]
    if not (isinstance(h, Integral) and isinstance(w, Integral) and h > 0 and w > 0):
        raise ValueError(f'img_shape must be two positive integers (height, width), got {img_shape!r}')
    return int(h), int(w)


def int_pair(name: str, value: IntRange) -> tuple[int, int]:
    """`(for height, for width)`: two integers, or one that stands for both."""
    pair = _two_integers(name, value, 'two integers (height, width)')
    if min(pair) < 0:
        raise ValueError(f'{name} must not be negative, got {value!r}')
    return pair


def int_range(name: str, value: IntRange, low: int) -> tuple[int, int]:
    """`[min, max)` of a random integer: ``(min, max)``, or one integer that is then fixed.

    The upper end is excluded, as in MMagic; ``(n, n)`` is the fixed number n.

    Raises:
        TypeError: Neither an integer nor two.
        ValueError: min > max, or min is below ``low``.
    """
    first, end = _two_integers(name, value, '(min, max)')
    if not low <= first <= end:
        raise ValueError(f'{name} must be at least {low} and min <= max, got {value!r}')
    return first, max(end, first + 1)


def _two_integers(name: str, value: IntRange, accepted: str) -> tuple[int, int]:
    values = [value, value] if isinstance(value, Integral) else value
    if isinstance(values, str) or not isinstance(values, Sequence) or len(values) != 2 or not all(
            isinstance(v, Integral) for v in values):
        raise TypeError(f'{name} must be an integer or {accepted}, got {value!r}')
    return int(values[0]), int(values[1])


def interior_margin(size: tuple[int, int], border_free: bool, border_margin: int | None) -> int:
    """Width in pixels of the frame that holes keep off; 0 without ``border_free``.

    The default is that of the paper's test set (arXiv 1804.07723, section 4.1),
    whose masks keep 50 pixels off the border of 512 x 512, scaled by the shorter side.

    Raises:
        ValueError: The margin leaves no interior, or is given without ``border_free``.
    """
    if not border_free:
        if border_margin is not None:
            raise ValueError(f'border_margin={border_margin} has no effect without border_free=True')
        return 0
    margin = max(1, round(min(size) * 50 / 512)) if border_margin is None else border_margin
    if not isinstance(margin, Integral) or margin < 1 or 2 * margin >= min(size):
        raise ValueError(f'border_margin must be an integer from 1 to {(min(size) - 1) // 2} for an image of '
                         f'{size[0]} x {size[1]}, got {border_margin}')
    return int(margin)


def near_border(hole: np.ndarray) -> bool:
    """True if a hole is near the border.

    Convention:
        It reaches into the frame that the paper's masks with border constraint keep free, :func:`interior_margin`: 50
        pixels wide at 512, scaled by the shorter side. In NVIDIA's test set the masks off the border keep out of it,
        the others come into it. Not to be confused with touching the border, which the outermost pixels decide.

    Args:
        hole: `(h, w)` or `(h, w, 1)`, 0 = valid, anything else = hole. All of fewer than 3 pixels is near the border.
    """
    size = hole.shape[:2]
    if min(size) < 3:
        return bool(hole.any())
    return bool((hole.reshape(size).astype(bool) & ~interior(size, interior_margin(size, True, None))).any())


def interior(size: tuple[int, int], margin: int) -> np.ndarray:
    """`(h, w)` bool: True farther than ``margin`` pixels from the border."""
    inside = np.zeros(size, bool)
    inside[margin:size[0] - margin, margin:size[1] - margin] = True
    return inside
