import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmpconv.apis.inpainter.windows import windows_over


@given(st.integers(1, 90), st.integers(1, 90), st.integers(8, 40), st.integers(0, 7), st.integers(0, 2**32 - 1))
def test_windows_hold_every_pixel_to_be_filled(height, width, side, overlap, seed):
    target = np.random.default_rng(seed).random((height, width)) < 0.05
    seen = np.zeros_like(target)
    for window in windows_over(target, side, overlap):
        assert window.height == min(side, height) and window.width == min(side, width)
        assert target[window.place].any() and target[window.place].shape == (window.height, window.width)
        seen[window.place] = True
    assert seen[target].all()


@given(st.integers(20, 200), st.integers(10, 19), st.integers(1, 9))
def test_neighbours_share_at_least_the_overlap(length, side, overlap):
    windows = windows_over(np.ones((1, length), bool), side, overlap)
    for before, window in zip(windows, windows[1:]):
        assert before.left + before.width - window.left == window.beside >= overlap
    assert windows[0].beside == 0 and windows[-1].left + side == length


def test_nothing_to_fill_needs_no_window():
    assert windows_over(np.zeros((100, 100), bool), 32, 8) == []


def test_a_window_fades_in_over_what_it_shares():
    window = windows_over(np.ones((1, 14), bool), 8, 2)[1]
    assert (window.left, window.beside, window.above) == (6, 2, 0)
    assert window.weight()[0].tolist() == pytest.approx([1 / 3, 2 / 3, 1, 1, 1, 1, 1, 1])


def test_only_what_is_near_the_hole_is_seen():
    target = np.zeros((100, 1000), bool)
    target[50, 500:560] = True
    windows = windows_over(target, 64, 10)
    assert len(windows) == 2
    assert (windows[0].left, windows[-1].left + 64) == (490, 570) and windows[0].top == 50 - 31
    target[50, 560:] = target[0, 0] = True
    assert {window.top for window in windows_over(target, 64, 10)} == {0}
