"""PNG files of masks that are the same bytes on every machine."""
import struct
import zlib

import numpy as np

_SIGNATURE = b'\x89PNG\r\n\x1a\n'
_LARGEST_BLOCK = 65535


def encode_mask(mask: np.ndarray) -> bytes:
    """A mask as a PNG file of 1 bit a pixel, white = hole.

    Encoders and zlib versions compress differently. Here nothing is compressed: deflate's stored blocks (RFC 1951,
    section 3.2.4) in a zlib stream (RFC 1950), filter 0, no optional chunks. 512 x 512 pixels take 33 KB.

    Args:
        mask: ``(h, w)`` or ``(h, w, 1)``, 1 = hole.
    """
    h, w = mask.shape[:2]
    rows = np.packbits(mask.reshape(h, w) > 0, axis=1)
    pixels = np.pad(rows, ((0, 0), (1, 0))).tobytes()  # each row begins with its filter
    header = struct.pack('>IIBBBBB', w, h, 1, 0, 0, 0, 0)  # 1 bit, greyscale
    return _SIGNATURE + _chunk(b'IHDR', header) + _chunk(b'IDAT', _stored(pixels)) + _chunk(b'IEND', b'')


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack('>I', len(content)) + kind + content + struct.pack('>I', zlib.crc32(kind + content))


def _stored(content: bytes) -> bytes:
    """A zlib stream without compression."""
    stream = b'\x78\x01'
    for start in range(0, len(content), _LARGEST_BLOCK):
        block = content[start:start + _LARGEST_BLOCK]
        last = start + _LARGEST_BLOCK >= len(content)
        stream += struct.pack('<BHH', last, len(block), len(block) ^ 0xffff) + block
    return stream + struct.pack('>I', zlib.adler32(content))
