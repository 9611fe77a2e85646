"""Bins of hole ratios, against exact fractions; contact with the border, pixel by pixel."""
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmpconv.evaluation import GROUPS, HOLE_BINS, bin_of, touches_border
from mmpconv.evaluation.hole_bins import groups_of


@pytest.mark.parametrize('ratio, name', [
    (0, None), (0.01, None), (0.0101, '0.01-0.1'), (0.1, '0.01-0.1'), (0.1001, '0.1-0.2'), (0.2, '0.1-0.2'),
    (0.2001, '0.2-0.3'), (0.3, '0.2-0.3'), (0.3001, '0.3-0.4'), (0.4, '0.3-0.4'), (0.4001, '0.4-0.5'),
    (0.5, '0.4-0.5'), (0.5001, '0.5-0.6'), (0.6, '0.5-0.6'), (0.6001, None), (1, None)])
def test_convention_a_bin_is_without_its_low_and_with_its_high_end(ratio, name):
    assert bin_of(ratio) == name


@given(st.integers(1, 1000).flatmap(lambda pixels: st.tuples(st.integers(0, pixels), st.just(pixels))))
def test_a_quotient_of_pixels_is_in_the_bin_of_the_exact_fraction(case):
    """Of 1000 pixels, say, 300 are a hole: 300 / 1000 must not be above 0.3."""
    hole, pixels = case
    exact = [name for name in HOLE_BINS
             if Fraction(name.split('-')[0]) < Fraction(hole, pixels) <= Fraction(name.split('-')[1])]
    assert bin_of(hole / pixels) == (exact[0] if exact else None)


@pytest.mark.parametrize('ratio', [-0.1, 1.1, 50, float('nan')])
def test_what_is_no_ratio_is_refused(ratio):
    with pytest.raises(ValueError, match=f'hole pixels / all pixels, in .* but this one is {ratio}'):
        bin_of(ratio)


@pytest.mark.parametrize('shape', [(4, 5), (4, 5, 1), (3, 3), (1, 1, 1), (1, 4)])
def test_convention_a_hole_touches_the_border_if_it_has_one_of_the_outermost_pixels(shape):
    for row in range(shape[0]):
        for column in range(shape[1]):
            mask = np.zeros(shape, np.uint8)
            mask[row, column] = 1
            outermost = row in (0, shape[0] - 1) or column in (0, shape[1] - 1)
            assert touches_border(mask) is outermost, (row, column)
    assert touches_border(np.zeros(shape, np.uint8)) is False


def test_convention_an_image_in_no_bin_counts_among_all_images_only():
    assert groups_of(None, border=True) == groups_of(None, border=False) == ('',)


def test_an_image_counts_in_its_bin_and_in_its_contact_with_the_border_and_in_both():
    assert groups_of('0.01-0.1', border=False) == ('', '0.01-0.1', 'no_border', '0.01-0.1/no_border')
    assert groups_of('0.5-0.6', border=True) == ('', '0.5-0.6', 'border', '0.5-0.6/border')


def test_the_groups_are_those_that_images_count_in():
    counted = [group for name in [None, *HOLE_BINS] for border in (True, False) for group in groups_of(name, border)]
    assert sorted(GROUPS) == sorted(set(counted)) and len(GROUPS) == 1 + 6 + 2 + 12
