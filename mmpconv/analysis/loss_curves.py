"""Curves of losses and metrics of trainings, from their logs."""
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from mmpconv.engine.hooks.loss_csv import read_rows
from mmpconv.errors import LaunchError
from mmpconv.whole_files import whole_file

Curves = dict[str, tuple[np.ndarray, np.ndarray]]
"""Iterations (counted from 1, growing) and values of each loss term."""

_CSV, _SCALARS = 'losses.csv', 'vis_data/scalars.json'
_REMEDY = f'give a work dir, a {_CSV}, or a {_SCALARS}'


def read_losses(path: Path) -> Curves:
    """Read the losses of a run.

    Args:
        path: A CSV file as :class:`~mmpconv.engine.hooks.LossCsvHook` writes it; a ``scalars.json`` of MMEngine; or a
            work dir, of which ``losses.csv`` is read if it is there, or else all ``*/vis_data/scalars.json``. A run
            that was resumed has several: where they overlap, the later one holds.

    Raises:
        LaunchError: There is no such file or folder, or there are no losses in it.
    """
    if path.is_dir():
        logs = [path / _CSV] if (path / _CSV).is_file() else sorted(path.glob(f'*/{_SCALARS}'))
        # One folder further down: the folder of a single start.
        logs = logs or sorted(path.glob(_SCALARS))
        if not logs:
            raise LaunchError(f'{path} is not the work dir of a run: it has neither {_CSV} nor a {_SCALARS} in a '
                              f'folder of its own; {_REMEDY}')
    elif path.is_file():
        logs = [path]
    else:
        raise LaunchError(f'there is no {path}; {_REMEDY}')
    rows: list[dict] = []
    for log in logs:
        later = _read_csv(log) if log.suffix == '.csv' else _read_scalars(log)
        if later:
            rows = [row for row in rows if row['iter'] < later[0]['iter']] + later
    terms = dict.fromkeys(term for row in rows for term in row if 'loss' in term)
    if not terms:
        raise LaunchError(f'{path} holds no losses (yet); {_REMEDY}')
    curves = {}
    for term in terms:
        points = [(row['iter'], row[term]) for row in rows if term in row]
        iterations, values = zip(*points)
        curves[term] = np.array(iterations), np.array(values, float)
    return curves


def run_name(path: Path) -> str:
    """What a legend calls a run: the name of its work dir."""
    path = path.resolve()
    if path.is_dir():
        return path.name
    return path.parents[2].name if str(path).endswith(_SCALARS) and len(path.parents) > 2 else path.parent.name


def _read_csv(path: Path) -> list[dict]:
    try:
        return read_rows(path)[1]
    except (ValueError, OSError) as error:
        raise LaunchError(f'{error}; {_REMEDY}') from error


def _read_scalars(path: Path) -> list[dict]:
    """The lines of training: those of validation hold no iteration."""
    rows = []
    try:
        lines = path.read_text(encoding='utf-8').splitlines(keepends=True)
    except (OSError, UnicodeDecodeError) as error:
        raise LaunchError(f'{path} cannot be read as text ({error}); {_REMEDY}') from error
    for number, line in enumerate(lines, 1):
        if not line.endswith('\n') and number == len(lines):
            break  # it was being written when the run was killed
        try:
            scalars = json.loads(line)
            if not isinstance(scalars, dict):
                raise ValueError('no scalars')
        except ValueError as error:
            raise LaunchError(f'{path}, line {number} is not what MMEngine logs ({error}); {_REMEDY}') from error
        losses = {name: value for name, value in scalars.items() if 'loss' in name and isinstance(value, (int, float))}
        # In runs by epoch, `iter` counts anew every epoch; `step` never does.
        if 'iter' in scalars:
            rows.append({**losses, 'iter': int(scalars.get('step', scalars['iter']))})
    return rows


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


def named_runs(paths: Sequence[Path]) -> dict[str, Path]:
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


def save(figure: Figure, path: Path) -> None:
    try:
        with whole_file(path) as unfinished:
            figure.savefig(unfinished, dpi=100)
    except OSError as error:
        raise LaunchError(f'{path} cannot be written ({error.strerror or error}); give another file with -o') from error
