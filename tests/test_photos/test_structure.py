"""Small PNG files are read back by other programs; the end of a JPEG file is found."""
import io

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from picture_files import encoded
from PIL import Image

from mmpconv.photos.structure import encode_png, is_cut_off_jpeg


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


@pytest.mark.parametrize('kwargs', [dict(), dict(progressive=True), dict(subsampling=0, quality=100),
                                    dict(restart_marker_blocks=4)])
def test_the_end_of_a_jpeg_is_found_wherever_it_is(photo, kwargs):
    thumbnail = encoded(photo[:16, :16], 'JPEG')
    exif = b'Exif\0\0' + thumbnail  # a thumbnail has an end marker of its own
    complete = encoded(photo, 'JPEG', exif=exif, **kwargs)
    assert not is_cut_off_jpeg(complete)
    assert not is_cut_off_jpeg(complete + b'\xff\xda trailing data of a phone' * 9)
    body = complete.rindex(b'\xff\xda')
    for cut in (1, 2, 3, 50, len(complete) - body - 20, len(complete) - body, len(complete) - 40):
        assert is_cut_off_jpeg(complete[:-cut]), cut


def test_other_formats_are_not_taken_for_jpeg(photo):
    assert not is_cut_off_jpeg(encoded(photo, 'PNG')[:100]) and not is_cut_off_jpeg(b'')
