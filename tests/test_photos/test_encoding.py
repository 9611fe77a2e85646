"""Small PNG files are read back by other programs as they were."""
import io

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mmpconv.photos.structure import encode_png


@settings(max_examples=30)
@given(st.integers(1, 70), st.integers(1, 70), st.integers(0, 9))
def test_masks_have_a_bit_a_pixel_and_are_read_by_opencv_and_pillow(h, w, seed):
    mask = np.random.default_rng(seed).integers(0, 2, (h, w, 1), dtype=np.uint8)
    content = encode_png(255 * mask[::-1, ::-1], bilevel=True)
    assert (cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED) == 255 * mask[::-1, ::-1, 0]).all()
    with Image.open(io.BytesIO(content)) as file:
        assert file.mode == '1' and (np.array(file) == mask[::-1, ::-1, 0]).all()


@pytest.mark.parametrize('channels', [1, 3])
def test_pictures_keep_all_levels(channels):
    picture = np.random.default_rng(0).integers(0, 256, (5, 7, channels), dtype=np.uint8)
    with Image.open(io.BytesIO(encode_png(picture))) as file:
        found = np.array(file).reshape(5, 7, channels)
    assert (found == picture[..., ::-1]).all()
