"""A page may show the results of several tools; each finds its own marks."""
import pytest

from mmpconv.errors import LaunchError
from mmpconv.evaluation.results_page import BEGIN, END, publish, require_marks, results_of

FIRST, SECOND = (BEGIN.format(tool=f'tools/{name}.py') for name in ('first', 'second'))


def test_each_tool_writes_between_its_own_marks(tmp_path):
    page = tmp_path / 'page.md'
    page.write_text(f'a\n{FIRST}\n{END}\nb\n{SECOND}\n{END}\nc\n')
    for suffix in ('csv', 'png'):
        (tmp_path / f'scores.{suffix}').write_text(suffix)
    for tool in ('second', 'first'):
        publish(page, f'tools/{tool}.py', f'of {tool}', tmp_path / 'scores.csv', tmp_path / 'scores.png')
    text = page.read_text()
    assert text == f'a\n{FIRST}\n\nof first\n\n{END}\nb\n{SECOND}\n\nof second\n\n{END}\nc\n'
    assert [results_of(text, f'tools/{tool}.py') for tool in ('first', 'second')] == ['of first', 'of second']


def test_an_end_that_is_of_another_tool_does_not_count(tmp_path):
    page = tmp_path / 'page.md'
    page.write_text(f'{FIRST}\nb\n{SECOND}\n{END}\n')
    with pytest.raises(LaunchError, match='one line .*tools/first.py'):
        require_marks(page, 'tools/first.py')
    assert require_marks(page, 'tools/second.py')
