"""Figures are written completely or not at all, in the format of their suffix; each tool finds its marks on a page."""
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from PIL import Image

from mmpconv.errors import LaunchError
from mmpconv.reports import BEGIN, END, panels, publish, require_marks, save


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


FIRST, SECOND = (BEGIN.format(tool=f'tools/{name}.py') for name in ('first', 'second'))


def test_each_tool_writes_between_its_own_marks(tmp_path):
    page = tmp_path / 'page.md'
    page.write_text(f'a\n{FIRST}\n{END}\nb\n{SECOND}\n{END}\nc\n')
    for suffix in ('csv', 'png'):
        (tmp_path / f'scores.{suffix}').write_text(suffix)
    for tool in ('second', 'first'):
        publish(page, f'tools/{tool}.py', f'of {tool}', tmp_path / 'scores.csv', tmp_path / 'scores.png')
    assert page.read_text() == f'a\n{FIRST}\n\nof first\n\n{END}\nb\n{SECOND}\n\nof second\n\n{END}\nc\n'


def test_an_end_that_is_of_another_tool_does_not_count(tmp_path):
    page = tmp_path / 'page.md'
    page.write_text(f'{FIRST}\nb\n{SECOND}\n{END}\n')
    with pytest.raises(LaunchError, match='one line .*tools/first.py'):
        require_marks(page, 'tools/first.py')
    assert require_marks(page, 'tools/second.py')
