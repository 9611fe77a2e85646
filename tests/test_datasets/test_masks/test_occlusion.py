import math
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmpconv.datasets.masks import canvas, occlusion, occlusion_mask
from mmpconv.registry import TRANSFORMS

SIDE = occlusion._FRAME
BINS = [(0.01, 0.1), (0.1, 0.2), (0.2, 0.3), (0.3, 0.4), (0.4, 0.5), (0.5, 0.6)]


@settings(max_examples=15)
@given(st.integers(0, 2**32), st.tuples(st.integers(24, 90), st.integers(24, 90)), st.floats(0, 0.7))
def test_the_hole_ratio_is_exactly_in_its_interval(seed, size, low):
    mask = occlusion_mask(np.random.default_rng(seed), size, area_ratio_range=(low, low + 0.02))
    assert mask.dtype == np.uint8 and mask.shape == (*size, 1) and set(np.unique(mask)) == {0, 1}
    assert low <= mask.mean() <= low + 0.02


@settings(max_examples=25)
@given(st.integers(0, 2**32), st.integers(1, 6), st.floats(0.005, 0.15))
def test_border_free_holes_keep_the_margin_and_the_ratio(seed, margin, low):
    mask = occlusion_mask(np.random.default_rng(seed), (60, 80), area_ratio_range=(low, low + 0.02), border_free=True,
                          border_margin=margin)
    assert mask[margin:-margin, margin:-margin].sum() == mask.sum()
    assert low <= mask.mean() <= low + 0.02


