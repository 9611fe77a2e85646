import csv

import cv2
import numpy as np
import pytest

from mmpconv.cli import main
from mmpconv.dataset_converters.masks import Measures, measure_mask
from mmpconv.datasets import LoadMask


@pytest.fixture
def draw(tmp_path):
    """Write a 100 x 200 mask with a white rectangle; returns the folder."""

    def draw(name, top, left, height, width, ground=0, hole=255):
        mask = np.full((100, 200), ground, np.uint8)
        mask[top:top + height, left:left + width] = hole
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(tmp_path / name), mask)
        return tmp_path

    return draw


def rows(root, name):
    with open(root / 'lists' / name, newline='') as file:
        return list(csv.DictReader(file))


def test_lists_follow_ratio_and_place_of_the_holes(draw, capsys):
    draw('off.png', 20, 30, 50, 60)  # 3000 of 20000: 0.15
    draw('sub dir/at border.png', 0, 0, 50, 60)
    draw('large.png', 5, 5, 90, 150)  # 0.675: in no bin
    root = draw('small.png', 50, 50, 10, 20)  # 0.01: the bins begin above it
    main(['prepare-dataset', 'nvidia-masks', str(root)])
    assert {row['file']: (row['hole_ratio'], row['bin'], row['near_border']) for row in rows(root, 'ratios.csv')} == {
        'large.png': ('0.675000', '', '1'), 'off.png': ('0.150000', '0.1-0.2', '0'),
        'small.png': ('0.010000', '', '0'), 'sub dir/at border.png': ('0.150000', '0.1-0.2', '1')}
    listed = {path.stem: path.read_text().splitlines() for path in (root / 'lists').glob('*.txt')}
    assert len(listed) == 1 + 6 * 3
    assert {name: files for name, files in listed.items() if files} == {
        'all': ['large.png', 'off.png', 'small.png', 'sub dir/at border.png'],
        '0.1-0.2': ['off.png', 'sub dir/at border.png'], '0.1-0.2_interior': ['off.png'],
        '0.1-0.2_border': ['sub dir/at border.png']}
    assert ['0.1-0.2', '1', '1'] in [line.split() for line in capsys.readouterr().out.splitlines()]
    masks = LoadMask('set', dict(prefix=str(root), mask_list_file=str(root / 'lists/0.1-0.2_border.txt')))
    assert masks.transform({})['mask'].mean() == 0.15


@pytest.mark.parametrize('ratio, name', [
    (0.01, ''), (0.0100001, '0.01-0.1'), (0.1, '0.01-0.1'), (0.1001, '0.1-0.2'), (0.6, '0.5-0.6'), (0.6001, ''),
    (0.999, '')])
def test_convention_the_upper_end_belongs_to_a_bin(ratio, name):
    assert Measures(ratio, False, 1, 1).bin == name


@pytest.mark.parametrize('top, near', [(9, True), (10, False), (80, False), (81, True)])
def test_convention_a_hole_within_a_tenth_of_the_shorter_side_is_near_the_border(top, near, draw):
    """50 of 512 pixels, as NVIDIA's masks; at 100 pixels that is 10."""
    measured, findings = measure_mask(str(draw('m.png', top, 50, 10, 10)), False, 'm.png')
    assert (measured.near_border, measured.hole_ratio, findings) == (near, 0.005, [])


def test_black_holes_are_inverted_and_noticed(draw, fails):
    root = draw('a.png', 30, 30, 40, 100, ground=255, hole=0)
    message = fails('nvidia-masks', root)
    assert 'may be black; try --invert' in message and not (root / 'lists').exists()
    main(['prepare-dataset', 'nvidia-masks', str(root), '--invert'])
    assert rows(root, 'ratios.csv')[0]['hole_ratio'] == '0.200000'


def test_masks_that_cannot_be_used_and_odd_ones_are_named(draw, fails):
    draw('good.png', 30, 30, 40, 100)
    draw('other/good.png', 30, 30, 40, 100)
    draw('grey.png', 30, 30, 40, 100, ground=90, hole=200)
    draw('none.png', 0, 0, 0, 0)
    root = draw('all.png', 0, 0, 100, 200)
    (root / 'empty.png').touch()
    (root / 'cut.png').write_bytes((root / 'good.png').read_bytes()[:60])
    assert '4 of the 7 masks cannot be used' in fails('nvidia-masks', root)
    assert (root / 'lists/all.txt').read_text().splitlines() == ['good.png', 'grey.png', 'other/good.png']
    found = {row['file']: row['found'] for row in rows(root, 'masks_report.csv')}
    assert found == {'other/good.png': 'name used twice', 'grey.png': 'grey levels', 'none.png': 'no hole',
                     'all.png': 'all hole', 'empty.png': 'empty file', 'cut.png': 'cut off or no picture'}


def test_other_lists_are_replaced_by_force_only(draw, fails):
    root = draw('a.png', 30, 30, 40, 100)
    main(['prepare-dataset', 'nvidia-masks', str(root)])
    main(['prepare-dataset', 'nvidia-masks', str(root)])
    draw('b.png', 30, 30, 40, 100)
    assert 'is there and differs' in fails('nvidia-masks', root)
    assert (root / 'lists/all.txt').read_text() == 'a.png\n'
    main(['prepare-dataset', 'nvidia-masks', str(root), '--force'])
    assert (root / 'lists/all.txt').read_text() == 'a.png\nb.png\n'


def test_an_absent_or_empty_folder_is_told(tmp_path, fails):
    assert 'nv-adlr' in fails('nvidia-masks', tmp_path / 'no')
    assert 'there are no pictures' in fails('nvidia-masks', tmp_path)
