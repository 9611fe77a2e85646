import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmpconv.apis.regions import windows_over


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
