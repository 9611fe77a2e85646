"""Parts of reports: figures of panels, tables for a terminal, and places on pages of the documentation."""
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from .errors import LaunchError
from .whole_files import whole_file, write_bytes, write_text

BEGIN, END = '<!-- results: written by {tool} -->', '<!-- end of results -->'


def panels(count: int, width: float, height: float, more: float = 0, columns: int = 3) -> tuple[Figure, np.ndarray]:
    """A figure of panels.

    Args:
        count: Number of panels.
        width: Of each, in inches.
        height: Of each, in inches.
        more: Height of the rest of the figure, in inches.
        columns: Most panels in a row.

    Returns:
        tuple[Figure, ndarray]: Its axes are `(rows, columns)`; those that are too many are not seen.
    """
    columns = min(count, columns)
    rows = -(-count // columns)
    figure = Figure(figsize=(width * columns, height * rows + more), layout='constrained')
    axes = figure.subplots(rows, columns, squeeze=False)
    for axis in axes.flat[count:]:
        axis.set_axis_off()
    return figure, axes


def save(figure: Figure, path: Path, dpi: int = 110, colors: int | None = None) -> None:
    """Write a figure in the format that the suffix says. The file appears when it is complete.

    Args:
        colors: A PNG file has a palette of so many, which makes it smaller by far. None: all colours.

    Raises:
        LaunchError: The suffix is that of no picture.
        OSError: The file cannot be written.
    """
    require_picture(path)
    with whole_file(path) as unfinished:
        figure.savefig(unfinished, dpi=dpi)
        if colors and path.suffix.lower() == '.png':
            Image.open(unfinished).convert('RGB').quantize(colors).save(unfinished, optimize=True)


def require_picture(path: Path) -> None:
    """Raises LaunchError: The suffix of a file is that of no picture that can be drawn."""
    if path.suffix[1:].lower() not in Figure().canvas.get_supported_filetypes():
        raise LaunchError(f'-o {path} does not say which kind of picture to write; end it in .png')


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """Lines of words, in columns two spaces apart."""
    widths = [max(map(len, column)) for column in zip(*lines)]
    return '\n'.join('  '.join(word.ljust(width) for word, width in zip(line, widths)).rstrip() for line in lines)


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
    results, end, _ = text.partition(begin)[2].partition(END)
    if text.count(begin) != 1 or not end or BEGIN.partition('{')[0] in results:  # the end is of another tool
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
