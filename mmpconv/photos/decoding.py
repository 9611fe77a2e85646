"""Pictures for networks and measurements: the pixels that OpenCV gives, by the decoders of :mod:`.reading`."""
import io

import cv2
import numpy as np

from .formats import MAX_PIXELS, UnreadableImageError
from .photo import Photo
from .reading import read_picture

COLOR_TYPES = ('color', 'grayscale', 'unchanged', 'color_ignore_orientation', 'grayscale_ignore_orientation')


def decode(content: bytes, name: str, color_type: str = 'color', channel_order: str = 'bgr',
           max_pixels: int = MAX_PIXELS, min_side: int | None = None) -> np.ndarray:
    """Decode a picture file of which nothing is known, as ``mmcv.imfrombytes`` would.

    Photos and masks of data sets and benchmarks may come from anybody, so they are decoded as those of
    :meth:`Photo.read`: by Pillow, with their size checked first, broken and cut off files refused. JPEG files have the
    same pixels as by OpenCV, bit for bit, in colour and in grey, as both packages bring libjpeg-turbo.

    Args:
        content: The file.
        name: For messages.
        color_type: As mmcv's ``flag``. ``color``: `(h, w, 3)` uint8, upright by EXIF. ``grayscale``: `(h, w)` uint8,
            upright. ``unchanged``: as stored, `(h, w)` grey or `(h, w, 3 or 4)` colours, with alpha if there is one;
            uint8, uint16 or float. With ``_ignore_orientation``: not turned by EXIF.
        channel_order: ``bgr`` or ``rgb``.
        max_pixels: Larger ones are refused.
        min_side: See :func:`~mmpconv.photos.reading.read_picture`.

    Raises:
        UnreadableImageError: It is empty, no picture, damaged, cut off, too large, or has several frames; or its levels
            are floating-point numbers and bytes are asked for.
    """
    if color_type not in COLOR_TYPES or channel_order not in ('bgr', 'rgb'):
        raise ValueError(f'color_type is {color_type!r} and channel_order {channel_order!r}, but they must be one of '
                         f'{", ".join(COLOR_TYPES)}, and bgr or rgb')
    is_grey = color_type.startswith('grayscale')
    try:
        picture = read_picture(io.BytesIO(content), max_pixels, is_grey, min_side)
        photo = Photo(picture, name)
    except UnreadableImageError as error:
        raise UnreadableImageError(name, error.reason, error.remedy) from error.__cause__
    samples = photo.samples(upright=color_type in ('color', 'grayscale'))
    color = _as_opencv(samples) if picture.mode == 'CMYK' else photo.color_of(samples)
    if color_type == 'unchanged':
        return _with_alpha(color, photo.alpha_of(samples), samples.ndim == 2, channel_order)
    if color.dtype.kind == 'f':
        raise UnreadableImageError(name, 'its levels are floating-point numbers; save it with 8 or 16 bits')
    if color.dtype == np.uint16:
        color = (color >> 8).astype(np.uint8)
    if is_grey:
        return np.ascontiguousarray(color[..., 0]) if color.strides[2] == 0 else cv2.cvtColor(color, cv2.COLOR_RGB2GRAY)
    return np.ascontiguousarray(color) if channel_order == 'rgb' else _swapped(color)


def _as_opencv(cmyk: np.ndarray) -> np.ndarray:
    """RGB of CMYK `(h, w, 4)` by OpenCV's formula, which rounds otherwise than Pillow's: by up to 2 levels."""
    ink = 255 - cmyk.astype(np.int32)
    black = ink[..., 3:]
    return (black - ((255 - ink[..., :3]) * black >> 8)).astype(np.uint8)


def _with_alpha(color: np.ndarray, alpha: np.ndarray | None, is_one_channel: bool, channel_order: str) -> np.ndarray:
    if alpha is None and is_one_channel and color.strides[2] == 0:
        return np.ascontiguousarray(color[..., 0])
    color = np.ascontiguousarray(color) if channel_order == 'rgb' else _swapped(color)
    if alpha is None:
        return color
    most = np.iinfo(color.dtype).max if color.dtype.kind == 'u' else 1
    opaque = np.iinfo(alpha.dtype).max if alpha.dtype.kind == 'u' else 1
    return np.dstack([color, (alpha.astype(np.float64) * (most / opaque)).round().astype(color.dtype)])


def _swapped(color: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(color[..., ::-1]) if color.dtype.kind == 'f' else cv2.cvtColor(
        np.ascontiguousarray(color), cv2.COLOR_RGB2BGR)
