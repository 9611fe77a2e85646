"""What MMagic's own tests of its loading of masks and masked photos pin, restated for MMagic's classes and for ours."""
import cv2
import mmagic.datasets.transforms
import numpy as np
import pytest

import mmpconv.datasets

SIDE = 256
DRAWN = dict(
    ff=dict(img_shape=(SIDE, SIDE), num_vertices=(4, 12), mean_angle=1.2, angle_range=0.4, brush_width=(12, 40)),
    irregular=dict(img_shape=(SIDE, SIDE), num_vertices=(4, 12), max_angle=4., length_range=(10, 100),
                   brush_width=(10, 40), area_ratio_range=(0.15, 0.5)),
    bbox=dict(img_shape=(SIDE, SIDE), max_bbox_shape=128))


@pytest.fixture(params=['theirs', 'ours'])
def transforms(request):
    return {'theirs': mmagic.datasets.transforms, 'ours': mmpconv.datasets}[request.param]


@pytest.fixture(params=[1, 3])
def mask_file(request, tmp_path):
    """A picture of one or three channels, with white for the hole, and what is the hole in it ``(h, w, 1)``."""
    hole = np.zeros((SIDE, SIDE), np.uint8)
    hole[40:90, 100:201] = 1
    white = hole * 255
    cv2.imwrite(str(tmp_path / 'mask.png'), white if request.param == 1 else np.stack([white] * 3, -1))
    return tmp_path / 'mask.png', hole[..., None]


def test_a_set_gives_the_first_channel_of_its_pictures_time_after_time(transforms, mask_file):
    path, hole = mask_file
    (path.parent / 'list.txt').write_text('mask.png\n')
    load = transforms.LoadMask('set', dict(
        mask_list_file=str(path.parent / 'list.txt'), prefix=f'{path.parent}/', io_backend='local',
        color_type='unchanged', file_client_kwargs=dict()))
    assert repr(load).startswith("LoadMask(mask_mode='set'")
    for _ in range(2):
        assert np.array_equal(load(dict())['mask'], hole)


def test_a_file_is_the_one_that_the_sample_names(transforms, mask_file):
    path, hole = mask_file
    assert np.array_equal(transforms.LoadMask('file')(dict(mask_path=str(path)))['mask'], hole)


@pytest.mark.parametrize('mode', DRAWN)
def test_a_drawn_mask_has_one_channel_and_the_size_that_was_asked_for(transforms, mode):
    mask = transforms.LoadMask(mode, DRAWN[mode])(dict())['mask']
    assert mask.shape == (SIDE, SIDE, 1) and set(np.unique(mask)) == {0, 1}


def test_an_unknown_mode_is_not_implemented(transforms):
    with pytest.raises(NotImplementedError):
        transforms.LoadMask('xxxx', DRAWN['bbox'])(dict())


def test_a_masked_photo_has_what_is_asked_for_in_its_hole(transforms):
    photo = np.random.rand(4, 4, 3).astype(np.float32)
    mask = np.zeros((4, 4, 1), np.float32)
    mask[1, 1] = 1
    transform = transforms.GetMaskedImage(zero_value=0)
    assert np.array_equal(transform(dict(gt=photo, mask=mask))['img'], photo * (1 - mask))
    assert repr(transform) == "GetMaskedImage(img_key='gt', mask_key='mask', out_key='img', zero_value=0)"


def test_a_masked_photo_is_described_as_the_photo_is(transforms):
    results = dict(gt=np.zeros((4, 4, 3), np.float32), mask=np.zeros((4, 4, 1), np.float32), ori_gt_shape=(4, 4, 3),
                   gt_channel_order='rgb', gt_color_type='color')
    results = transforms.GetMaskedImage(zero_value=0)(results)
    assert results['ori_img_shape'] == (4, 4, 3)
    assert (results['img_channel_order'], results['img_color_type']) == ('rgb', 'color')


@pytest.fixture(params=[False, True], ids=['text', 'Path'])
def photo(request, tmp_path):
    """A path, as text or not, and the photo BGR."""
    rows, columns = np.mgrid[:24, :40]
    picture = np.stack([rows * 9, columns * 6, rows * columns % 256], -1).astype(np.uint8)
    cv2.imwrite(str(tmp_path / 'photo.png'), picture)
    path = tmp_path / 'photo.png'
    return path if request.param else str(path), picture


@pytest.mark.parametrize('key', ['gt', 'img'])
def test_a_photo_is_loaded_and_described(transforms, photo, key):
    path, picture = photo
    loader = transforms.LoadImageFromFile(key=key)
    results = loader({f'{key}_path': path})
    assert np.array_equal(results[key], picture) and results[f'ori_{key}_shape'] == picture.shape
    assert results[f'{key}_path'] == path
    assert (results[f'{key}_channel_order'], results[f'{key}_color_type']) == ('bgr', 'color')
    assert repr(loader) == (
        f'LoadImageFromFile(key={key}, color_type=color, channel_order=bgr, imdecode_backend=None, use_cache=False, '
        'to_float32=False, to_y_channel=False, save_original_img=False, backend_args=None)')


def test_a_grey_photo_and_its_original_are_two_arrays(transforms, photo):
    path, picture = photo
    results = transforms.LoadImageFromFile(key='img', color_type='grayscale', save_original_img=True)(
        dict(img_path=path))
    assert results['img'].shape == results['ori_img_shape'] == (*picture.shape[:2], 1)
    assert np.array_equal(results['ori_img'], results['img']) and results['ori_img'] is not results['img']
    assert (results['img_channel_order'], results['img_color_type']) == ('bgr', 'grayscale')


def test_photos_are_kept_where_that_is_asked_for(transforms, photo):
    path, picture = photo
    loader = transforms.LoadImageFromFile(key='gt', use_cache=True)
    assert loader.cache == dict()
    for _ in range(2):
        assert np.array_equal(loader(dict(gt_path=path))['gt'], picture)
    assert list(loader.cache) == [str(path)]


@pytest.mark.parametrize('order', ['bgr', 'rgb'])
def test_luminance_is_that_of_mmcv(transforms, photo, order):
    import mmcv

    path, picture = photo
    results = transforms.LoadImageFromFile(key='gt', channel_order=order, to_y_channel=True, to_float32=True)(
        dict(gt_path=path))
    np.testing.assert_array_almost_equal(results['gt'][..., 0], mmcv.bgr2ycbcr(picture, y_only=True))
    with pytest.raises(ValueError):
        transforms.LoadImageFromFile(key='gt', channel_order='gg', to_y_channel=True)(dict(gt_path=path))


def test_a_list_of_photos_is_loaded_as_a_list(transforms, photo):
    path, picture = photo
    results = transforms.LoadImageFromFile(key='gt', save_original_img=True)(dict(gt_path=[path]))
    assert len(results['gt']) == 1 and np.array_equal(results['gt'][0], picture)
    assert results['ori_gt_shape'] == [picture.shape] and results['gt_path'] == [path]
