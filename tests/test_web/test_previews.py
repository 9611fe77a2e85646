import base64
import io

import numpy as np
import pytest
from PIL import Image

from mmpconv.photos import Photo
from mmpconv.web.previews import MAX_SIDE, data_url, hole_overlay, preview

CORNERS = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]], [[9, 9, 9], [99, 99, 99], [200, 200, 200]]], np.uint8)


def opened(url):
    return Image.open(io.BytesIO(base64.b64decode(url.partition(',')[2])))


@pytest.mark.parametrize('orientation', [1, 3, 6, 8])
def test_a_photo_is_seen_upright(orientation):
    image = Image.fromarray(CORNERS)
    image.getexif()[0x0112] = orientation
    turns = {1: 0, 3: 2, 6: 3, 8: 1}[orientation]
    np.testing.assert_array_equal(preview(Photo.from_pil(image)), np.rot90(CORNERS, turns))


@pytest.mark.parametrize('array', [CORNERS.astype(np.uint16) * 257, CORNERS.astype(np.float32) / 255])
def test_deep_photos_are_seen_in_eight_bits(array):
    np.testing.assert_array_equal(preview(Photo.from_array(array)), CORNERS)


def test_what_is_transparent_is_white():
    array = np.dstack([CORNERS, np.array([[255, 0, 255], [255, 255, 0]], np.uint8)])
    shown = np.array(preview(Photo.from_array(array)))
    assert (shown[0, 1] == 255).all() and (shown[1, 2] == 255).all()
    np.testing.assert_array_equal(shown[:, 0], CORNERS[:, 0])


def test_large_photos_are_made_smaller_with_their_masks():
    array = np.zeros((10, 2 * MAX_SIDE, 3), np.uint8)
    array[:, MAX_SIDE:] = 200
    shown, overlay = preview(Photo.from_array(array)), hole_overlay(array[..., 0] > 0)
    assert shown.size == overlay.size == (MAX_SIDE, 5)
    np.testing.assert_array_equal(np.array(shown)[..., 0] == 200, np.array(overlay)[..., 3] == 255)


def test_an_overlay_is_opaque_in_the_hole_alone():
    hole = CORNERS[..., 0] > 50
    np.testing.assert_array_equal(np.array(opened(data_url(hole_overlay(hole))))[..., 3], hole * 255)


def test_a_picture_within_the_page_is_the_picture():
    image = Image.fromarray(np.full((8, 8, 3), (200, 100, 50), np.uint8))
    np.testing.assert_allclose(np.array(opened(data_url(image))), np.array(image), atol=3)
