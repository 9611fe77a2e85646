"""Fillings: what they may read, what they must not change, and what they come to."""
import cv2
import numpy as np
import pytest
import skimage.data

from mmpconv.evaluation import BASELINES

SIZE = (60, 80)
each_baseline = pytest.mark.parametrize('fill', BASELINES.values(), ids=BASELINES)


@pytest.fixture(params=['chelsea', 'coffee'])
def photo(request):
    return cv2.resize(getattr(skimage.data, request.param)()[..., ::-1], SIZE[::-1], interpolation=cv2.INTER_AREA)


@pytest.fixture
def mask():
    """Strokes, some of which touch the border, where OpenCV's inpainting reads what is in the hole."""
    rng = np.random.default_rng(1)
    mask = np.zeros((*SIZE, 1), np.uint8)
    for _ in range(8):
        start, end = (tuple(rng.integers((0, 0), SIZE[::-1]).tolist()) for _ in range(2))
        cv2.line(mask, start, end, 1, int(rng.integers(3, 9)))
    mask[:, :4] = mask[10:16] = 1
    assert 0.3 < mask.mean() < 0.6
    return mask


@each_baseline
def test_pixels_in_the_hole_are_never_read(fill, photo, mask):
    filled = fill(photo, mask)
    for garbage in (0, 255, np.random.default_rng(0).integers(0, 256, photo.shape, np.uint8)):
        assert np.array_equal(fill(np.where(mask, garbage, photo).astype(np.uint8), mask), filled)


@each_baseline
def test_valid_pixels_and_the_arguments_stay_as_they_are(fill, photo, mask):
    arguments = photo.copy(), mask.copy()
    filled = fill(photo, mask)
    valid = mask[..., 0] == 0
    assert filled.dtype == np.uint8 and np.array_equal(filled[valid], photo[valid])
    assert np.array_equal(photo, arguments[0]) and np.array_equal(mask, arguments[1])


@each_baseline
def test_an_image_without_a_hole_is_returned(fill, photo):
    assert np.array_equal(fill(photo, np.zeros((*SIZE, 1), np.uint8)), photo)


@pytest.mark.parametrize('name, error', [('mean', 0), ('telea', 4), ('navier-stokes', 1), ('biharmonic', 0),
                                         ('pyramid', 0), ('oriented', 0)])
def test_a_plain_colour_is_continued_into_the_hole(name, error, mask):
    """OpenCV's fast marching rounds each pixel that later ones are computed from."""
    plain = np.empty((*SIZE, 3), np.uint8)
    plain[:] = (20, 130, 240)
    assert np.abs(BASELINES[name](plain, mask).astype(int) - plain).max() <= error


@pytest.mark.parametrize('name', ['telea', 'navier-stokes', 'biharmonic', 'pyramid', 'oriented'])
def test_a_slope_is_continued_where_the_mean_colour_is_not(name):
    """The hole lies at the bright end, so that its mean is far from that of the valid pixels."""
    slope = np.broadcast_to(np.arange(0, 240, 3, dtype=np.uint8)[None, :, None], (*SIZE, 3)).copy()
    mask = np.zeros((*SIZE, 1), np.uint8)
    mask[25:35, 60:70] = 1
    hole = mask[..., 0] == 1
    error = {key: np.abs(BASELINES[key](slope, mask)[hole].astype(int) - slope[hole]).mean() for key in (name, 'mean')}
    assert error[name] < 8 and error['mean'] > 60


def test_the_mean_colour_is_that_of_the_valid_pixels_rounded():
    image = np.zeros((2, 2, 3), np.uint8)
    image[0, 0], image[0, 1], image[1, 0], image[1, 1] = (10, 0, 255), (20, 0, 255), (21, 2, 0), (99, 99, 99)
    mask = np.array([[0, 0], [0, 1]], np.uint8)[..., None]
    assert BASELINES['mean'](image, mask)[1, 1].tolist() == [17, 1, 170]


@each_baseline
@pytest.mark.parametrize('change, message', [
    (dict(mask=np.ones((*SIZE, 1), np.uint8)), 'the mask is all hole, so there is no colour to fill it with'),
    (dict(mask=np.zeros(SIZE, np.uint8)), r'mask must be of shape \(60, 80, 1\) like the image, but it is \(60, 80\)'),
    (dict(image=np.zeros((*SIZE, 4), np.uint8)), r'image must be \(h, w, 3\) uint8, but it is \(60, 80, 4\) uint8'),
    (dict(image=np.zeros((*SIZE, 3))), 'but it is .* float64')])
def test_what_cannot_be_filled_is_refused(fill, change, message):
    arguments = dict(image=np.zeros((*SIZE, 3), np.uint8), mask=np.zeros((*SIZE, 1), np.uint8))
    with pytest.raises(ValueError, match=message):
        fill(**{**arguments, **change})
