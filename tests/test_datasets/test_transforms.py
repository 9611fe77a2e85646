import io
import pickle

import cv2
import numpy as np
import pytest
from mmagic.datasets.transforms import Crop as MMagicCrop
from mmagic.datasets.transforms import GetMaskedImage as MMagicGetMaskedImage
from mmagic.datasets.transforms import LoadImageFromFile as MMagicLoadImageFromFile
from PIL import Image

from mmpconv.datasets import Crop, GetMaskedImage, LoadImageFromFile, UnreadableImageError
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


@pytest.mark.parametrize('color_type', ['color', 'grayscale', 'unchanged'])
@pytest.mark.parametrize('min_side, size', [
    (400, (400, 640)), (201, (400, 640)), (200, (200, 320)), (100, (100, 160)), (50, (50, 80)), (3, (50, 80))])
def test_a_jpeg_far_larger_than_needed_is_decoded_at_a_fraction(photo, tmp_path, min_side, size, color_type):
    photo = cv2.resize(photo, (640, 400), interpolation=cv2.INTER_CUBIC)
    (tmp_path / 'photo.jpg').write_bytes(encoded(photo, 'JPEG', quality=95))
    cv2.imwrite(str(tmp_path / 'photo.png'), photo)
    transform = LoadImageFromFile(key='gt', min_side=min_side, color_type=color_type)
    image, whole = (transform.transform(dict(gt_path=str(tmp_path / f'photo.{kind}')))['gt'] for kind in ('jpg', 'png'))
    assert image.shape[:2] == size and image.dtype == np.uint8 and whole.shape[:2] == photo.shape[:2]
    smaller = cv2.resize(whole, size[::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(image.astype(int).reshape(smaller.shape) - smaller).mean() < 2


def test_a_turned_jpeg_is_turned_at_a_fraction_too(photo, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    (tmp_path / 'photo.jpg').write_bytes(encoded(cv2.resize(photo, (640, 400)), 'JPEG', exif=exif))
    path = dict(gt_path=str(tmp_path / 'photo.jpg'))
    small = LoadImageFromFile(key='gt', min_side=200).transform(path)['gt']
    assert small.shape == (320, 200, 3)
    assert np.abs(cv2.resize(load(tmp_path / 'photo.jpg'), (200, 320), interpolation=cv2.INTER_AREA).astype(int)
                  - small).mean() < 2


@pytest.mark.parametrize('kwargs', [dict(min_side=0), dict(min_side=8, imdecode_backend='turbojpeg')])
def test_min_side_is_refused_where_it_has_no_meaning(kwargs):
    with pytest.raises(ValueError, match='min_side is .* at least 1, and the backend must be left out'):
        LoadImageFromFile(key='gt', **kwargs)


@pytest.mark.parametrize('content', [b'', b'\xff\xd8 and no more', b'\xff\xd8\xff\xd9'])
def test_a_broken_jpeg_is_named_with_min_side_too(tmp_path, content):
    (tmp_path / 'broken.jpg').write_bytes(content)
    with pytest.raises(UnreadableImageError, match='broken.jpg'):
        LoadImageFromFile(key='gt', min_side=8).transform(dict(gt_path=str(tmp_path / 'broken.jpg')))


def image(h, w):
    rows, cols = np.mgrid[:h, :w]
    return np.stack([rows % 256, cols % 256, rows * 0], -1).astype(np.uint8)


@pytest.mark.parametrize('random_crop', [True, False])
@pytest.mark.parametrize('pad', [True, False])
def test_large_images_are_cropped_as_by_mmagic(random_crop, pad):
    for seed in range(5):
        cropped = []
        for crop in (Crop, MMagicCrop):
            np.random.seed(seed)
            transform = crop(keys=['gt'], crop_size=(48, 32), random_crop=random_crop, is_pad_zeros=pad)
            cropped.append(transform(dict(gt=image(60, 48))))
        assert (cropped[0]['gt'] == cropped[1]['gt']).all()
        assert cropped[0]['gt_crop_bbox'] == cropped[1]['gt_crop_bbox']


@pytest.mark.parametrize('size, window, expected', [
    ((321, 481), (384, 384), (321, 321)),
    ((481, 321), (384, 384), (321, 321)),
    ((100, 90), (384, 192), (100, 50)),
    ((20, 500), (40, 80), (20, 40)),
])
def test_the_window_shrinks_as_a_whole_for_small_images(size, window, expected):
    results = Crop(keys=['gt'], crop_size=window, random_crop=False)(dict(gt=image(*size)))
    assert results['gt'].shape[:2] == expected
    x, y, w, h = results['gt_crop_bbox']
    assert (h, w) == expected and (x, y) == ((size[1] - w) // 2, (size[0] - h) // 2)
    assert (results['gt'] == image(*size)[y:y + h, x:x + w]).all()


def test_small_images_are_padded_on_request_as_by_mmagic():
    ours, theirs = (crop(keys=['gt'], crop_size=(64, 64), random_crop=False, is_pad_zeros=True)(
        dict(gt=image(40, 80)))['gt'] for crop in (Crop, MMagicCrop))
    assert (ours == theirs).all()


def test_a_list_is_a_crop_size_too():
    assert Crop(keys=['gt'], crop_size=[8, 8])(dict(gt=image(20, 20)))['gt'].shape == (8, 8, 3)


def test_masked_images_are_mmagics():
    mask = (np.random.default_rng(0).random((12, 16, 1)) < 0.4).astype(np.uint8)
    ours = TRANSFORMS.build(dict(type='GetMaskedImage'))(dict(gt=image(12, 16), mask=mask))
    assert (ours['img'] == MMagicGetMaskedImage()(dict(gt=image(12, 16), mask=mask))['img']).all()
    assert (ours['img'][mask[..., 0] == 1] == 127.5).all()


@pytest.mark.parametrize('size', [(24, 16), (1, 1)])
def test_sizes_that_differ_are_named(size):
    results = dict(gt=image(12, 16), gt_path='a.jpg', mask=np.ones((*size, 1), np.uint8))
    with pytest.raises(ValueError, match=f'a.jpg is 12 x 16 .*is {size[0]} x {size[1]}; set img_shape'):
        GetMaskedImage()(results)
