import numpy as np
import pytest
from mmagic.datasets.transforms import Crop as MMagicCrop
from mmagic.datasets.transforms import GetMaskedImage as MMagicGetMaskedImage

from mmpconv.datasets import Crop, GetMaskedImage
from mmpconv.registry import TRANSFORMS


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
