"""Tiles against the whole image: numbers known beforehand, and the picture."""
import numpy as np
import pytest
import torch
import torch.nn.functional as F

from mmpconv.analysis.padding_tiles import Seams, converted, seam_table, seams_of, tiles_of
from mmpconv.cli import main
from mmpconv.errors import LaunchError


def averages(image):
    """Mean of 3 x 3 pixels, beyond the border of which lies black: a stride of 1."""
    return F.avg_pool2d(image, 3, 1, 1)


def test_cells_beside_a_seam_differ_by_what_the_padding_takes_away():
    image = torch.ones(1, 3, 8, 12)
    seams = seams_of(averages, image, 4)
    assert seams.tile == 4 and seams.difference.shape == (8, 12)
    whole = averages(image)[0].norm(dim=0)
    scale = whole.square().mean().sqrt()
    # Beside a seam, far from others and from the border: a third of the window is lost.
    assert seams.difference[1, 4] == pytest.approx(100 * (3 ** 0.5 / 3) / scale.item(), rel=1e-5)
    # Where four tiles meet, 5 of 9.
    assert seams.difference[3, 4] == pytest.approx(100 * (5 / 9) * 3 ** 0.5 / scale.item(), rel=1e-5)
    assert seams.difference[1, 1] == seams.difference[0, 0] == 0
    assert seams.inside == 0 and seams.at_seams > 20
    by_hand = [seams.difference[y, x] for y in range(8) for x in range(12) if y in (3, 4) or x in (3, 4, 7, 8)]
    assert seams.at_seams == pytest.approx(np.mean(by_hand))


def test_convention_cells_that_touch_a_seam_are_at_distance_zero():
    distance = Seams(np.zeros((3, 9)), 3).distance
    assert distance[0].tolist() == [2, 1, 0, 0, 1, 0, 0, 1, 2] and (distance == distance[0]).all()
    assert Seams(np.zeros((4, 4)), 2).distance.tolist() == [[1, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 1]]


def test_a_network_with_a_stride_is_seen_in_cells():
    image = torch.rand(1, 3, 16, 32)
    seams = seams_of(lambda image: F.avg_pool2d(image, 4), image, 8)
    assert seams.tile == 2 and seams.difference.shape == (4, 8)
    assert seams.difference == pytest.approx(0)


@pytest.mark.parametrize('image, network, tile, words', [
    ((8, 12), averages, 8, 'an image of 12x8 pixels cannot be cut into tiles of 8'),
    ((8, 8), averages, 8, 'one of them at least two'),
    ((8, 16), lambda image: F.avg_pool2d(image, 3), 8, 'tiles of 8 pixels cannot line up with'),
    ((8, 16), lambda image: 0 * image, 8, 'the network answers nothing to this image')])
def test_what_cannot_be_compared_is_refused(image, network, tile, words):
    with pytest.raises(LaunchError, match=words):
        seams_of(network, torch.rand(1, 3, *image), tile)


def test_the_table_has_mean_and_spread_of_the_runs():
    runs = [Seams(np.full((2, 4), value), 2) for value in (1.0, 3.0)]
    table = seam_table([('net', 'zero', runs[0]), ('net', 'zero', runs[1]), ('net', 'partial', runs[0])])
    assert table.splitlines()[2:] == ['| net | zero | 2 | 2.00 +- 1.41 | 2.00 +- 1.41 |',
                                      '| net | partial | 1 | 1.00 | 1.00 |']


def test_averaging_filters_differ_less_along_seams_with_partial_padding():
    image = tiles_of(np.full((64, 128, 3), 128, np.uint8), 64, 128)
    found = {}
    for network, padding, maps in converted('resnet18', None, 'layer1'):
        if 'averaging' in network:
            found[padding] = seams_of(maps, image, 64).at_seams
    assert list(found) == ['zero', 'partial', 'reflect', 'replicate']
    # An image of one colour stays one with all but zero padding.
    assert found['zero'] > 10 and max(found['partial'], found['reflect'], found['replicate']) < 1


def test_tiles_are_of_the_middle_of_the_photo():
    photo = np.arange(50 * 70 * 3, dtype=np.uint8).reshape(50, 70, 3)
    image = tiles_of(photo, 32, 512)
    assert image.shape == (1, 3, 32, 64)
    assert torch.equal((image[0].permute(1, 2, 0) * 255).round().byte(), torch.from_numpy(photo[9:41, 3:67].copy()))
    assert tiles_of(np.zeros((100, 200, 3), np.uint8), 32, 100).shape == (1, 3, 32, 96)
    with pytest.raises(LaunchError, match='--tile is 64, but the photo has 70x50 pixels'):
        tiles_of(photo, 64, 512)


def test_the_program_draws_and_prints(tmp_path, capsys):
    main(['visualize-tiles', '--tile', '64', '--width', '128', '-o', str(tmp_path / 'tiles.png')])
    output = capsys.readouterr().out
    assert output.count('| partial | 1 |') == 2 and 'picture: ' in output
    assert (tmp_path / 'tiles.png').read_bytes().startswith(b'\x89PNG')


def test_a_folder_without_finished_runs_is_refused(tmp_path):
    with pytest.raises(SystemExit, match='where no run of a comparison has finished'):
        main(['visualize-tiles', '--runs', str(tmp_path)])
