import numpy as np
import pytest

from mmpconv.photos import binarise_mask, resize_mask


def test_convention_white_is_the_hole_and_mid_grey_is_not():
    levels = np.array([[0, 1, 127, 128, 255]], np.uint8)
    assert binarise_mask(levels)[..., 0].tolist() == [[0, 0, 0, 1, 1]]
    assert binarise_mask(levels, invert=True)[..., 0].tolist() == [[1, 1, 1, 0, 0]]
    assert binarise_mask(levels, threshold=0)[..., 0].tolist() == [[0, 1, 1, 1, 1]]


@pytest.mark.parametrize('picture, expected', [
    (np.array([[0, 127 * 257, 128 * 257, 65535]], np.uint16), [0, 0, 1, 1]),
    (np.array([[0., 0.49, 0.51, 1.]]), [0, 0, 1, 1]),
    (np.array([[False, True]]), [0, 1]),
    (np.array([[[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 255, 0]]], np.uint8), [0, 1, 0, 1]),
    (np.array([[[0, 0, 0, 255], [255, 255, 255, 0]]], np.uint8), [0, 1]),
])
def test_depths_and_colours(picture, expected):
    mask = binarise_mask(picture)
    assert mask.dtype == np.uint8 and mask.shape == (*picture.shape[:2], 1)
    assert mask[0, :, 0].tolist() == expected


def test_an_unknown_depth_is_refused():
    with pytest.raises(TypeError, match='int32'):
        binarise_mask(np.zeros((2, 2), np.int32))


def test_resizing_keeps_masks_binary():
    mask = (np.random.default_rng(0).random((37, 53, 1)) < 0.3).astype(np.uint8)
    resized = resize_mask(mask, (64, 20))
    rows, columns = (((np.arange(size) + 0.5) * of / size).astype(int) for size, of in ((64, 37), (20, 53)))
    assert resized.shape == (64, 20, 1) and (resized == mask[rows][:, columns]).all()
    assert (resize_mask(np.kron(mask[..., 0], np.ones((2, 2), np.uint8))[..., None], (37, 53)) == mask).all()
