"""Figures are written completely or not at all, in the format of their suffix."""
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from PIL import Image

from mmpconv.analysis.figures import panels, save
from mmpconv.errors import LaunchError


@pytest.mark.parametrize('count, rows, columns', [(1, 1, 1), (3, 1, 3), (4, 2, 3)])
def test_panels_are_three_in_a_row_and_those_too_many_are_not_seen(count, rows, columns):
    figure, axes = panels(count, 4, 3, 0.5)
    assert axes.shape == (rows, columns) and sum(axis.axison for axis in axes.flat) == count
    assert figure.get_size_inches().tolist() == [4 * columns, 3 * rows + 0.5]


def test_picture_that_cannot_be_completed_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / 'out.png'
    path.write_text('old')

    def full(self, file, **kwargs):
        Path(file).write_text('half')
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(Figure, 'savefig', full)
    with pytest.raises(OSError, match=f'No space left on device: .{path}'):
        save(Figure(), path)
    assert path.read_text() == 'old' and [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize('suffix', ['png', 'svg'])
def test_kind_of_picture_follows_the_suffix(tmp_path, suffix):
    path = tmp_path / 'new folder' / f'out.{suffix}'
    save(Figure(), path, colors=256)
    if suffix == 'png':
        assert Image.open(path).mode == 'P'
    else:
        assert '<svg' in path.read_text()


def test_picture_of_another_kind_is_refused(tmp_path):
    with pytest.raises(LaunchError, match='out.txt does not say which kind of picture to write; end it in .png'):
        save(Figure(), tmp_path / 'out.txt')
    assert not [*tmp_path.iterdir()]
