import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmpconv.datasets.masks import boxes, boxes_mask
from mmpconv.registry import TRANSFORMS


@settings(max_examples=40)
@given(st.integers(0, 2**32), st.integers(24, 90), st.integers(24, 90), st.floats(0, 0.58), st.booleans())
def test_ratio_and_margin_are_kept_by_boxes_with_right_angles(seed, h, w, low, border_free):
    margin = dict(border_free=True, border_margin=2) if border_free else {}
    mask = boxes_mask(np.random.default_rng(seed), (h, w), area_ratio_range=(low, low + 0.02), **margin)
    assert mask.dtype == np.uint8 and mask.shape == (h, w, 1) and low <= mask.mean() <= low + 0.02
    assert not border_free or mask[2:-2, 2:-2].sum() == mask.sum()
    # An outline of at most five boxes has few corners; a dilated one would have more.
    outlines, _ = cv2.findContours(np.pad(mask[..., 0], 1), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    corners = [step for line in outlines if len(line) > 2
               for step in np.abs(np.diff(np.concatenate([line, line[:1]])[:, 0], axis=0)).sum(axis=1)]
    assert sum(step == 2 for step in corners) <= 12  # diagonal steps are only at inner corners


def test_there_are_as_many_boxes_as_asked_for():
    for number in (1, 2, 3):
        counts = [cv2.connectedComponents(boxes_mask(np.random.default_rng(i), (200, 200), number,
                                                     area_ratio_range=(0.01, 0.03)))[0] - 1 for i in range(60)]
        assert max(counts) == number and np.mean(np.array(counts) == number) > 0.6


def test_a_single_box_reaches_every_place_and_both_aspects():
    masks = [boxes_mask(np.random.default_rng(i), (40, 60), 1, area_ratio_range=(0.05, 0.1)) for i in range(400)]
    assert np.mean(masks, axis=0).reshape(8, 5, 12, 5).mean(axis=(1, 3)).min() > 0
    aspects = np.array([np.divide(*cv2.boundingRect(mask)[2:]) for mask in masks])
    assert 0.25 < aspects.min() < 0.45 and 2.3 < aspects.max() < 4


def test_a_narrow_ratio_is_met_by_one_box():
    """19 x 31 is the only one in 589 pixels, and the draws hardly ever meet it."""
    for seed in range(20):
        mask = boxes_mask(np.random.default_rng(seed), (100, 100), 1, area_ratio_range=(0.0589, 0.0589))
        assert sorted(cv2.boundingRect(mask)[2:]) == [19, 31] and mask.sum() == 589


def test_a_box_that_has_to_fit_is_not_slender(monkeypatch):
    """600 pixels could be 6 x 100 too."""
    monkeypatch.setattr(boxes, 'MAX_DRAWS', 0)
    sides = [sorted(cv2.boundingRect(boxes_mask(np.random.default_rng(seed), (100, 100), 1,
                                                area_ratio_range=(0.06, 0.06)))[2:]) for seed in range(60)]
    assert set(map(tuple, sides)) == {(15, 40), (20, 30), (24, 25)}


def test_an_impossible_ratio_is_refused():
    with pytest.raises(ValueError, match='no box within 50 x 50 pixels has 2499 to 2499'):
        boxes_mask(np.random.default_rng(0), (50, 50), area_ratio_range=(2499 / 2500, 2499 / 2500))
    with pytest.raises(ValueError, match='num_boxes must be at least 1'):
        boxes_mask(np.random.default_rng(0), (50, 50), 0)


def test_load_mask_draws_them():
    transform = TRANSFORMS.build(dict(type='LoadMask', mask_mode='boxes', mask_config=dict(
        img_shape=[64, 80], num_boxes=[2, 4]), seed=3))
    assert (transform(dict(sample_idx=4))['mask'] == boxes_mask(np.random.default_rng([3, 4]), (64, 80), (2, 4))).all()
