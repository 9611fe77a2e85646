"""Files as they lie in downloaded data sets, made by Pillow, OpenCV and tifffile."""
import io

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image
from skimage import data

from mmpconv.dataset_converters.inspection import inspect_photo
from mmpconv.datasets.transforms import LoadImageFromFile

PHOTO = data.astronaut()[:64, :96]


def pillow(mode='RGB', kind='JPEG', **options):
    file = io.BytesIO()
    Image.fromarray(PHOTO).convert(mode).save(file, kind, **options)
    return file.getvalue()


def opencv(suffix, picture):
    return cv2.imencode(suffix, picture)[1].tobytes()


def tiff(picture):
    file = io.BytesIO()
    tifffile.imwrite(file, picture, photometric='rgb')
    return file.getvalue()


def turned():
    exif = Image.Exif()
    exif[0x0112] = 6
    return pillow(exif=exif)


WIDE = PHOTO.astype(np.uint16) * 257
USED = {
    'plain.jpg': (pillow(), []), 'plain.png': (pillow(kind='PNG'), []), 'PLAIN.JPG': (pillow(), []),
    'grey.jpg': (pillow('L'), ['grey']), 'ink.jpg': (pillow('CMYK'), ['CMYK']),
    'palette.png': (pillow('P', 'PNG'), ['palette']), 'alpha.png': (pillow('RGBA', 'PNG'), ['alpha']),
    'bits.png': (opencv('.png', WIDE), ['16 bits']), 'bits.tif': (opencv('.tif', WIDE), ['16 bits']),
    'grey_bits.png': (opencv('.png', WIDE[..., 0]), ['16 bits']), 'turned.jpg': (turned(), ['turned by EXIF']),
    'really_a.jpg': (pillow(kind='PNG'), ['wrong suffix']),
}
BROKEN = {
    'empty.jpg': (b'', 'empty file'), 'page.jpg': (b'<html>404</html>', 'no picture'),
    'cut.jpg': (pillow()[:900], 'cut off or damaged'), 'cut.png': (pillow(kind='PNG')[:4000], 'cut off or damaged'),
    'float.tif': (tiff(PHOTO.astype(np.float32) / 255), 'neither 8 nor 16 bits'),
    'int.tif': (tiff(PHOTO.astype(np.int32)), 'kind that is not read'),
    'grey_float.tif': (opencv('.tif', PHOTO[..., 0].astype(np.float32) / 255), 'neither 8 nor 16 bits'),
}


@pytest.mark.parametrize('name', USED)
def test_odd_files_are_used_and_named(name, tmp_path):
    content, expected = USED[name]
    (tmp_path / name).write_bytes(content)
    findings = inspect_photo(str(tmp_path), name)
    assert [finding.what for finding in findings] == expected
    assert not any(finding.is_left_out for finding in findings)
    # What the report promises: the loader makes 8-bit colours of it, upright, and not a black picture.
    image = LoadImageFromFile(key='gt')({'gt_path': str(tmp_path / name)})['gt']
    assert image.dtype == np.uint8
    assert image.shape == ((96, 64, 3) if 'turned' in name else (64, 96, 3))
    assert abs(image.mean() - PHOTO.mean()) < 30


@pytest.mark.parametrize('name', BROKEN)
def test_broken_files_are_left_out_and_named(name, tmp_path):
    content, expected = BROKEN[name]
    (tmp_path / name).write_bytes(content)
    finding, = inspect_photo(str(tmp_path), name)
    assert (finding.file, finding.what, finding.is_left_out) == (name, expected, True)


def test_a_file_that_cannot_be_opened_is_left_out(tmp_path):
    finding, = inspect_photo(str(tmp_path), 'gone.jpg')
    assert finding.is_left_out and 'No such file' in finding.detail
