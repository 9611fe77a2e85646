"""Details beside the pixels: EXIF, orientation, profile, resolution."""
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import ExifTags, Image
from PIL.JpegImagePlugin import get_sampling

_INVERSE = {6: 8, 8: 6}  # of the orientations that are not their own
EXIF_PREFIX = b'Exif\0\0'
_THUMBNAIL_OFFSET, _THUMBNAIL_LENGTH = 0x0201, 0x0202
# Tags of the main directory of a TIFF file that say more of a picture than the storage of its samples.
_DESCRIPTIVE = ('ImageDescription', 'Make', 'Model', 'Orientation', 'XResolution', 'YResolution', 'ResolutionUnit',
                'Software', 'DateTime', 'Artist', 'HostComputer', 'Copyright', 'Rating', 'XPTitle', 'XPComment',
                'XPAuthor', 'XPKeywords', 'XPSubject')
_DIRECTORIES = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)


@dataclass(frozen=True)
class Details:
    """Details that go along from a photo to its result.

    Args:
        format: Pillow's name of the file's format; None for what was no file.
        orientation: The turn from the stored picture to the upright one, 1 to 8 (EXIF).
        icc_profile: None without one.
        exif: As Pillow reads and writes it; empty without.
        dpi: Resolution in pixels an inch, horizontal and vertical.
        palette: Pillow's mode of the palette, and its bytes.
        transparency: The grey level, colour, palette index, or alpha of the palette, as in Pillow's ``info``.
        jpeg: Options of Pillow with which a JPEG file is compressed as this one was.
        png_chunks: Kinds and contents of a PNG's chunks on how its colours are meant.
    """
    format: str | None = None
    orientation: int = 1
    icc_profile: bytes | None = None
    exif: bytes = b''
    dpi: tuple[float, float] | None = None
    palette: tuple[str, bytes] | None = None
    transparency: Any = None
    jpeg: dict | None = None
    png_chunks: tuple[tuple[bytes, bytes], ...] = ()


@dataclass(frozen=True)
class Picture:
    """A decoded picture, as it is stored.

    Args:
        samples: `(h, w)` or `(h, w, c)`, of the dtype in which they are stored.
        mode: Pillow's mode, or what it would be called: see :mod:`mmpconv.photos.formats`.
    """
    samples: np.ndarray
    mode: str
    details: Details


def upright(stored: np.ndarray, orientation: int) -> np.ndarray:
    """A view of a stored picture as it is to be seen.

    Args:
        stored: `(h, w, ...)`.
        orientation: 1 to 8, as in EXIF; others count as 1, as viewers take them.

    Returns:
        `(h, w, ...)`, or `(w, h, ...)` for 5 to 8; what is written to it is written to ``stored``.
    """
    if orientation in (5, 6, 7, 8):
        stored = stored.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        stored = stored[::-1]
    if orientation in (2, 3, 6, 7):
        stored = stored[:, ::-1]
    return stored


def as_stored(seen: np.ndarray, orientation: int) -> np.ndarray:
    """The inverse of :func:`upright`, a view too."""
    return upright(seen, _INVERSE.get(orientation, orientation))


def described(tags: Image.Exif) -> bytes:
    """EXIF data of what a TIFF file says besides how its samples are stored; empty if it says nothing."""
    kept = Image.Exif()
    for name in _DESCRIPTIVE:
        if (tag := ExifTags.Base[name]) in tags:
            kept[tag] = tags[tag]
    for tag in _DIRECTORIES:
        if tag in tags and (directory := tags.get_ifd(tag)):
            kept[tag] = dict(directory)
    return kept.tobytes() if len(kept) else b''


def exif_of(image: Image.Image) -> bytes:
    """The EXIF data of an opened picture, byte for byte where it is an EXIF block of its own."""
    exif = image.getexif()  # also what other programs write elsewhere: an orientation in XMP, PNG texts of ImageMagick
    block = image.info.get('exif', b'')
    if block and orientation_in(block) == exif.get(ExifTags.Base.Orientation, 1):
        return block
    return exif.tobytes() if len(exif) else b''


def orientation_in(block: bytes) -> int:
    """The orientation that EXIF data give, 1 without."""
    exif = Image.Exif()
    exif.load(block)
    return exif.get(ExifTags.Base.Orientation, 1)


def directories_of(block: bytes) -> dict:
    """Tags and values of EXIF data, with those of the directories in it as dictionaries."""
    exif = Image.Exif()
    if block:
        exif.load(block)
    return {tag: exif.get_ifd(tag) if tag in _DIRECTORIES else exif[tag] for tag in exif}


def without_thumbnail(block: bytes) -> bytes:
    """EXIF data whose thumbnail is blanked out: it would go on showing what was in the hole."""
    if not block:
        return block
    data = bytearray(block)
    start = len(EXIF_PREFIX) if block.startswith(EXIF_PREFIX) else 0
    order = '<' if data[start:start + 2] == b'II' else '>'
    try:
        at = start + struct.unpack_from(f'{order}I', data, start + 4)[0]
        link = at + 2 + 12 * struct.unpack_from(f'{order}H', data, at)[0]
        directory, = struct.unpack_from(f'{order}I', data, link)
        if not directory:
            return block
        struct.pack_into(f'{order}I', data, link, 0)
        entries = _entries(data, start + directory, order)
    except struct.error:  # cut off behind the tags that are used
        return block
    begin, length = (entries.get(tag, 0) for tag in (_THUMBNAIL_OFFSET, _THUMBNAIL_LENGTH))
    end = min(start + begin + length, len(data))
    data[start + begin:end] = bytes(max(end - start - begin, 0))
    return bytes(data)


def _entries(data: bytearray, at: int, order: str) -> Mapping[int, int]:
    """Tags and values of a directory whose values are single integers of 32 bits."""
    count, = struct.unpack_from(f'{order}H', data, at)
    entries = (struct.unpack_from(f'{order}HHII', data, at + 2 + 12 * number) for number in range(count))
    return {tag: value for tag, _, _, value in entries}


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
