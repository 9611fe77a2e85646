"""Picture files with all that a picture carries."""
import os
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from mmpconv.whole_files import whole_file

from .details import EXIF_PREFIX, Details, Picture
from .formats import DEEP, GREY_16, Format, PhotoError, PhotoWarning, format_for, lossless_suffix
from .levels import picture_of
from .structure import write_deep_png
from .tiff_file import write_deep_tiff

_INCH = 0.0254
_LOSSLESS = {'WEBP': dict(lossless=True, exact=True),  # exact: also the colours of transparent pixels
             'GIF': dict(optimize=False)}  # else the palette is sorted anew


def write_picture(picture: Picture, path: str | os.PathLike) -> None:
    """Write a file; see :meth:`Photo.save <mmpconv.photos.Photo.save>`."""
    path = Path(path)
    filename = os.fsencode(path).decode('utf-8', 'replace')
    format = format_for(picture, path.suffix, filename)
    try:
        with whole_file(path) as unfinished:
            if picture.mode in DEEP:
                _write_deep(picture, unfinished, format)
            else:
                _write_by_pillow(picture, unfinished, format)
    except (OSError, ValueError, struct.error) as error:  # ValueError, struct.error: what a format has no room for
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise PhotoError(f'{filename} cannot be written: {" ".join(reason.split())}') from error
    if not format.is_lossless:
        kind = f'{format.name} changes the pixels around the hole slightly'
        warnings.warn(PhotoWarning(f'{filename}: {kind}; {lossless_suffix(picture)} does not', kind=kind), stacklevel=3)
    if not format.holds_details and (picture.details.exif or picture.details.icc_profile):
        kind = f'{format.name} holds no colour profile and no EXIF data, which are left out'
        warnings.warn(PhotoWarning(f'{filename}: {kind}; {lossless_suffix(picture)} holds them', kind=kind),
                      stacklevel=3)


def to_pillow(picture: Picture) -> Image.Image:
    """A picture of Pillow's, with its details in ``info`` as if it had been opened."""
    image = picture_of(picture.samples, picture.mode)
    details = picture.details
    if details.palette:
        order, palette = details.palette
        image.putpalette(palette, order)
    about = dict(icc_profile=details.icc_profile, exif=details.exif or None, dpi=details.dpi,
                 transparency=details.transparency)
    image.info = {key: value for key, value in about.items() if value is not None}
    return image


def _with_all_indices(picture: Picture) -> tuple[bytes, str]:
    """A palette that has an entry, black, also for indices above its end: Pillow cuts down to few bits what is more."""
    order, palette = picture.details.palette
    absent = int(picture.samples.max(initial=0)) + 1 - len(palette) // len(order)
    return palette + bytes((0, 0, 0, 255)[:len(order)]) * absent, order


def _write_by_pillow(picture: Picture, unfinished: Path, format: Format) -> None:
    details = picture.details
    if format.name != 'TIFF' and picture.mode in GREY_16:  # these formats hold one kind of it
        picture = Picture(picture.samples.astype(np.uint16), 'I;16', details)
    image = to_pillow(picture)
    options = image.info if format.holds_details else {}
    image.info = {key: value for key, value in image.info.items() if key == 'transparency'}
    options |= _LOSSLESS.get(format.name, {})
    if format.name == 'JPEG':
        options |= details.jpeg or dict(quality=95, subsampling=0)
    elif format.name == 'PNG':
        if picture.mode == 'P':
            image.putpalette(*_with_all_indices(picture))
        options['pnginfo'] = PngInfo()
        for kind, content in details.png_chunks:
            options['pnginfo'].add(kind, content)
    image.save(unfinished, format.name, **options)


def _write_deep(picture: Picture, unfinished: Path, format: Format) -> None:
    with open(unfinished, 'wb') as file:
        if format.name == 'PNG':
            write_deep_png(file, picture.samples, _chunks(picture.details))
        else:
            write_deep_tiff(file, picture.samples, picture.details)


def _chunks(details: Details) -> list[tuple[bytes, bytes]]:
    """The chunks of a PNG file before its pixels (PNG specification, section 11.3)."""
    chunks = [chunk for chunk in details.png_chunks if chunk[0] != b'sRGB' or not details.icc_profile]
    if details.icc_profile:
        chunks.append((b'iCCP', b'ICC profile\0\0' + zlib.compress(details.icc_profile)))
    if details.dpi:
        chunks.append((b'pHYs', struct.pack('>IIB', *(round(dots / _INCH) for dots in details.dpi), 1)))
    if details.transparency is not None:
        chunks.append((b'tRNS', struct.pack('>3H', *details.transparency)))
    if details.exif:
        chunks.append((b'eXIf', details.exif.removeprefix(EXIF_PREFIX)))
    return chunks
