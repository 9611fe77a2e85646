"""Results go between the marks of a page and nowhere else; the page of this repository shows those of its CSV file."""
from pathlib import Path

import pytest

from mmpconv.apis.padding_comparison.command_line import TOOL
from mmpconv.apis.padding_comparison.report import from_csv, table
from mmpconv.apis.results_page import BEGIN, END, publish, require_marks, results_of
from mmpconv.engine.errors import LaunchError

DOCS = Path(__file__).parents[2] / 'docs'
MARK, OTHER = (BEGIN.format(tool=tool) for tool in (TOOL, 'tools/other.py'))
BEGIN = BEGIN.format(tool=TOOL)


@pytest.fixture
def page(tmp_path):
    page = tmp_path / 'docs/paddings.md'
    page.parent.mkdir()
    page.write_text(f'# Title\n\nabove\n\n{MARK}\nold results\n{END}\n\nbelow: ½\n', encoding='utf-8')
    return page


def test_only_what_lies_between_the_marks_changes_however_often(page, tmp_path):
    for name, content in (('comparison.csv', b'a,b\n'), ('comparison.png', b'\x89PNG\x00')):
        (tmp_path / name).write_bytes(content)
    for results in ('| first |\n', '| a |\n\n- note\n', '| a |\n\n- note\n'):
        publish(page, TOOL, results, tmp_path / 'comparison.csv', tmp_path / 'comparison.png')
    assert page.read_text(encoding='utf-8') == (
        f'# Title\n\nabove\n\n{MARK}\n\n| a |\n\n- note\n\n{END}\n\nbelow: ½\n')
    assert results_of(page.read_text(encoding='utf-8'), TOOL) == '| a |\n\n- note'
    assert (page.parent / 'benchmarks/paddings.csv').read_bytes() == b'a,b\n'
    assert (page.parent / 'benchmarks/paddings.png').read_bytes() == b'\x89PNG\x00'
    assert {path.name for path in page.parent.iterdir()} == {'paddings.md', 'benchmarks'}


def test_a_page_may_have_results_of_several_tools(page):
    text = page.read_text(encoding='utf-8')
    third = OTHER.replace('other', 'third')
    before = f'{OTHER}\ntheirs\n{END}\n{text}{third}\ntheirs\n{END}\n'
    page.write_text(before, encoding='utf-8')
    publish(page, TOOL, 'new', page, page)
    assert page.read_text(encoding='utf-8') == before.replace('\nold results\n', '\n\nnew\n\n')


@pytest.mark.parametrize('text', [
    '# Title\n', f'{MARK}\n', f'{END}\n', f'{MARK}\n{END}\n{MARK}\n{END}\n', f'{END}\n{MARK}\n',
    f'{OTHER}\n{END}\n', f'{MARK}\n{OTHER}\n{END}\n', None],
    ids=['no marks', 'no end', 'no beginning', 'twice', 'the wrong way round', "another tool's",
         'end of another', 'no page'])
def test_a_page_without_its_two_marks_is_refused_and_not_touched(page, text):
    if text is None:
        page.unlink()
    else:
        page.write_text(text)
    with pytest.raises(LaunchError, match=f'--page is {page}, which must be a Markdown file with one line {MARK}'):
        publish(page, TOOL, 'results', page, page)
    assert (page.read_text() if page.is_file() else None) == text
    assert not (page.parent / 'benchmarks').exists()


def test_the_page_of_this_repository_shows_what_its_csv_file_holds():
    results = results_of(require_marks(DOCS / 'padding_comparison.md', TOOL), TOOL)
    scores = from_csv((DOCS / 'benchmarks/padding_comparison.csv').read_text())
    assert results.split('\n\n')[0] == table(scores)
    runs = {(score['network'], score['padding'], score['seed']) for score in scores}
    assert len(runs) == len(scores) == 40 and len({run[:2] for run in runs}) == 8
    assert (DOCS / 'benchmarks/padding_comparison.png').read_bytes().startswith(b'\x89PNG')
