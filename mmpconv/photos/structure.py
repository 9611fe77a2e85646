"""Structure of picture files that Pillow does not tell of: chunks of PNG, the end of JPEG."""
import os
import struct
import zlib
from collections.abc import Iterable
from typing import BinaryIO

import cv2
import numpy as np
from PIL.PngImagePlugin import putchunk

from .formats import PhotoError

_ROWS = 64
_SIGNATURE = b'\x89PNG\r\n\x1a\n'
# The colours that are meant by the levels, for viewers that follow it.
_ON_COLOR = (b'cHRM', b'gAMA', b'sBIT', b'sRGB', b'cICP')
_COLOR_TYPES = {2: 4, 3: 2, 4: 6}  # colour type (PNG specification, section 11.2.1) by number of channels


def encode_png(picture: np.ndarray, bilevel: bool = False) -> bytes:
    """A picture as a small PNG file, without any details.

    Args:
        picture: `(h, w)` or `(h, w, 1)` grey, or `(h, w, 3)` BGR; uint8.
        bilevel: It is 0 and 255 only, and the file has 1 bit a pixel.
    """
    encoded, content = cv2.imencode('.png', picture, [cv2.IMWRITE_PNG_BILEVEL, int(bilevel)])
    assert encoded, f'OpenCV writes no PNG file of {picture.dtype} {picture.shape}'
    return content.tobytes()


def png_chunks(file: BinaryIO) -> tuple[tuple[bytes, bytes], ...]:
    """Kinds and contents of the chunks that say how colours are meant.

    Raises:
        PhotoError: The file ends before its last chunk; decoders accept that once they have all pixels.
    """
    found = []
    size = file.seek(0, os.SEEK_END)
    at = len(_SIGNATURE)
    while at + 12 <= size:
        file.seek(at)
        length, kind = struct.unpack('>I4s', file.read(8))
        if kind == b'IEND':
            return tuple(found)
        if kind in _ON_COLOR and length < 256:
            found.append((kind, file.read(length)))
        at += 12 + length
    raise PhotoError('the PNG file is cut off')


def read_deep_png(file: BinaryIO, mode: str) -> np.ndarray:
    """The samples of a PNG file with colours of 16 bits.

    Args:
        mode: ``'RGB'``, ``'RGBA'`` or ``'LA'``.

    Returns:
        `(h, w, c)` uint16.
    """
    file.seek(0)
    pixels = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype != np.uint16:
        raise PhotoError('its pixels are cut off or damaged')
    if mode == 'LA':  # OpenCV makes three equal channels of the grey one
        return np.ascontiguousarray(pixels[..., [0, 3]])
    if mode == 'RGB':  # with a fourth channel where one colour stands for transparent pixels
        return cv2.cvtColor(np.ascontiguousarray(pixels[..., :3]), cv2.COLOR_BGR2RGB)
    return cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGBA)


def write_deep_png(file: BinaryIO, samples: np.ndarray, chunks: Iterable[tuple[bytes, bytes]]) -> None:
    """Write colour of 16 bits, which OpenCV can too, but neither with an ICC profile nor grey with alpha.

    Args:
        samples: `(h, w, 2 to 4)` uint16.
        chunks: Kinds and contents of what comes before the pixels.
    """
    h, w, channels = samples.shape
    file.write(_SIGNATURE)
    putchunk(file, b'IHDR', struct.pack('>IIBBBBB', w, h, 16, _COLOR_TYPES[channels], 0, 0, 0))
    for kind, content in chunks:
        putchunk(file, kind, content)
    compressor = zlib.compressobj()
    above = np.zeros((1, 2 * channels * w), np.uint8)
    for top in range(0, h, _ROWS):
        rows = samples[top:top + _ROWS].astype('>u2').reshape(-1, channels * w).view(np.uint8)
        filtered = rows - np.concatenate([above, rows[:-1]])  # filter type 2, "up": each row begins with its number
        putchunk(file, b'IDAT', compressor.compress(np.pad(filtered, ((0, 0), (1, 0)), constant_values=2).tobytes()))
        above = rows[-1:]
    putchunk(file, b'IDAT', compressor.flush())
    putchunk(file, b'IEND')


def is_cut_off_jpeg(content: bytes) -> bool:
    """True if a JPEG file ends before its end-of-image marker.

    OpenCV below 4.11 fills what is missing with grey and reports success. The
    marker is searched along the segments, because thumbnails and trailing data
    may contain markers of their own.

    Args:
        content: The whole file. Other formats give False.
    """
    if content[:3] != b'\xff\xd8\xff':
        return False
    at = 2
    while True:
        at = content.find(b'\xff', at)
        if at < 0 or at + 1 >= len(content):
            return True
        code = content[at + 1]
        if code == 0xd9:
            return False
        if code == 0xff:  # fill byte
            at += 1
        elif code in (0x00, 0x01) or 0xd0 <= code <= 0xd8:  # stuffed byte, or a marker without a segment
            at += 2
        else:
            if at + 4 > len(content):
                return True
            at += 2 + struct.unpack('>H', content[at + 2:at + 4])[0]
