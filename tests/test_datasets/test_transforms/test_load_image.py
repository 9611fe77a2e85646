import io
import pickle

import cv2
import numpy as np
import pytest
from mmagic.datasets.transforms import LoadImageFromFile as MMagicLoadImageFromFile
from PIL import Image

from mmpconv.datasets import LoadImageFromFile, UnreadableImageError
from mmpconv.registry import TRANSFORMS


def encoded(photo, fmt, mode='RGB', **kwargs):
    content = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(photo[..., ::-1])).convert(mode).save(content, fmt, **kwargs)
    return content.getvalue()


def load(path):
    return LoadImageFromFile(key='gt').transform(dict(gt_path=str(path)))['gt']


@pytest.mark.parametrize('name, fmt, mode, tolerance', [
    ('rgb.png', 'PNG', 'RGB', 0), ('rgba.png', 'PNG', 'RGBA', 0), ('palette.png', 'PNG', 'P', 25),
    ('photo.bmp', 'BMP', 'RGB', 0), ('photo.tif', 'TIFF', 'RGB', 0), ('photo.jpg', 'JPEG', 'RGB', 4),
    ('cmyk.jpg', 'JPEG', 'CMYK', 4),
])
def test_every_format_becomes_three_channels_of_bytes(photo, tmp_path, name, fmt, mode, tolerance):
    (tmp_path / name).write_bytes(encoded(photo, fmt, mode, **(dict(quality=95) if fmt == 'JPEG' else {})))
    image = load(tmp_path / name)
    assert image.dtype == np.uint8 and image.shape == photo.shape
    assert np.abs(image.astype(int) - photo).mean() <= tolerance


@pytest.mark.parametrize('name', ['grey.png', 'grey.jpg'])
def test_grey_photos_get_three_equal_channels(photo, tmp_path, name):
    grey = cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY)
    cv2.imwrite(str(tmp_path / name), grey)
    image = load(tmp_path / name)
    assert image.shape == photo.shape and (image == image[..., :1]).all()
    assert np.abs(image[..., 0].astype(int) - grey).mean() < 4


@pytest.mark.parametrize('channels', [1, 3])
def test_sixteen_bits_become_eight(photo, tmp_path, channels):
    deep = (photo if channels == 3 else photo[..., 0]).astype(np.uint16) * 257
    cv2.imwrite(str(tmp_path / 'deep.png'), deep)
    image = load(tmp_path / 'deep.png')
    assert image.dtype == np.uint8
    assert (image == (photo if channels == 3 else photo[..., :1])).all()


def test_complete_files_load_as_in_mmagic(photo, tmp_path):
    (tmp_path / 'photo.jpg').write_bytes(encoded(photo, 'JPEG'))
    path = str(tmp_path / 'photo.jpg')
    for kwargs in (dict(), dict(channel_order='rgb'), dict(to_float32=True), dict(color_type='grayscale'),
                   dict(use_cache=True), dict(save_original_img=True), dict(imdecode_backend='pillow')):
        ours = LoadImageFromFile(key='gt', **kwargs).transform(dict(gt_path=path))
        theirs = MMagicLoadImageFromFile(key='gt', **kwargs).transform(dict(gt_path=path))
        assert ours.keys() == theirs.keys()
        assert all(np.array_equal(ours[key], theirs[key]) for key in ours)


@pytest.mark.parametrize('backend', ['cv2', 'pillow'])
@pytest.mark.parametrize('name, change, reason', [
    ('empty.jpg', lambda jpg, png: b'', 'empty|cannot identify'),
    ('text.png', lambda jpg, png: b'no picture at all', 'known format|cannot identify'),
    ('half.jpg', lambda jpg, png: jpg[:len(jpg) // 2], 'cut off'),
    ('last_bytes.jpg', lambda jpg, png: jpg[:-2], 'cut off'),
    ('half.png', lambda jpg, png: png[:len(png) // 2], 'cut off|truncated'),
])
def test_broken_files_are_named(photo, tmp_path, backend, name, change, reason):
    (tmp_path / name).write_bytes(change(encoded(photo, 'JPEG'), encoded(photo, 'PNG')))
    with pytest.raises(UnreadableImageError, match=f'{name}.*({reason})') as info:
        LoadImageFromFile(key='gt', imdecode_backend=backend).transform(dict(gt_path=str(tmp_path / name)))
    again = pickle.loads(pickle.dumps(info.value))
    assert str(again) == str(info.value) and again.filename == str(tmp_path / name)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UnreadableImageError, match='gone.png: there is no such file'):
        load(tmp_path / 'gone.png')


def test_configs_get_this_transform():
    assert type(TRANSFORMS.build(dict(type='LoadImageFromFile', key='gt'))) is LoadImageFromFile
