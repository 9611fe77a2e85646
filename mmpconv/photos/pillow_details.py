"""What Pillow knows of a picture besides its pixels."""
import math
from typing import Any

from PIL import Image
from PIL.JpegImagePlugin import get_sampling

from .details import Details
from .exif import exif_of, orientation_in


def details_of(image: Image.Image, exif: bytes | None = None) -> Details:
    """The details of an opened picture.

    Args:
        exif: Instead of those that :func:`exif_of` finds.
    """
    exif = exif_of(image) if exif is None else exif
    palette = None
    if image.mode in ('P', 'PA') and image.palette is not None:
        palette = image.palette.mode, bytes(image.getpalette(image.palette.mode))
    return Details(
        format='JPEG' if image.format == 'MPO' else image.format,
        orientation=orientation_in(exif) if exif else 1,
        icc_profile=image.info.get('icc_profile') or None,
        exif=exif,
        dpi=resolution(image.info.get('dpi')),
        palette=palette,
        transparency=image.info.get('transparency'),
        jpeg=_jpeg_options(image))


def resolution(dpi: Any) -> tuple[float, float] | None:
    """Pixels an inch, horizontal and vertical, unless they are nonsense or 1, which Pillow gives where none is said."""
    try:
        horizontal, vertical = map(float, dpi)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    is_meant = all(math.isfinite(value) and value > 1 for value in (horizontal, vertical))
    return (horizontal, vertical) if is_meant else None


def _jpeg_options(image: Image.Image) -> dict | None:
    if image.format not in ('JPEG', 'MPO'):
        return None
    options = dict(qtables=dict(image.quantization), progressive=bool(image.info.get('progressive')))
    if (sampling := get_sampling(image)) >= 0:
        options['subsampling'] = sampling
    return options
