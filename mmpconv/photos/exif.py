"""EXIF data of a result: those of its photo, without what no longer holds."""
import struct
from collections.abc import Mapping

from PIL import ExifTags, Image

_PREFIX = b'Exif\0\0'
_THUMBNAIL_OFFSET, _THUMBNAIL_LENGTH = 0x0201, 0x0202
# What the main directory of a TIFF file says about a picture besides how its samples are stored.
_DESCRIPTIVE = ('ImageDescription', 'Make', 'Model', 'Orientation', 'XResolution', 'YResolution', 'ResolutionUnit',
                'Software', 'DateTime', 'Artist', 'HostComputer', 'Copyright', 'Rating', 'XPTitle', 'XPComment',
                'XPAuthor', 'XPKeywords', 'XPSubject')
_DIRECTORIES = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)


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
    start = len(_PREFIX) if block.startswith(_PREFIX) else 0
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
