"""Files that look like pictures and are none, or are damaged: the same on every run."""
import io
import struct
import zlib
from collections.abc import Iterator

import numpy as np
from picture_files import encoded, picture

from mmpconv.photos.details import Details
from mmpconv.photos.structure import write_deep_png
from mmpconv.photos.tiff_file import write_deep_tiff

FORMATS = {'png': 'PNG', 'jpg': 'JPEG', 'tif': 'TIFF', 'webp': 'WEBP', 'bmp': 'BMP', 'gif': 'GIF', 'ppm': 'PPM'}
_HUGE = 60_000


def cut_off(photo: np.ndarray) -> Iterator[tuple[str, bytes]]:
    """Files of all formats that end too early, at many places."""
    for suffix, content in _complete(photo):
        for part in (0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95):
            yield f'part-{part}.{suffix}', content[:int(part * len(content))]
        yield f'all-but-20.{suffix}', content[:-20]
        if suffix.endswith(('jpg', 'png')):  # which say where they end
            yield f'all-but-2.{suffix}', content[:-2]
            yield f'zeros-at-the-end.{suffix}', content[:-50] + bytes(5000)  # as an interrupted download leaves it


def no_pictures(photo: np.ndarray) -> Iterator[tuple[str, bytes]]:
    """Files of something else, some of which begin like a picture."""
    random = np.random.default_rng(1)
    for suffix, content in _complete(photo):
        yield f'zeros.{suffix}', bytes(5000)
        yield f'text.{suffix}', b'This is no picture.\n' * 50
        yield f'noise.{suffix}', random.bytes(3000)
        yield f'beginning.{suffix}', content[:8] + random.bytes(3000)
        yield f'page.{suffix}', b'<html><body>404 Not Found</body></html>'
    yield 'program.eps', b'%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n0 0 moveto showpage\n%%EOF\n'
    yield 'program.png', b'%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n0 0 moveto showpage\n%%EOF\n'
    yield 'drawing.svg', b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'


def huge(photo: np.ndarray) -> Iterator[tuple[str, bytes]]:
    """Small files whose headers promise 60000 x 60000 pixels."""
    contents = dict(_complete(photo))
    png = contents['png']
    header = struct.pack('>II', _HUGE, _HUGE) + png[24:29]
    yield 'huge.png', png[:16] + header + struct.pack('>I', zlib.crc32(b'IHDR' + header)) + png[33:]
    yield 'huge.gif', contents['gif'][:6] + struct.pack('<HH', _HUGE, _HUGE) + contents['gif'][10:]
    yield 'huge.bmp', contents['bmp'][:18] + struct.pack('<ii', _HUGE, _HUGE) + contents['bmp'][26:]
    yield 'huge.ppm', f'P6 {_HUGE} {_HUGE} 255\n'.encode() + bytes(100)
    frame = contents['jpg'].index(b'\xff\xc0') + 5
    yield 'huge.jpg', contents['jpg'][:frame] + struct.pack('>HH', _HUGE, _HUGE) + contents['jpg'][frame + 4:]
    for kind in ('tif', 'deep.tif', 'float.tif'):  # Pillow does not know the last
        content = contents[kind]
        for tag in (256, 257):  # ImageWidth, ImageLength
            entry = next(at for at in range(8, len(content)) if content[at:at + 2] == struct.pack('<H', tag)
                         and content[at + 4:at + 8] == struct.pack('<I', 1))
            content = content[:entry + 2] + struct.pack('<HII', 4, 1, _HUGE) + content[entry + 12:]
        yield f'huge-{kind}' if '.' in kind else f'huge.{kind}', content
    canvas = encoded(picture('RGBA', photo), 'WEBP', lossless=True, icc_profile=b'profile')  # icc: the extended format
    yield 'huge.webp', canvas[:24] + 2 * (16383).to_bytes(3, 'little') + canvas[30:]


def damaged(photo: np.ndarray) -> Iterator[tuple[str, bytes]]:
    """Files with wrong bits: within their first 100 bytes, and anywhere."""
    random = np.random.default_rng(2)
    for suffix, content in _complete(photo):
        for number in range(20):
            changed = bytearray(content)
            for _ in range(1 + number % 3):
                at = random.integers(100 if number % 2 else len(content))
                changed[at] ^= 1 << random.integers(8)
            yield f'flipped-{number}.{suffix}', bytes(changed)
    png = dict(_complete(photo))['png']
    for at in (8, 33):  # lengths of the first two chunks
        for length in (0, 1, 2**31, 2**32 - 1):
            yield f'chunk-{at}-{length}.png', png[:at] + struct.pack('>I', length) + png[at + 4:]


def _complete(photo: np.ndarray) -> Iterator[tuple[str, bytes]]:
    for suffix, fmt in FORMATS.items():
        lossless = dict(lossless=True) if fmt == 'WEBP' else {}
        yield suffix, encoded(picture('P', photo) if fmt == 'GIF' else photo, fmt, **lossless)
    deep = photo.astype(np.uint16) * 257
    for suffix in ('png', 'tif'):
        file = io.BytesIO()
        write_deep_png(file, deep, ()) if suffix == 'png' else write_deep_tiff(file, deep, Details())
        yield f'deep.{suffix}', file.getvalue()
    floats = io.BytesIO()
    write_deep_tiff(floats, deep / np.float32(65535), Details())
    yield 'float.tif', floats.getvalue()
    yield 'lossy.webp', encoded(photo, 'WEBP', quality=80)
    yield 'progressive.jpg', encoded(photo, 'JPEG', progressive=True)
    yield 'lzw.tif', encoded(photo, 'TIFF', compression='tiff_lzw')
