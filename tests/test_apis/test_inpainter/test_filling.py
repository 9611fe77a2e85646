import numpy as np
import pytest
from known_networks import PlaneNetwork, RestlessNetwork, ShallowNetwork, disc, plane

from mmpconv.apis.filling import Filling, Level, enlarge, halve_color, halve_masks

H, W = 210, 300
HOLES = {
    'small': disc(H, W, (100, 150), 4),
    'deep': disc(H, W, (100, 150), 45),
    'at the border': disc(H, W, (0, 290), 40),
    'two': disc(H, W, (30, 30), 6) | disc(H, W, (170, 250), 12),
    'a band': np.indices((H, W))[0] // 20 == 5,
    'a pixel in the corner': disc(H, W, (0, 0), 0),
}


def damaged(photo, hole):
    return np.where(hole[..., None], 0, photo).astype(photo.dtype)


@pytest.mark.parametrize('hole', HOLES.values(), ids=HOLES)
@pytest.mark.parametrize('dtype, tolerance', [(np.uint8, 1), (np.uint16, 2), (np.float32, 2e-5)])
@pytest.mark.parametrize('options', [{}, dict(tile_size=120), dict(tile_size=110, batch_size=4)])
def test_a_plane_is_continued_whatever_the_size_of_the_hole(hole, dtype, tolerance, options):
    photo = plane(H, W, dtype)
    filled = Filling(PlaneNetwork(100), coarse_to_fine=False, **options).fill(damaged(photo, hole), hole).color
    assert filled.dtype == dtype
    assert (filled[~hole] == photo[~hole]).all()
    assert np.abs(filled.astype(float) - photo)[hole].max() <= tolerance


@pytest.mark.parametrize('hole', HOLES.values(), ids=HOLES)
@pytest.mark.parametrize('options', [{}, dict(tile_size=50), dict(tile_size=32, batch_size=4)])
def test_a_plane_is_continued_from_coarse_to_fine(hole, options):
    """Half a pixel of the coarsest resolution off: colours there are means of what is valid of a block."""
    photo = plane(H, W)
    filled = Filling(PlaneNetwork(), **options).fill(damaged(photo, hole), hole)
    assert (filled.color[~hole] == photo[~hole]).all()
    assert np.abs(filled.color - photo)[hole].max() <= 0.5 * 2**filled.coarsest / H


def test_what_a_hole_holds_does_not_reach_the_result():
    photo, hole = plane(H, W), HOLES['deep'] | HOLES['at the border']
    results = [Filling(PlaneNetwork()).fill(np.where(hole[..., None], np.float32(value), photo), hole).color
               for value in (0, 1, 1e4)]
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])


def test_hidden_pixels_are_not_seen_and_not_changed():
    photo, hole = plane(H, W), HOLES['deep']
    hidden = disc(H, W, (100, 200), 30) & ~hole
    spoiled = np.where(hidden[..., None], np.float32(1), photo)
    filled = Filling(PlaneNetwork()).fill(damaged(spoiled, hole), hole, hidden).color
    assert np.abs(filled - photo)[hole].max() <= 0.5 * 8 / H
    assert (filled[hidden] == 1).all()


@pytest.mark.parametrize('shape', [(10, 390), (390, 10), (200, 250)])
def test_no_seam_shows_where_windows_meet(shape):
    """Each window has another colour; where they meet the colour still changes by small steps only."""
    hole = np.zeros((400, 400), bool)
    place = slice(5, 5 + shape[0]), slice(5, 5 + shape[1])
    hole[place] = True
    filled = Filling(RestlessNetwork(), coarse_to_fine=False).fill(
        np.zeros((400, 400, 3), np.float32), hole).color[place]
    assert np.ptp(filled) > 0.3  # colours that differ, so that there is something to be seen
    overlap = 16
    for axis in (0, 1):
        assert np.abs(np.diff(filled, axis=axis)).max() < 1.1 / overlap


def test_the_coarse_middle_and_the_fine_rim_meet_without_a_step():
    photo, hole = np.zeros((300, 300, 3), np.float32), disc(300, 300, (150, 150), 60)
    filled = Filling(RestlessNetwork()).fill(photo, hole).color
    inside = disc(300, 300, (150, 150), 57)
    steps = np.abs(np.diff(filled, axis=1)).max(-1)[inside[:, 1:] & inside[:, :-1]]
    assert 0.01 < steps.max() < 0.35


def test_work_grows_with_the_hole_and_not_with_the_photo():
    def pixels(side, radius):
        network = PlaneNetwork()
        Filling(network).fill(np.zeros((side, side, 3), np.float32), disc(side, side, (side // 2, side // 2), radius))
        return network.pixels

    assert pixels(300, 8) == pixels(1200, 8)
    assert pixels(1200, 100) < 4 * 1.6 * pixels(1200, 50)


def test_windows_bound_what_the_network_sees_at_a_time():
    network = PlaneNetwork()
    Filling(network, tile_size=48).fill(np.zeros((600, 600, 3), np.float32), disc(600, 600, (300, 300), 200))
    assert network.largest <= 48**2
    Filling(network, tile_size=48, batch_size=3).fill(
        np.zeros((600, 600, 3), np.float32), disc(600, 600, (300, 300), 200))
    assert network.largest == 3 * 48**2


def test_progress_counts_all_windows():
    told = []
    Filling(PlaneNetwork(), tile_size=40).fill(
        np.zeros((H, W, 3), np.float32), HOLES['deep'] | HOLES['two'], progress=lambda *numbers: told.append(numbers))
    total = told[0][1]
    assert total > 4 and told == [(number, total) for number in range(1, total + 1)]


def test_without_a_hole_there_is_nothing_to_do():
    photo = plane(20, 30, np.uint8)
    filled = Filling(PlaneNetwork()).fill(photo, np.zeros((20, 30), bool))
    assert (filled.color == photo).all() and filled.coarsest == 0


def test_what_the_network_does_not_reach_has_the_mean_colour_around():
    photo, hole = np.full((60, 60, 3), 0.25, np.float32), disc(60, 60, (30, 30), 7)
    photo[hole] = 1
    filled = Filling(ShallowNetwork(), coarse_to_fine=False).fill(photo, hole)
    assert filled.unreached == disc(60, 60, (30, 30), 4).sum()
    np.testing.assert_allclose(filled.color, 0.25, atol=1e-6)
    assert Filling(ShallowNetwork(), coarse_to_fine=False).fill(photo, disc(60, 60, (30, 30), 2)).unreached == 0
    hidden = disc(60, 60, (45, 45), 8)
    photo[hidden] = 0.9
    assert Filling(ShallowNetwork(), coarse_to_fine=False).fill(
        photo, hole, hidden).color[30, 30] == pytest.approx(0.25)


@pytest.mark.parametrize('shape', [(1, 2), (1, 40), (7, 5), (33, 1)])
def test_photos_of_any_size_are_filled(shape):
    photo = np.full((*shape, 3), 0.5, np.float32)
    hole = np.zeros(shape, bool)
    hole[0, -1] = True
    filled = Filling(PlaneNetwork()).fill(photo, hole).color
    np.testing.assert_allclose(filled, 0.5, atol=1e-5)


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
