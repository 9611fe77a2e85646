"""Decoding of picture files of which nothing is known."""
import contextlib
import dataclasses
import io
import logging
import os
import stat
import threading
import warnings
from collections.abc import Iterator
from typing import BinaryIO

from PIL import Image, ImageFile

from .details import Picture, as_stored, described, details_of
from .formats import PhotoError, UnreadableImageError, check_frames, check_size
from .levels import pixels_of
from .structure import is_cut_off_jpeg, png_chunks, read_deep_png
from .tiff_file import is_deep, read_deep_tiff

# Of Pillow's formats those that are files of pixels: no PostScript, which would start Ghostscript.
FORMATS = ('PNG', 'JPEG', 'TIFF', 'WEBP', 'BMP', 'PPM', 'GIF')
_TIFF_HEADERS = (b'II*\0', b'MM\0*')
# Transparent levels are those of the file, where Pillow spreads the levels of fewer bits over 8.
_SPREAD = {'L;2': 85, 'L;4': 17}
_PILLOW_MODULES = r'PIL(\..*)?$'
# Pillow's settings and the filters of warnings are of the whole process.
_pillow, _completed_before = threading.Lock(), []
for decoder in ('PIL', 'tifffile'):  # else they print what they think of broken files, where no logging is set up
    logging.getLogger(decoder).addHandler(logging.NullHandler())

Source = str | os.PathLike | BinaryIO


def name_of(source: Source) -> str:
    """The name of a file, for messages; bytes of it that are no UTF-8 are replaced."""
    name = source if isinstance(source, (str, os.PathLike)) else getattr(source, 'name', None)
    if not isinstance(name, (str, os.PathLike)):
        return '<file>'
    return os.fsencode(name).decode('utf-8', 'replace')


def read_picture(source: Source, max_pixels: int, grey: bool = False, min_side: int | None = None) -> Picture:
    """Decode a file as it is stored; see :meth:`Photo.read <mmpconv.photos.Photo.read>`.

    Args:
        source, max_pixels: As there.
        grey: Of a colour JPEG only its luma is decoded, which the file has as a channel of its own.
        min_side: A JPEG is decoded at 1/2, 1/4 or 1/8 of its size as long as both sides keep so many pixels.
    """
    with unreadable(name_of(source)), _opened(source) as file, pillow_settings(max_pixels):
        if not file.read(1):
            raise PhotoError('the file is empty')
        file.seek(0)
        image = _header(file, max_pixels)
        if image is None:
            return read_deep_tiff(file, max_pixels)
        with image:
            if image.format in ('JPEG', 'MPO'):
                image.draft('L' if grey else None, min_side and (min_side, min_side))
            return _decoded(image, file, max_pixels)


def has_picture_header(content: bytes) -> bool:
    """True if a file begins as a picture does."""
    if content[:4] in _TIFF_HEADERS:
        return True
    with pillow_settings(max_pixels=0):
        try:
            Image.open(io.BytesIO(content), formats=FORMATS).close()
        except Exception:  # Pillow raises of all kinds on broken files
            return False
        return True


@contextlib.contextmanager
def unreadable(name: str) -> Iterator[None]:
    """Turns whatever is raised on the way to a picture into an :class:`UnreadableImageError`."""
    try:
        yield
    except UnreadableImageError:
        raise
    except PhotoError as error:
        raise UnreadableImageError(name, error.message, error.remedy) from None
    except FileNotFoundError:
        raise UnreadableImageError(name, 'there is no such file') from None
    except Exception as error:  # decoders raise of all kinds on broken files
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
        reason = ' '.join(reason.split())[:200]
        raise UnreadableImageError(name, f'it is cut off ({reason})' if 'truncated' in reason.lower() else reason
                                   ) from error


