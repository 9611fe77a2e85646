"""Losses of trainings, from ``losses.csv`` of this package or ``scalars.json`` of MMEngine; as picture and table."""
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from mmpconv.engine.hooks.loss_csv import read_rows
from mmpconv.errors import LaunchError
from mmpconv.reports import aligned, panels

Curves = dict[str, tuple[np.ndarray, np.ndarray]]
"""Iterations (counted from 1, growing) and values of each loss term."""

CSV, SCALARS = 'losses.csv', 'vis_data/scalars.json'
_REMEDY = f'give a work dir, a {CSV}, or a {SCALARS}'


def read_scalars(path: Path) -> Iterator[dict]:
    """The lines of a ``scalars.json``: those of training have an entry ``iter``, those of validation have none.

    Raises:
        LaunchError: It is not what MMEngine logs.
    """
    try:
        lines = path.read_text(encoding='utf-8').splitlines(keepends=True)
    except (OSError, UnicodeDecodeError) as error:
        raise LaunchError(f'{path} cannot be read as text ({error}); {_REMEDY}') from error
    for number, line in enumerate(lines, 1):
        if not line.endswith('\n') and number == len(lines):
            return  # it is being written just now, or was when the run was killed
        try:
            scalars = json.loads(line)
            if not isinstance(scalars, dict):
                raise ValueError('no scalars')
        except ValueError as error:
            raise LaunchError(f'{path}, line {number} is not what MMEngine logs ({error}); {_REMEDY}') from error
        yield scalars


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
        logs = [path / CSV] if (path / CSV).is_file() else sorted(path.glob(f'*/{SCALARS}'))
        logs = logs or sorted(path.glob(SCALARS))  # one folder further down: the folder of a single start
        if not logs:
            raise LaunchError(f'{path} is not the work dir of a run: it has neither {CSV} nor a {SCALARS} in a '
                              f'folder of its own; {_REMEDY}')
    elif path.is_file():
        logs = [path]
    else:
        raise LaunchError(f'there is no {path}; {_REMEDY}')
    rows: list[dict] = []
    for log in logs:
        later = _csv_rows(log) if log.suffix == '.csv' else _loss_rows(log)
        if later:
            rows = [row for row in rows if row['iter'] < later[0]['iter']] + later
    terms = dict.fromkeys(term for row in rows for term in row if 'loss' in term)
    if not terms:
        raise LaunchError(f'{path} holds no losses (yet); {_REMEDY}')
    curves = {}
    for term in terms:
        iterations, values = zip(*((row['iter'], row[term]) for row in rows if term in row))
        curves[term] = np.array(iterations), np.array(values, float)
    return curves


def _csv_rows(path: Path) -> list[dict]:
    try:
        return read_rows(path)[1]
    except (ValueError, OSError) as error:
        raise LaunchError(f'{error}; {_REMEDY}') from error


def _loss_rows(path: Path) -> list[dict]:
    # In runs by epoch, `iter` counts anew every epoch; `step` never does.
    return [{**{name: value for name, value in scalars.items() if 'loss' in name and isinstance(value, (int, float))},
             'iter': int(scalars.get('step', scalars['iter']))}
            for scalars in read_scalars(path) if 'iter' in scalars]


def named_runs(paths: Sequence[Path]) -> dict[str, Path]:
    """The runs by their names: that of the work dir, or the path where several have the same.

    Raises:
        LaunchError: One is given twice.
    """
    names = [run_name(path) for path in paths]
    repeated = Counter(names)
    named = {str(path) if repeated[name] > 1 else name: path for name, path in zip(names, paths)}
    if len(named) < len(paths):
        raise LaunchError(f'a run is given twice among {", ".join(map(str, paths))}; give each one once')
    return named


def run_name(path: Path) -> str:
    """The name of the work dir of a run, which is given as for :func:`read_losses`."""
    path = path.resolve()
    if path.is_dir():
        return path.name
    return path.parents[2].name if str(path).endswith(SCALARS) and len(path.parents) > 2 else path.parent.name


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
    figure, axes = panels(len(terms), 4.6, 3.2, 0.3 + 0.2 * len(runs))
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
    for column in axes.T:
        [axis for axis in column if axis.axison][-1].set_xlabel('iteration', fontsize=9)
    figure.legend([lines[name] for name in runs], [*runs], loc='outside lower left', fontsize=9)
    return figure


def summary(runs: dict[str, Curves]) -> str:
    """A line for each run: its last iteration, and the loss that was logged there."""
    lines = [('run', 'iterations', 'values', 'last loss')]
    for name, curves in runs.items():
        iterations, values = curves.get('loss') or next(iter(curves.values()))
        lines.append((name, f'{iterations[-1]:,}', str(len(values)), f'{values[-1]:.4g}'))
    return aligned(lines)
