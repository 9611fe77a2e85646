"""Figures of this room, and tables for a terminal: panels side by side, files that are there when they are complete."""
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from mmpconv.errors import LaunchError
from mmpconv.whole_files import whole_file

COLUMNS = 3


def panels(count: int, width: float, height: float, more: float = 0) -> tuple[Figure, np.ndarray]:
    """A figure of panels, at most three in a row.

    Args:
        count: Number of panels.
        width: Of each, in inches.
        height: Of each, in inches.
        more: Height of the rest of the figure, in inches.

    Returns:
        tuple[Figure, ndarray]: Its axes are `(rows, columns)`; those that are too many are not seen.
    """
    columns = min(count, COLUMNS)
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