@contextlib.contextmanager
def pillow_settings(max_pixels: int) -> Iterator[None]:
    """Pillow decodes silently, up to ``max_pixels``, and completes nothing that is cut off.

    Several threads may be within such a block at a time: settings are those from before when the last one leaves.
    """
    with _pillow:
        if Image.MAX_IMAGE_PIXELS is not None and max_pixels > Image.MAX_IMAGE_PIXELS:
            Image.MAX_IMAGE_PIXELS = max_pixels
        _completed_before.append(ImageFile.LOAD_TRUNCATED_IMAGES)
        ImageFile.LOAD_TRUNCATED_IMAGES = False
        # Not warnings.catch_warnings(): what other threads catch or filter meanwhile would be undone at its end. If the
        # filter is there already, it is moved to the front.
        warnings.filterwarnings('ignore', module=_PILLOW_MODULES)
        silence = warnings.filters[0]
    try:
        yield
    finally:
        with _pillow:
            ImageFile.LOAD_TRUNCATED_IMAGES = _completed_before.pop()
            if not _completed_before:
                with contextlib.suppress(ValueError):  # another thread's catch_warnings() has ended
                    warnings.filters.remove(silence)


@contextlib.contextmanager
def _opened(source: Source) -> Iterator[BinaryIO]:
    if isinstance(source, (str, os.PathLike)):
        if not stat.S_ISREG(os.stat(source).st_mode):  # a folder; or a device, that may never end
            raise PhotoError('it is a folder' if os.path.isdir(source) else 'it is no file that can be read again')
        with open(source, 'rb') as file:
            yield file
    else:
        source.seek(0)
        yield source


def _header(file: BinaryIO, max_pixels: int) -> Image.Image | None:
    """The picture before its pixels are decoded; None for a TIFF file of a kind that Pillow does not know."""
    try:
        image = Image.open(file, formats=FORMATS)
    except Image.DecompressionBombError:
        raise PhotoError(f'it has far more pixels than the limit of {max_pixels}; scale it down') from None
    except Image.UnidentifiedImageError:
        file.seek(0)
        if file.read(4) in _TIFF_HEADERS:
            return None
        raise PhotoError(f'it is no picture of a known format ({", ".join(FORMATS)}), or its header is damaged'
                         ) from None
    check_size(image.size, max_pixels)
    if image.format != 'MPO':  # a JPEG photo with previews behind it
        check_frames(getattr(image, 'n_frames', 1))
    return image


def _decoded(image: Image.Image, file: BinaryIO, max_pixels: int) -> Picture:
    if image.format == 'TIFF':
        if is_deep(image):
            return read_deep_tiff(file, max_pixels)
        details = details_of(image, described(image.getexif()))  # decoding turns the picture, and forgets how
        return Picture(as_stored(pixels_of(image), details.orientation), image.mode, details)
    if image.format == 'PNG':
        return _decoded_png(image, file)
    if image.format == 'PPM':
        _check_levels(image)
    pixels = pixels_of(image)
    if image.format in ('JPEG', 'MPO'):
        file.seek(0)
        if is_cut_off_jpeg(file.read()):
            raise PhotoError('the JPEG file is cut off')
    return Picture(pixels, image.mode, details_of(image))


def _decoded_png(image: Image.Image, file: BinaryIO) -> Picture:
    rawmode = image.tile[0].args
    chunks = png_chunks(file)
    mode, _, depth = rawmode.partition(';')
    if depth == '16B' and mode != 'I':  # Pillow would cut them down to 8 bits
        pixels, mode = read_deep_png(file, mode), f'{mode};16'
    else:
        pixels, mode = pixels_of(image), image.mode
    details = dataclasses.replace(details_of(image), png_chunks=chunks)
    if rawmode in _SPREAD and isinstance(details.transparency, int):
        details = dataclasses.replace(details, transparency=details.transparency * _SPREAD[rawmode])
    return Picture(pixels, mode, details)


def _check_levels(image: Image.Image) -> None:
    """Refuse PPM and PGM files whose levels Pillow would round to others."""
    decoder, *_, args = image.tile[0]
    maxval = args[1] if decoder.startswith('ppm') and image.mode != '1' else 255
    if maxval != 255:
        raise PhotoError(f'it is a {image.format} file with levels up to {maxval}; only 255 is read, and 65535 in grey '
                         'binary files: save it as PNG or TIFF')
