"""Publishes the results of a tool on a page of the documentation."""
from pathlib import Path

from mmpconv.errors import LaunchError
from mmpconv.whole_files import write_bytes, write_text

BEGIN, END = '<!-- results: written by {tool} -->', '<!-- end of results -->'


def require_marks(page: Path, tool: str) -> str:
    """The text of a page that results can be put into.

    Args:
        page: A Markdown file.
        tool: Path of the program as its users call it, such as ``tools/benchmark.py``. A page may have marks of
            several.

    Raises:
        LaunchError: There is no such page, or it does not have the mark of the tool once and the end mark below it.
    """
    begin = BEGIN.format(tool=tool)
    text = page.read_text(encoding='utf-8') if page.is_file() else ''
    if text.count(begin) != 1 or not _is_ended(text.partition(begin)[2]):
        raise LaunchError(f'--page is {page}, which must be a Markdown file with one line {begin} and, '
                          f'below it, one line {END}')
    return text


def publish(page: Path, tool: str, results: str, csv: Path, *pictures: Path, name: str | None = None) -> None:
    """Put results between the two marks of a page; CSV and pictures go to the folder ``benchmarks`` beside it.

    Args:
        page, tool: See :func:`require_marks`.
        results: In Markdown.
        csv, *pictures: Files to copy. What follows a hyphen in their name stays: ``comparison-further.png`` becomes
            ``NAME-further.png``.
        name: Beginning of their names; default: that of the page.

    Raises:
        LaunchError: See :func:`require_marks`.
    """
    text = require_marks(page, tool)
    for source in (csv, *pictures):
        _, hyphen, part = source.stem.partition('-')
        target = page.parent / 'benchmarks' / f'{name or page.stem}{hyphen}{part}{source.suffix}'
        write_bytes(target, source.read_bytes())
    above, begin, rest = text.partition(BEGIN.format(tool=tool))
    write_text(page, f'{above}{begin}\n\n{results.strip()}\n\n{END}{rest.partition(END)[2]}')


def results_of(page: str, tool: str) -> str:
    """The results that :func:`publish` put into the text of a page."""
    return page.partition(BEGIN.format(tool=tool))[2].partition(END)[0].strip()


def _is_ended(rest: str) -> bool:
    """True if the first end mark comes before the results of another tool begin."""
    results, end, _ = rest.partition(END)
    return bool(end) and BEGIN.partition('{')[0] not in results
