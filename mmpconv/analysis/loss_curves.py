"""Curves of the losses of trainings, as a picture and a table."""
import numpy as np
from matplotlib.figure import Figure

from mmpconv.reports import aligned, panels

from .logs import Curves


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
