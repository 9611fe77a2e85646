"""Pictures for networks have the pixels that OpenCV gives, though Pillow decodes them."""
import io
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from patience import PATIENCE
from PIL import Image, ImageFile

from mmpconv.photos import UnreadableImageError
from mmpconv.photos.decoding import COLOR_TYPES, decode

SHARED = Path(__file__).parents[3] / 'shared/data/photos/val'
FLAGS = dict(zip(COLOR_TYPES, (
    cv2.IMREAD_COLOR, cv2.IMREAD_GRAYSCALE, cv2.IMREAD_UNCHANGED, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION,
    cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION)))
GREY_JPEG_OF_RGB = {'grayscale', 'grayscale_ignore_orientation'}


def by_opencv(content, color_type):
    return cv2.imdecode(np.frombuffer(content, np.uint8), FLAGS[color_type])


@pytest.fixture(scope='module')
def rgb():
    """Smooth colours with noise, 37 x 50."""
    y, x = np.mgrid[:37, :50]
    smooth = np.stack([5 * x, 6 * y, 255 - 2 * x - 3 * y], -1)
    return np.clip(smooth + np.random.default_rng(0).integers(-20, 20, (37, 50, 3)), 0, 255).astype(np.uint8)


def file_of(image, format, **options):
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def turned(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def files(rgb):
    """Files of all kinds by name."""
    color = Image.fromarray(rgb)
    alpha = Image.fromarray(np.dstack([rgb, rgb[..., 0]]))
    named = {f'jpeg {quality} {sampling}': file_of(color, 'JPEG', quality=quality, subsampling=sampling)
             for quality in (30, 75, 95) for sampling in (0, 1, 2)}
    named |= {f'jpeg turned {turn}': file_of(color, 'JPEG', exif=turned(turn)) for turn in range(1, 9)}
    named |= {f'{kind} {mode}': file_of(color.convert(mode), kind) for kind in ('PNG', 'BMP')
              for mode in ('1', 'L', 'P', 'RGB')}
    named |= {'jpeg progressive': file_of(color, 'JPEG', progressive=True),
              'jpeg grey': file_of(color.convert('L'), 'JPEG'), 'jpeg CMYK': file_of(color.convert('CMYK'), 'JPEG'),
              'png alpha': file_of(alpha, 'PNG'), 'png grey alpha': file_of(color.convert('LA'), 'PNG'),
              'webp': file_of(color, 'WEBP', quality=80), 'webp lossless': file_of(alpha, 'WEBP', lossless=True),
              'tiff': file_of(color, 'TIFF'), 'tiff grey': file_of(color.convert('L'), 'TIFF'),
              'ppm': file_of(color, 'PPM'), 'pgm': file_of(color.convert('L'), 'PPM')}
    deep = (rgb.astype(np.uint16) * 257) ^ 0x5a
    named |= {'png 16 bits': cv2.imencode('.png', deep)[1].tobytes(),
              'png grey 16 bits': cv2.imencode('.png', deep[..., 0])[1].tobytes(),
              'tiff 16 bits': cv2.imencode('.tif', deep)[1].tobytes()}
    return named


@pytest.mark.parametrize('color_type', COLOR_TYPES)
def test_pixels_are_those_of_opencv(rgb, color_type):
    """Bit for bit; but where colours become grey outside of libjpeg-turbo each library rounds for itself."""
    for name, content in files(rgb).items():
        expected, found = by_opencv(content, color_type), decode(content, name, color_type)
        if name == 'png grey alpha' and color_type == 'unchanged':
            expected = expected[..., :found.shape[2]]
        assert (found.shape, found.dtype) == (expected.shape, expected.dtype), name
        off = np.abs(found.astype(int) - expected).max()
        rounded = color_type in GREY_JPEG_OF_RGB and not (name.startswith('jpeg') and 'CMYK' not in name)
        assert off <= (1 if rounded else 0), (name, off)
        if found.ndim == 3 and color_type != 'unchanged':
            assert (decode(content, name, color_type, 'rgb') == found[..., ::-1]).all()


@pytest.mark.skipif(not SHARED.is_dir(), reason='needs the 100 photos of ../shared/data/photos/val')
def test_real_photos_are_decoded_bit_for_bit_as_by_opencv():
    for path in sorted(SHARED.iterdir()):
        content = path.read_bytes()
        for color_type in ('color', 'grayscale'):
            assert (decode(content, path.name, color_type) == by_opencv(content, color_type)).all(), path


@pytest.mark.parametrize('damage, reason', [
    (lambda content: b'', 'the file is empty'), (lambda content: b'x' * 99, 'no picture'),
    (lambda content: content[:len(content) // 2], 'cut off'), (lambda content: content[:-2], 'cut off')])
def test_broken_files_are_refused_by_name(rgb, damage, reason):
    with pytest.raises(UnreadableImageError, match=f'cannot read the image a.jpg: .*({reason})'):
        decode(damage(file_of(Image.fromarray(rgb), 'JPEG')), 'a.jpg')


def test_large_and_floating_point_pictures_are_refused(rgb):
    content = file_of(Image.fromarray(rgb), 'PNG')
    with pytest.raises(UnreadableImageError, match='50 x 37 pixels, more than the limit of 1849'):
        decode(content, 'a.png', max_pixels=37 * 50 - 1)
    floats = file_of(Image.fromarray(rgb[..., 0] / np.float32(255)), 'TIFF')
    with pytest.raises(UnreadableImageError, match='its levels are floating-point numbers'):
        decode(floats, 'a.tif')
    assert decode(floats, 'a.tif', 'unchanged').dtype == np.float32


def test_threads_decode_at_the_same_time(rgb, monkeypatch):
    """Pillow's settings are of the whole process; they hold until the last thread is done, and then are as before."""
    together, content = threading.Barrier(3, timeout=PATIENCE), file_of(Image.fromarray(rgb), 'JPEG')
    load, seen, filters = ImageFile.ImageFile.load, [], list(warnings.filters)

    def meet(image):
        together.wait()  # all are inside
        seen.append(ImageFile.LOAD_TRUNCATED_IMAGES)
        return load(image)

    monkeypatch.setattr(ImageFile, 'LOAD_TRUNCATED_IMAGES', True)
    monkeypatch.setattr(ImageFile.ImageFile, 'load', meet)
    with ThreadPoolExecutor(3) as threads:
        results = list(threads.map(lambda number: decode(content, str(number)), range(3)))
    assert seen and not any(seen) and ImageFile.LOAD_TRUNCATED_IMAGES and warnings.filters == filters
    assert all((result == results[0]).all() for result in results)