@pytest.mark.parametrize('size', [(96, 128), (128, 96)])
def test_holes_reach_all_of_an_image_also_without_a_ratio(size):
    masks = [occlusion_mask(np.random.default_rng(i), size, area_ratio_range=None) for i in range(100)]
    cover = np.mean(masks, axis=0).reshape(size[0] // 8, 8, size[1] // 8, 8).mean(axis=(1, 3))
    assert cover.min() > 0.02


@pytest.mark.parametrize('border_free', [False, True])
def test_bins_are_filled_by_drawing_and_not_by_repair(monkeypatch, border_free):
    monkeypatch.delattr(canvas, 'fit_hole_area')
    for i in range(30):
        mask = occlusion_mask(np.random.default_rng(i), (128, 128), BINS[i % 6], border_free)
        assert BINS[i % 6][0] <= mask.mean() <= BINS[i % 6][1]


def test_holes_are_of_several_scales():
    """In pixels of 512: some masks have many lines below 11 pixels, others hardly any below 25."""
    left = {}
    for width in (11, 25):
        brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
        masks = (occlusion_mask(np.random.default_rng(i), (512, 512), (0.01, 0.1))[..., 0] for i in range(20))
        left[width] = [cv2.morphologyEx(mask, cv2.MORPH_OPEN, brush).sum() / mask.sum() for mask in masks]
    assert min(left[11]) < 0.8 and max(left[25]) > 0.8


# Accept a wanted change by copying the values that the failure shows.
@pytest.mark.parametrize('size, ratio, golden', [((64, 96), (0.01, 0.6), 2885759848),
                                                 ((256, 256), (0.3, 0.4), 3529317319)])
def test_masks_of_a_seed_stay_the_same(size, ratio, golden):
    mask = occlusion_mask(np.random.default_rng([0, 7]), size, area_ratio_range=ratio)
    assert zlib.crc32(np.packbits(mask).tobytes()) == golden


def still_and_moving(monkeypatch, *shapes):
    """The nearest layer stands still; the others move 4 pixels to the right."""
    given_shapes = iter(shapes)
    moved = []
    monkeypatch.setattr(occlusion, '_layer', lambda rng: next(given_shapes, np.zeros((SIDE, SIDE), np.uint8)).copy())

    def move(shape, rng):
        moved.append(shape)
        return shape if len(moved) == 1 else np.roll(shape, 4, axis=1)

    monkeypatch.setattr(occlusion, '_move', move)
    # The camera's strips are at most 3 pixels wide.
    return occlusion._changed_pixels(np.random.default_rng(0))[4:-4, 4:-4]


def box(rows, columns):
    shape = np.zeros((SIDE, SIDE), np.uint8)
    shape[rows, columns] = 1
    return shape


def test_holes_are_where_an_object_comes_and_goes(monkeypatch):
    nothing = np.zeros((SIDE, SIDE), np.uint8)
    changed = still_and_moving(monkeypatch, nothing, box(slice(50, 90), slice(60, 100)))
    expected = box(slice(50, 90), slice(60, 64)) + box(slice(50, 90), slice(100, 104))
    assert (changed == expected[4:-4, 4:-4]).all()


def test_what_happens_behind_a_nearer_object_is_not_seen(monkeypatch):
    changed = still_and_moving(monkeypatch, box(slice(0, 70), slice(None)), box(slice(50, 90), slice(60, 100)))
    expected = box(slice(70, 90), slice(60, 64)) + box(slice(70, 90), slice(100, 104))
    assert (changed == expected[4:-4, 4:-4]).all()


def test_a_deformed_object_is_the_object_seen_through_a_smooth_flow():
    """Stripes of all widths come back within the largest displacement: 3 + 5 + 5 pixels."""
    shape = box(slice(40, 150), slice(60, 130))
    for seed in range(20):
        moved = occlusion._move(shape, np.random.default_rng(seed))
        near = cv2.dilate(shape, np.ones((27, 27), np.uint8))
        core = cv2.erode(shape, np.ones((27, 27), np.uint8))
        assert not moved[near == 0].any() and moved[core == 1].all() and moved.shape == shape.shape


@pytest.mark.parametrize('side', [512, 256, 128])
def test_dilation_is_in_pixels_of_512(side):
    point = np.zeros((side, side), np.uint8)
    point[side // 2, side // 2] = 1
    for width in range(5, 50):
        rows = np.flatnonzero(occlusion._dilate(point, width, point.shape).any(axis=1))
        assert rows[-1] - rows[0] + 1 == max(width * side // 512, 1)


def test_the_window_is_turned_and_not_distorted():
    """A disc stays a disc, of an area that fits the scale of 5/8 to 1 frame a window."""
    y, x = np.ogrid[:SIDE, :SIDE]
    disc = ((y - SIDE // 2)**2 + (x - SIDE // 2)**2 < 30**2).astype(np.uint8)
    bar = box(slice(SIDE // 2 - 2, SIDE // 2 + 2), slice(20, SIDE - 20))
    areas, angles = [], []
    for seed in range(40):
        window = occlusion._rotate_and_crop(disc, (256, 256), np.random.default_rng(seed))
        (_, _), radius = cv2.minEnclosingCircle(np.argwhere(window).astype(np.float32))
        inside = not (window[[0, -1]].any() or window[:, [0, -1]].any())
        if inside:
            assert window.sum() == pytest.approx(math.pi * radius**2, rel=0.05)
            areas.append(radius * SIDE / 256 / 30)
        turned = occlusion._rotate_and_crop(bar, (256, 256), np.random.default_rng(seed))
        (_, _), sides, angle = cv2.minAreaRect(np.argwhere(turned).astype(np.float32))
        angles.append(angle % 90)
    assert len(areas) > 10 and 0.97 < min(areas) < 1.1 and 1.4 < max(areas) < 1.65
    assert np.ptp(angles) > 60


def test_load_mask_draws_them():
    transform = TRANSFORMS.build(dict(type='LoadMask', mask_mode='occlusion', mask_config=dict(img_shape=(64, 80)),
                                      seed=3))
    mask = transform(dict(sample_idx=4))['mask']
    assert (mask == occlusion_mask(np.random.default_rng([3, 4]), (64, 80))).all() and mask.any()


@pytest.mark.parametrize('kwargs, message', [
    (dict(area_ratio_range=(0.5, 0.2)), 'min <= max'),
    (dict(area_ratio_range=(0.9, 0.95), border_free=True), '64 x 64 pixels with holes 6 pixels off'),
    (dict(border_margin=4), 'without border_free'),
])
def test_impossible_arguments_are_refused_at_once(kwargs, message):
    with pytest.raises(ValueError, match=message):
        occlusion_mask(np.random.default_rng(0), (64, 64), **kwargs)


NVIDIA = Path(__file__).parents[3].parent / 'shared/data/masks'


def edge_length(mask):
    """Length of the holes' outlines, in image sides."""
    return (np.count_nonzero(np.diff(mask, axis=0)) + np.count_nonzero(np.diff(mask, axis=1))) / len(mask)


@pytest.mark.skipif(not NVIDIA.is_dir(), reason=f'needs a sample of NVIDIA\'s test masks in {NVIDIA}')
@pytest.mark.parametrize('number', range(6))
def test_they_are_as_ragged_as_nvidias(number):
    files = [path for path in sorted(NVIDIA.glob('*.png')) if int(path.stem) // 1000 == 2 * number + 1]
    theirs = np.median([edge_length(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) // 255) for path in files])
    ours = np.median([edge_length(occlusion_mask(np.random.default_rng(i), (512, 512), BINS[number])[..., 0])
                      for i in range(15)])
    assert 0.5 < ours / theirs < 1.7
