"""Scores of one image, against scikit-image, MMagic and numbers computed by hand."""
import math

import cv2
import numpy as np
import pytest
import skimage.data
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from mmpconv.evaluation import image_metrics
from mmpconv.registry import METRICS


def photo_of(name, size=(90, 120)):
    return cv2.resize(getattr(skimage.data, name)()[..., ::-1], size[::-1], interpolation=cv2.INTER_AREA)


def hole_of(size=(90, 120)):
    mask = np.zeros((*size, 1), np.uint8)
    mask[20:60, 30:90] = 1
    return mask


def blurred(image, sigma):
    return cv2.GaussianBlur(image, (0, 0), sigma)


PAIRS = {
    'blurred': lambda photo: blurred(photo, 3),
    'darker': lambda photo: photo // 2,
    'noise': lambda photo: np.random.default_rng(0).integers(0, 256, photo.shape, np.uint8),
    'hole only': lambda photo: np.where(hole_of(), 255 - photo, photo),
    'one step': lambda photo: photo ^ 1,
}


@pytest.fixture(params=[(name, kind) for name in ('astronaut', 'chelsea') for kind in PAIRS],
                ids=lambda param: ' '.join(param))
def pair(request):
    name, kind = request.param
    photo = photo_of(name)
    return PAIRS[kind](photo), photo


def test_psnr_and_ssim_are_those_of_scikit_image(pair):
    metrics = image_metrics(*pair, hole_of())
    assert metrics['psnr'] == pytest.approx(peak_signal_noise_ratio(*pair), abs=1e-9)
    expected = structural_similarity(*pair, gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
                                     channel_axis=2, data_range=255)
    assert metrics['ssim'] == pytest.approx(expected, abs=1e-9)


def test_mmagics_metrics_agree(pair):
    """They compute with less digits."""
    pred, gt = (image.transpose(2, 0, 1) for image in pair)
    mask = hole_of()
    metrics = image_metrics(*pair, mask)
    l1, psnr, ssim = (METRICS.build(config).process_image(gt, pred, mask.transpose(2, 0, 1)) for config in (
        dict(type='MAE', mask_key='mask'), dict(type='PSNR'), dict(type='SSIM')))
    assert metrics['l1_hole'] == pytest.approx(100 * l1, abs=1e-8)
    assert metrics['psnr'] == pytest.approx(psnr, abs=1e-4)
    assert metrics['ssim'] == pytest.approx(ssim, abs=1e-4)


def test_convention_l1_is_in_percent_of_the_range_over_all_pixels_and_over_the_hole():
    """51 of 255 is 20 %, wrong in 24 of the 48 hole pixels of 12 x 16, and right elsewhere."""
    gt = np.full((12, 16, 3), 100, np.uint8)
    pred, mask = gt.copy(), np.zeros((12, 16, 1), np.uint8)
    mask[2:8, 4:12] = 1
    pred[2:8, 4:8] += 51
    metrics = image_metrics(pred, gt, mask)
    assert metrics['l1_hole'] == pytest.approx(20 * 24 / 48)
    assert metrics['l1'] == pytest.approx(20 * 24 / (12 * 16))
    assert metrics['psnr'] == pytest.approx(20 * math.log10(255 / math.sqrt(51**2 * 24 / 192)))


def test_convention_differences_outside_the_hole_count_in_all_but_l1_of_the_hole():
    gt = photo_of('coffee')
    pred = np.where(hole_of(), gt, blurred(gt, 3))
    metrics = image_metrics(pred, gt, hole_of())
    assert metrics['l1_hole'] == 0
    assert metrics['l1'] > 0.5 and metrics['psnr'] < 50 and metrics['ssim'] < 0.99


def test_convention_equal_images_score_as_if_one_value_were_off_by_one():
    gt, mask = photo_of('rocket', (256, 256)), hole_of((256, 256))
    nearest = gt.copy()
    nearest[0, 0, 0] ^= 1
    equal, off_by_one = image_metrics(gt, gt, mask), image_metrics(nearest, gt, mask)
    assert equal['psnr'] == off_by_one['psnr'] == pytest.approx(20 * math.log10(255 * math.sqrt(256 * 256 * 3)))
    assert equal['psnr'] == pytest.approx(101.07, abs=0.005)
    assert (equal['l1'], equal['l1_hole'], equal['ssim']) == (0, 0, 1)


def test_convention_l1_of_the_hole_is_0_without_a_hole():
    gt = photo_of('chelsea')
    assert image_metrics(255 - gt, gt, np.zeros_like(hole_of()))['l1_hole'] == 0


def test_large_images_do_not_overflow_the_sums():
    """The squares of 1500 x 1000 values of 255 exceed 32 bits."""
    gt = np.zeros((1000, 500, 3), np.uint8)
    metrics = image_metrics(gt + 255, gt, np.ones((1000, 500, 1), np.uint8))
    assert metrics['l1'] == metrics['l1_hole'] == 100 and metrics['psnr'] == 0


@pytest.mark.parametrize('change, message', [
    (dict(pred=np.zeros((90, 121, 3), np.uint8)), 'pred is 90 x 121 pixels and gt 90 x 120; only images of the same'),
    (dict(gt=np.zeros((90, 120), np.uint8)), r'gt must be \(h, w, 3\) uint8, but it is \(90, 120\) uint8'),
    (dict(pred=np.zeros((90, 120, 3))), r'pred must be \(h, w, 3\) uint8, but it is \(90, 120, 3\) float64'),
    (dict(mask=np.zeros((90, 120), np.uint8)), r'mask must be of shape \(90, 120, 1\) .* but it is \(90, 120\)'),
    (dict(mask=np.zeros((120, 90, 1), np.uint8)), r'but it is \(120, 90, 1\)')])
def test_arrays_that_do_not_fit_are_refused(change, message):
    arrays = dict(pred=photo_of('coffee'), gt=photo_of('coffee'), mask=hole_of())
    with pytest.raises(ValueError, match=message):
        image_metrics(**{**arrays, **change})


def test_images_below_the_window_of_ssim_are_refused():
    image, mask = np.zeros((10, 40, 3), np.uint8), np.zeros((10, 40, 1), np.uint8)
    with pytest.raises(ValueError, match='the images are 10 x 40 pixels, but SSIM has a window of 11 x 11'):
        image_metrics(image, image, mask)
    image_metrics(np.zeros((11, 11, 3), np.uint8), np.zeros((11, 11, 3), np.uint8), np.zeros((11, 11, 1), np.uint8))
