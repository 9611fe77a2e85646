"""LaMa's masks against its recipe, written down a second time with the names and numbers of its configs."""
import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmpconv.datasets.masks import lama_mask
from mmpconv.datasets.masks.canvas import Canvas
from mmpconv.datasets.masks.strokes import _LAMA, _lama_boxes
from mmpconv.registry import TRANSFORMS

# configs/data_gen/random_{kind}_{size}.yaml
IRREGULAR = {
    ('thin', 256): dict(min_times=4, max_times=50, max_width=10, max_len=40),
    ('medium', 256): dict(min_times=4, max_times=5, max_width=50, max_len=100),
    ('thick', 256): dict(min_times=1, max_times=5, max_width=100, max_len=200),
    ('thin', 512): dict(min_times=4, max_times=70, max_width=20, max_len=100),
    ('medium', 512): dict(min_times=4, max_times=10, max_width=100, max_len=200),
    ('thick', 512): dict(min_times=1, max_times=5, max_width=250, max_len=450),
}
BOX = {
    ('medium', 256): dict(margin=0, bbox_min_size=10, bbox_max_size=50, min_times=1, max_times=5),
    ('thick', 256): dict(margin=10, bbox_min_size=30, bbox_max_size=150, min_times=1, max_times=3),
    ('medium', 512): dict(margin=0, bbox_min_size=30, bbox_max_size=150, min_times=1, max_times=5),
    ('thick', 512): dict(margin=10, bbox_min_size=30, bbox_max_size=300, min_times=1, max_times=4),
}
CASES = list(IRREGULAR)


def reference(kind, size, random):
    """A mask of MixedMaskGenerator with the defaults of its constructor, before max_tamper_area."""
    mask = np.zeros((size, size), np.float32)
    if (kind, size) in BOX and random.rand() < 0.3 / 1.3:
        p = BOX[kind, size]
        for _ in range(random.randint(p['min_times'], p['max_times'] + 1)):
            width = random.randint(p['bbox_min_size'], p['bbox_max_size'] + 1)
            height = random.randint(p['bbox_min_size'], p['bbox_max_size'] + 1)
            x = random.randint(p['margin'], size - p['margin'] - width + 1)
            y = random.randint(p['margin'], size - p['margin'] - height + 1)
            mask[y:y + height, x:x + width] = 1
        return mask
    p = IRREGULAR[kind, size]
    for i in range(random.randint(p['min_times'], p['max_times'] + 2)):
        x, y = random.randint(size), random.randint(size)
        for _ in range(1 + random.randint(5)):
            angle = 0.01 + random.randint(4)
            angle = 2 * math.pi - angle if i % 2 == 0 else angle
            length, width = 10 + random.randint(p['max_len']), 5 + random.randint(p['max_width'])
            end = (int(np.clip(int(x + length * math.sin(angle)), 0, size)),
                   int(np.clip(int(y + length * math.cos(angle)), 0, size)))
            cv2.line(mask, (x, y), end, 1.0, width)
            x, y = end
    return mask


@pytest.mark.parametrize('kind, size', CASES)
def test_hole_ratios_are_those_of_lamas_recipe(kind, size):
    count = 250 if size == 256 else 120
    random = np.random.RandomState(0)
    theirs = np.array([reference(kind, size, random).mean() for _ in range(count)])
    ours = np.array([lama_mask(np.random.default_rng(i), (size, size), kind, area_ratio_range=None).mean()
                     for i in range(count)])
    # Four standard errors of the difference of two means.
    assert abs(ours.mean() - theirs.mean()) < 4 * math.sqrt((ours.var() + theirs.var()) / count)
    assert abs(ours.std() - theirs.std()) < 0.2 * theirs.std()


@pytest.fixture
def strokes(monkeypatch):
    """The strokes that are drawn: start, end, width."""
    drawn = []
    monkeypatch.setattr(cv2, 'line', lambda mask, start, end, color, width: drawn.append((start, end, width)))
    return drawn


