import numpy as np
import pytest

from mmpconv.apis.filling import Level, enlarge, halve_color, halve_masks

NONE = np.zeros((2, 8), bool)


def test_a_block_is_a_hole_where_less_than_half_of_it_has_a_colour():
    hole = np.array([[0, 0, 1, 0, 1, 1, 1, 1], [0, 0, 0, 0, 0, 0, 1, 0]], bool)
    halved, blind = halve_masks(hole, NONE)
    assert halved.tolist() == [[False, False, False, True]] and not blind.any()


def test_blind_blocks_are_filled_only_beside_a_hole():
    hole, blind = np.zeros((2, 2, 16), bool)
    hole[:, :2] = blind[:, 2:] = True
    halved, still_blind = halve_masks(hole, blind)
    assert halved.tolist() == [[True] * 3 + [False] * 5] and (still_blind == ~halved).all()


@pytest.mark.parametrize('dtype', [np.uint8, np.uint16, np.float32])
def test_colours_are_means_of_what_is_known(dtype):
    most = 1 if dtype == np.float32 else np.iinfo(dtype).max
    color = (np.array([[0.2, 0.4, 0.8, 0.6], [0.4, 0.8, 0.4, 0.4]])[..., None] * [1, 1, 0.5] * most).astype(dtype)
    unknown = np.array([[0, 0, 1, 0], [0, 1, 1, 1]], bool)
    halved = halve_color(color, unknown)
    assert halved.dtype == np.float32
    # 8 bits: two roundings, divided by the share of what is known
    np.testing.assert_allclose(halved[0], [[1 / 3, 1 / 3, 1 / 6], [0.6, 0.6, 0.3]], atol=0.012 if most == 255 else 1e-4)


def test_sizes_are_rounded_up():
    assert halve_color(np.zeros((5, 1, 3), np.uint8), np.zeros((5, 1), bool)).shape == (3, 1, 3)
    assert halve_masks(np.zeros((5, 1), bool), np.zeros((5, 1), bool))[0].shape == (3, 1)
    assert enlarge(np.zeros((3, 1, 3), np.float32), (5, 1), np.dtype('uint8')).shape == (5, 1, 3)


def test_the_rim_fades_into_the_middle():
    hole = np.zeros((1, 21), bool)
    hole[:, 1:20] = True
    level = Level(hole, np.zeros_like(hole), 4)
    assert np.flatnonzero(level.target).tolist() == [1, 2, 3, 17, 18, 19]
    assert level.weight[0, 1:4].tolist() == pytest.approx([1, 1, 0.5], abs=0.05)
    coarsest = Level(hole, np.zeros_like(hole), None)
    assert (coarsest.target == hole).all() and coarsest.weight is None
