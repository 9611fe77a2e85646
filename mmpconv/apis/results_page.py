"""Publishes the results of a comparison on a page of the documentation."""
import shutil
from pathlib import Path

from mmpconv.engine.errors import LaunchError
from mmpconv.engine.whole_files import write_text

BEGIN, END = '<!-- results: written by tools/compare_padding.py -->', '<!-- end of results -->'


def require_marks(page: Path) -> str:
    """The text of a page that results can be put into.

    Raises:
        LaunchError: There is no such page, or it does not have each of the two marks once, in their order.
    """
    text = page.read_text(encoding='utf-8') if page.is_file() else ''
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise LaunchError(f'--page is {page}, which must be a Markdown file with one line {BEGIN} and, '
                          f'below it, one line {END}')
    return text


def publish(page: Path, results: str, csv: Path, picture: Path) -> None:
    """Put results between the two marks of a page; CSV and picture go to the folder ``benchmarks`` beside it.

    Args:
        page: A Markdown file.
        results: In Markdown.
        csv, picture: Files to copy; they are named after the page.

    Raises:
        LaunchError: As of :func:`require_marks`.
    """
    text = require_marks(page)
    for source in (csv, picture):
        target = page.parent / 'benchmarks' / f'{page.stem}{source.suffix}'
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(source, target)
    above, below = text.partition(BEGIN)[0], text.partition(END)[2]
    write_text(page, f'{above}{BEGIN}\n\n{results.strip()}\n\n{END}{below}')


def results_of(page: str) -> str:
    """What :func:`publish` put into the text of a page."""
    return page.partition(BEGIN)[2].partition(END)[0].strip()
