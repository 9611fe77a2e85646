import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from known_networks import disc

from mmpconv.apis.regions import depth_of, find_regions, windows_over

SIZE = 64


def regions(hole, hidden=None, depth=16.0):
    return list(find_regions(hole, hidden, SIZE, depth))


@pytest.mark.parametrize('seed', range(5))
def test_each_hole_pixel_is_in_one_region(seed):
    rng = np.random.default_rng(seed)
    hole = np.zeros((403, 517), bool)
    for _ in range(6):
        hole |= disc(403, 517, rng.integers(0, (403, 517)), rng.integers(1, 30))
    count = np.zeros(hole.shape, int)
    for region in regions(hole):
        count[region.place] += region.hole
        assert not (region.hole & region.blind).any()
        assert ((region.hole | region.blind) == hole[region.place]).all()
    assert (count == hole).all()


def test_holes_far_from_each_other_are_filled_apart():
    hole = disc(400, 400, (40, 40), 5) | disc(400, 400, (350, 350), 5)
    assert len(regions(hole)) == 2
    assert len(regions(hole | disc(400, 400, (40, 80), 5))) == 2  # the third is near the first


def test_a_region_is_as_large_as_the_photos_that_the_network_knows():
    region, = regions(disc(400, 400, (200, 3), 2))
    assert region.hole.shape == (5 + 3 + SIZE, SIZE) or min(region.hole.shape) >= SIZE
    region, = regions(disc(50, 400, (20, 200), 2))
    assert region.hole.shape[0] == 50


def test_the_size_of_a_region_does_not_depend_on_that_of_the_photo():
    small, = regions(disc(400, 400, (200, 200), 10))
    large, = regions(disc(2000, 3000, (1000, 1000), 10))
    assert small.hole.shape == large.hole.shape and small.halvings == large.halvings == 0


@pytest.mark.parametrize('radius, halvings', [(10, 0), (15, 0), (20, 1), (31, 1), (40, 2), (100, 3)])
def test_deep_holes_are_halved_until_the_network_fills_them(radius, halvings):
    region, = regions(disc(900, 900, (450, 450), radius))
    assert region.halvings == halvings
    assert region.deepest == pytest.approx(radius, abs=1.5)
    assert min(region.hole.shape) >= SIZE << halvings


def test_beyond_the_border_nothing_is_valid():
    hole = np.zeros((200, 200), bool)
    hole[:, :40] = True
    region, = regions(hole)
    assert region.deepest == pytest.approx(40, abs=1)


def test_without_a_depth_nothing_is_halved():
    region, = regions(disc(900, 900, (450, 450), 100), depth=None)
    assert region.halvings == 0


def test_hidden_pixels_are_blind_and_not_to_be_filled():
    hidden = np.zeros((100, 100), bool)
    hidden[:, 60:] = True
    region, = regions(disc(100, 100, (50, 50), 15), hidden)
    assert region.blind.any() and (region.blind == hidden[region.place] & ~region.hole).all()


def test_depth_is_the_distance_to_the_nearest_valid_pixel():
    unknown = np.zeros((9, 9), bool)
    unknown[2:7, 2:7] = True
    y, x = np.nonzero(~unknown)
    expected = [[np.hypot(y - row, x - column).min() for column in range(9)] for row in range(9)]
    np.testing.assert_allclose(depth_of(unknown), expected, atol=0.15)  # OpenCV's distances are good to some per cent


@given(st.integers(1, 90), st.integers(1, 90), st.integers(8, 40), st.integers(0, 7), st.integers(0, 2**32 - 1))
def test_windows_hold_every_pixel_to_be_filled(height, width, side, overlap, seed):
    target = np.random.default_rng(seed).random((height, width)) < 0.05
    seen = np.zeros_like(target)
    for window in windows_over(target, side, overlap):
        assert window.shape == (min(side, height), min(side, width))
        assert target[window.place].any() and target[window.place].shape == window.shape
        seen[window.place] = True
    assert seen[target].all()


@given(st.integers(20, 200), st.integers(10, 19), st.integers(1, 9))
def test_neighbours_share_at_least_the_overlap(length, side, overlap):
    windows = windows_over(np.ones((1, length), bool), side, overlap)
    for before, window in zip(windows, windows[1:]):
        assert before.place[1].stop - window.place[1].start >= overlap
    assert windows[0].place[1].start == 0 and windows[-1].place[1].stop == length


def test_nothing_to_fill_needs_no_window():
    assert windows_over(np.zeros((100, 100), bool), 32, 8) == []


def test_windows_fade_into_each_other():
    first, second, third = windows_over(np.ones((1, 18), bool), 8, 3)
    assert [window.place[1].start for window in (first, second, third)] == [0, 5, 10]
    assert first.weight[0].tolist() == pytest.approx([1, 1, 1, 1, 1, 3 / 4, 2 / 4, 1 / 4])
    assert second.weight[0].tolist() == pytest.approx([1 / 4, 2 / 4, 3 / 4, 1, 1, 3 / 4, 2 / 4, 1 / 4])
    assert third.weight[0].tolist() == pytest.approx([1 / 4, 2 / 4, 3 / 4, 1, 1, 1, 1, 1])


def test_only_what_is_near_the_hole_is_seen():
    target = np.zeros((100, 1000), bool)
    target[50, 500:560] = True
    windows = windows_over(target, 64, 10)
    assert len(windows) == 2
    assert (windows[0].place[1].start, windows[-1].place[1].stop) == (490, 570) and windows[0].place[0].start == 50 - 31
    target[50, 560:] = target[0, 0] = True
    assert {window.place[0].start for window in windows_over(target, 64, 10)} == {0}