@pytest.mark.parametrize('kind, size', CASES)
def test_strokes_have_the_numbers_widths_and_lengths_of_lamas_configs(strokes, kind, size):
    walks = set()
    for i in range(400):
        before = len(strokes)
        lama_mask(np.random.default_rng(i), (size, size), kind, area_ratio_range=None)
        drawn = strokes[before:]
        # A walk begins where the one before it did not end.
        walks.add(sum(i == 0 or stroke[0] != drawn[i - 1][1] for i, stroke in enumerate(drawn)))
    walks -= {0}  # boxes
    p = IRREGULAR[kind, size]
    assert min(walks) == p['min_times'] and 0.97 * (p['max_times'] + 1) < max(walks) <= p['max_times'] + 1
    widths = [width for *_, width in strokes]
    assert min(widths) == 5 and 0.97 * (4 + p['max_width']) < max(widths) <= 4 + p['max_width']
    longest = max(math.dist(start, end) for start, end, _ in strokes)
    # Coordinates are whole pixels.
    assert 0.9 * min(9 + p['max_len'], size) < longest <= 9 + p['max_len'] + math.sqrt(2)


def test_lengths_scale_with_the_side(strokes):
    for i in range(200):
        lama_mask(np.random.default_rng(i), (128, 300), 'thick', area_ratio_range=None)
    widths = [width for *_, width in strokes]
    assert min(widths) == 2 and 50 <= max(widths) <= 52


@pytest.mark.parametrize('kind, share', [('thin', 0), ('medium', 0.3 / 1.3), ('thick', 0.3 / 1.3)])
def test_boxes_are_as_frequent_as_in_lamas_mixture(strokes, kind, share):
    boxes = 0
    count = 1500 if share else 200
    for i in range(count):
        before = len(strokes)
        lama_mask(np.random.default_rng(i), (64, 64), kind, area_ratio_range=None)
        boxes += len(strokes) == before
    assert boxes / count == pytest.approx(share, abs=4 * math.sqrt(share * (1 - share) / count))


@pytest.mark.parametrize('size', [256, 512])
@pytest.mark.parametrize('kind', ['medium', 'thick'])
def test_boxes_have_the_sides_and_the_margin_of_lamas_configs(kind, size):
    settings = _LAMA[kind][size == 512]
    masks = [_lama_boxes(np.random.default_rng(i), Canvas((size, size)), settings) for i in range(300)]
    p = BOX[kind, size]
    cover = np.max(masks, axis=0)
    rows = np.flatnonzero(cover.any(axis=1))
    assert p['margin'] <= rows[0] < p['margin'] + 6 and size - p['margin'] - 6 <= rows[-1] < size - p['margin']
    single = [mask for mask in masks if cv2.boundingRect(mask)[2] * cv2.boundingRect(mask)[3] == mask.sum()]
    sides = np.array([cv2.boundingRect(mask)[2:] for mask in single])
    assert len(single) > 30 and sides.min() >= p['bbox_min_size'] and sides.max() <= p['bbox_max_size']
    assert np.ptp(sides) > 0.8 * (p['bbox_max_size'] - p['bbox_min_size'])


@settings(max_examples=20)
@given(st.sampled_from(['thin', 'medium', 'thick']), st.integers(0, 2**32), st.integers(24, 90), st.integers(24, 90),
       st.floats(0.01, 0.6), st.booleans())
def test_ratio_and_margin_are_kept(kind, seed, h, w, low, border_free):
    margin = dict(border_free=True, border_margin=2) if border_free else {}
    mask = lama_mask(np.random.default_rng(seed), (h, w), kind, area_ratio_range=(low, low + 0.02), **margin)
    assert mask.shape == (h, w, 1) and low <= mask.mean() <= low + 0.02
    assert not border_free or mask[2:-2, 2:-2].sum() == mask.sum()


def test_strokes_too_wide_for_the_interior_are_cut_off():
    for i in range(20):
        mask = lama_mask(np.random.default_rng(i), (64, 64), 'thick', border_free=True, border_margin=24,
                         area_ratio_range=None)
        assert mask[24:-24, 24:-24].sum() == mask.sum() > 0


def test_at_most_half_is_hole_unless_asked_for():
    """max_tamper_area of LaMa's configs."""
    ratios = [lama_mask(np.random.default_rng(i), (64, 64), 'thick').mean() for i in range(150)]
    assert min(ratios) > 0 and 0.4 < max(ratios) <= 0.5


def test_load_mask_draws_them():
    transform = TRANSFORMS.build(dict(type='LoadMask', mask_mode='lama', mask_config=dict(
        img_shape=(64, 80), kind='thin'), seed=3))
    expected = lama_mask(np.random.default_rng([3, 4]), (64, 80), 'thin')
    assert (transform(dict(sample_idx=4))['mask'] == expected).all()


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="one of .*'thin', 'medium', 'thick'.*'wide'"):
        lama_mask(np.random.default_rng(0), (64, 64), 'wide')
