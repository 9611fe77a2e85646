import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmpconv.datasets.masks import fit_hole_area, hole_area_range, irregular_mask
from mmpconv.datasets.masks.canvas import with_hole_area


@given(st.integers(1, 60), st.integers(1, 60), st.floats(0, 1), st.floats(0, 1))
def test_the_range_of_areas_is_that_of_trying_all(h, w, a, b):
    low, high = sorted((a, b))
    areas = [n for n in range(1, h * w) if low <= n / (h * w) <= high]
    if areas:
        assert hole_area_range((h, w), (low, high)) == (areas[0], areas[-1])
    else:
        with pytest.raises(ValueError):
            hole_area_range((h, w), (low, high))


@pytest.mark.parametrize('count, side', [(7, 5), (14, 5), (1, 7), (2, 7)])
def test_the_ends_of_the_interval_are_included_despite_rounding(count, side):
    """`count / side**2 * side**2` is not `count` for these."""
    ratio = count / side**2
    assert hole_area_range((side, side), (ratio, ratio)) == (count, count)


def test_a_hole_that_is_too_small_is_united_with_further_draws():
    columns = iter(range(200))

    def draw():
        mask = np.zeros((20, 100), np.uint8)
        mask[:, next(columns)] = 1
        return mask

    mask = with_hole_area(draw, np.random.default_rng(0), 100, 110, margin=0)
    assert sorted(np.unique(mask.sum(axis=0))) == [0, 20] and mask.sum() == 100


def test_fitting_dilates_and_erodes():
    mask = np.zeros((9, 9), np.uint8)
    mask[3:6, 3:6] = 1
    grown = fit_hole_area(mask, 21)  # the square and its four 3-pixel sides
    expected = mask.copy()
    expected[2:7, 3:6] = expected[3:6, 2:7] = 1
    assert (grown == expected).all()
    eroded = fit_hole_area(mask, 1)
    assert eroded[4, 4] == 1 and eroded.sum() == 1


@given(st.integers(0, 100), st.integers(1, 36))
def test_fitting_stays_in_the_allowed_region(seed, area):
    mask = (np.random.default_rng(seed).random((10, 12)) < 0.1).astype(np.uint8)
    allowed = np.zeros((10, 12), bool)
    allowed[2:8, 3:9] = True
    fitted = fit_hole_area(mask, area, allowed)
    assert fitted.sum() == area and not fitted[~allowed].any()


def test_the_interval_may_be_of_numpys_numbers():
    for kind in (np.float32, np.float64):
        for interval in ((kind(.25), kind(.5)), np.array([.25, .5], kind)):
            assert hole_area_range((8, 8), interval) == (16, 32)


def test_fitting_does_not_depend_on_where_arrays_lie_in_memory():
    """OpenCV's distances do, in their last digit. This mask is too large, and eroded to fit."""
    sizes, masks = np.random.default_rng(1), set()
    for _ in range(60):
        others = [np.empty(sizes.integers(1, 9000), np.uint8) for _ in range(4)]  # take up memory
        masks.add(irregular_mask(np.random.default_rng(0), (64, 64), area_ratio_range=(0.1, 0.2)).tobytes())
        del others
    assert len(masks) == 1
