"""Between Pillow's pictures and arrays."""
import numpy as np
from PIL import Image

_ROWS = 256
_BYTE_ORDERS = {'I;16': '<', 'I;16L': '<', 'I;16B': '>'}


def pixels_of(image: Image.Image) -> np.ndarray:
    """The samples of a picture: `(h, w)` or `(h, w, c)`.

    In strips, because NumPy takes a picture by way of two more copies of all that it is asked for.
    """
    width, height = image.size
    strips = (np.asarray(image.crop((0, top, width, min(top + _ROWS, height)))) for top in range(0, height, _ROWS))
    first = next(strips)
    pixels = np.empty((height, *first.shape[1:]), first.dtype)
    pixels[:_ROWS] = first
    for number, strip in enumerate(strips, start=1):
        pixels[number * _ROWS:(number + 1) * _ROWS] = strip
    return pixels


def picture_of(samples: np.ndarray, mode: str) -> Image.Image:
    """The inverse of :func:`pixels_of`."""
    if mode == '1':
        return Image.fromarray(np.ascontiguousarray(samples))
    in_order = samples.astype(samples.dtype.newbyteorder(_BYTE_ORDERS.get(mode, '=')), copy=False)
    return Image.frombytes(mode, samples.shape[1::-1], in_order.tobytes())


def is_cut_down(image: Image.Image) -> bool:
    """Whether Pillow will decode only 8 bits of the 16 that an opened file has for each colour."""
    return image.mode in ('LA', 'RGB', 'RGBA') and any(';16' in str(tile[3]) for tile in getattr(image, 'tile', ()))
