"""Colours as photos store them and as networks take them."""
import numpy as np


def as_floats(color: np.ndarray) -> np.ndarray:
    """Colours of uint8, uint16, or float32 in [0, 1], as float32 in [0, 1]."""
    return color.astype(np.float32) if color.dtype.kind == 'f' else color * np.float32(1 / np.iinfo(color.dtype).max)


def from_floats(color: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """The inverse of :func:`as_floats`, to the nearest value that the type has."""
    color = color.clip(0, 1)
    if dtype.kind == 'f':
        return color.astype(dtype)
    return (color * np.float32(np.iinfo(dtype).max)).round().astype(dtype)
