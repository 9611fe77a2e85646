"""Masks that are probably not what their maker meant."""
import logging

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
