"""Scores against the hole ratio, as pictures."""
from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmpconv.reports import panels, save

from .results import Metric, Results

_MARKERS = 'osD^vP*X<>'
_SPREAD = 0.3  # of a bin's width, between the first and the last method


def draw(results: Results, folder: Path) -> dict[str, Path]:
    """Draw each metric against the hole ratio: mean of each bin with its 95 % interval, a line a method.

    Args:
        results: The scores.
        folder: Where to.

    Returns:
        dict: Path by name of the metric; ``overview`` has all panels in one picture.
    """
    metrics = [metric for metric in results.metrics if metric.has_bins]
    shown = {metric.name: [metric] for metric in metrics} | {'overview': metrics}
    paths = {name: folder / f'{name}.png' for name in shown}
    for name, path in paths.items():
        save(_figure(results, shown[name]), path, colors=64)  # a quarter of the size
    return paths


def _figure(results: Results, metrics: Sequence[Metric]) -> Figure:
    figure, axes = panels(len(metrics), 6.4, 4.2, columns=2)
    for metric, axis in zip(metrics, axes.flat):
        _draw_panel(axis, results, metric)
    handles, names = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc='outside lower center', ncols=min(len(names), 5), frameon=False)
    return figure


def _draw_panel(axis: Axes, results: Results, metric: Metric) -> None:
    for place, method in enumerate(results.rows):
        found = {position: results.summary(method, metric.name, bin) for position, bin in enumerate(results.bins)}
        found = {position: summary for position, summary in found.items() if summary}
        # Beside each other, so that intervals can be told apart.
        shift = _SPREAD * (place / max(len(results.rows) - 1, 1) - 0.5)
        ends = [summary.interval or (summary.value, ) * 2 for summary in found.values()]
        axis.errorbar([position + shift for position in found], [summary.value for summary in found.values()],
                      [[summary.value - low for summary, (low, _) in zip(found.values(), ends)],
                       [high - summary.value for summary, (_, high) in zip(found.values(), ends)]],
                      label=_label(method), color=f'C{place % 10}', marker=_MARKERS[place % len(_MARKERS)],
                      markersize=5, linestyle='-' if place < 10 else '--', linewidth=1.2, capsize=3)
    axis.set_xticks(range(len(results.bins)), results.bins)
    axis.set_xlabel('hole ratio')
    axis.set_ylabel(f'{metric.label}, {metric.direction}')
    axis.grid(axis='y', alpha=0.3)


def _label(method: str) -> str:
    """A name as matplotlib shows it, which leaves out what begins with an underscore, and sets formulas in dollars."""
    return f'{" " if method.startswith("_") else ""}{method}'.replace('$', r'\$')
