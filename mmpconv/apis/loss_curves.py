"""Curves of the losses of runs, side by side: what ``tools/plot_loss.py`` does."""
import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from mmpconv.errors import LaunchError, user_errors
from mmpconv.whole_files import whole_file

from .loss_history import Curves, read_losses, run_name

COLUMNS = 3


def smoothed(values: np.ndarray, window: int) -> np.ndarray:
    """Mean of each value and those before it, up to ``window`` in all.

    Args:
        values: ``(N,)``; NaN counts as missing.
        window: At least 1.
    """
    numbers = np.isfinite(values)
    sums = np.cumsum(np.concatenate([[0.], np.where(numbers, values, 0)]))
    counts = np.cumsum(np.concatenate([[0], numbers]))
    first = np.maximum(np.arange(len(values)) + 1 - window, 0)
    with np.errstate(invalid='ignore'):  # 0 / 0, where all are missing, is NaN again
        return (sums[1:] - sums[first]) / (counts[1:] - counts[first])


def draw(runs: dict[str, Curves], smooth: int = 1, log: bool = False) -> Figure:
    """Draw a panel for each loss term, with a line for each run that has it.

    Args:
        runs: Curves by name of the run.
        smooth: Values of the running mean that is drawn over the faint curve. 1: the curve alone.
        log: Logarithmic losses; values that are not positive are left out.
    """
    terms = sorted({term for curves in runs.values() for term in curves}, key=lambda term: (term != 'loss', term))
    columns = min(len(terms), COLUMNS)
    rows = -(-len(terms) // columns)
    figure = Figure(figsize=(4.6 * columns, 3.2 * rows + 0.3 + 0.2 * len(runs)), layout='constrained')
    axes = figure.subplots(rows, columns, squeeze=False)
    for axis in axes.flat[len(terms):]:
        axis.set_axis_off()
    lines = {}
    for axis, term in zip(axes.flat, terms):
        for number, (name, curves) in enumerate(runs.items()):
            if term not in curves:
                continue
            iterations, values = curves[term]
            # A single point is no line.
            style = dict(color=f'C{number % 10}', marker='.' if len(values) < 2 else None)
            if smooth > 1:
                axis.plot(iterations, values, alpha=0.25, linewidth=0.8, **style)
                values = smoothed(values, smooth)
            lines[name], = axis.plot(iterations, values, linewidth=1.4, **style)
        axis.set_title(term, fontsize=10)
        axis.grid(alpha=0.3)
        axis.tick_params(which='both', labelsize=8)
        if log:
            axis.set_yscale('log', nonpositive='mask')
    for column in range(columns):
        lowest = axes.flat[(len(terms) - 1 - column) // columns * columns + column]
        lowest.set_xlabel('iteration', fontsize=9)
    figure.legend([lines[name] for name in runs], [*runs], loc='outside lower left', fontsize=9)
    return figure


def main(argv: Sequence[str] | None = None) -> None:
    """Draw what the command line says.

    Args:
        argv: Arguments after the program's name. Defaults to those of this process.
    """
    parser = argparse.ArgumentParser(description='Draw the losses of runs, a panel for each term.')
    parser.add_argument('runs', type=Path, nargs='+', metavar='RUN', help='work dir of a run, its losses.csv, or a '
                        'vis_data/scalars.json')
    parser.add_argument('--smooth', type=int, default=1, metavar='N', help='draw the running mean of N logged values, '
                        'and the values themselves faintly (default: 1, the values)')
    parser.add_argument('--log', action='store_true', help='logarithmic losses')
    parser.add_argument('-o', '--out', type=Path, default=Path('work_dirs/losses.png'), metavar='FILE',
                        help='picture to write (default: work_dirs/losses.png)')
    args = parser.parse_args(argv)
    with user_errors():
        if args.smooth < 1:
            raise LaunchError(f'--smooth is {args.smooth} but must be a number of values, at least 1')
        if args.out.suffix[1:].lower() not in Figure().canvas.get_supported_filetypes():
            raise LaunchError(f'-o {args.out} does not say which kind of picture to write; end it in .png')
        runs = {name: read_losses(path) for name, path in _names(args.runs).items()}
        _save(draw(runs, args.smooth, args.log), args.out)
    print(summary(runs))
    print(f'\npicture: {args.out}')


def _names(paths: Sequence[Path]) -> dict[str, Path]:
    """The runs by what tells them apart."""
    names = [run_name(path) for path in paths]
    repeated = Counter(names)
    named = {str(path) if repeated[name] > 1 else name: path for name, path in zip(names, paths)}
    if len(named) < len(paths):
        raise LaunchError(f'a run is given twice among {", ".join(map(str, paths))}; give each one once')
    return named


def summary(runs: dict[str, Curves]) -> str:
    """A line for each run: its last iteration, and the loss that was logged there."""
    lines = [('run', 'iterations', 'values', 'last loss')]
    for name, curves in runs.items():
        iterations, values = curves.get('loss') or next(iter(curves.values()))
        lines.append((name, f'{iterations[-1]:,}', str(len(values)), f'{values[-1]:.4g}'))
    widths = [max(map(len, column)) for column in zip(*lines)]
    return '\n'.join('  '.join(word.ljust(width) for word, width in zip(line, widths)).rstrip() for line in lines)


def _save(figure: Figure, path: Path) -> None:
    try:
        with whole_file(path) as unfinished:
            figure.savefig(unfinished, dpi=100)
    except OSError as error:
        raise LaunchError(f'{path} cannot be written ({error.strerror or error}); give another file with -o') from error
