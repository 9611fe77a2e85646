"""The page that shows a comparison: table, plots, and pictures of samples, in files beside it."""
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmpconv.datasets.frozen_benchmark import BenchmarkSample, FrozenBenchmark
from mmpconv.photos.structure import encode_png
from mmpconv.reports import panels, save
from mmpconv.whole_files import whole_folder, write_text

from .fill import Fillings
from .results import METRICS, Metric, Results
from .table import columns, table

_CAPTION = ('l1', 'psnr', 'lpips')
_HOLE = (255, 255, 255)
_MARKERS = 'osD^vP*X<>'
_SPREAD = 0.3  # of a bin's width, between the first and the last method


def write_page(path: Path, results: Results, benchmark: FrozenBenchmark, fillings: Sequence[Fillings],
               notes: Sequence[str], plots: Mapping[str, Path], case_count: int) -> None:
    """Write the page, and photos of the cases to the folder ``pictures`` beside it. It needs no network.

    Args:
        path: The HTML file.
        results: The scores.
        benchmark: The samples.
        fillings: Pictures of each method, in folders below that of the page.
        notes: See :func:`~.table.notes`.
        plots: Path by name of the metric, below the folder of the page.
        case_count: How many worst and how many best cases of each method are shown.
    """
    sections = _choose(results, benchmark, case_count)
    _write_photos([sample for cases in sections.values() for sample, _ in cases], benchmark, path.parent / 'pictures')
    environment = Environment(loader=PackageLoader(__package__, '.'), autoescape=True, undefined=StrictUndefined)
    environment.filters.update(url=lambda shown: quote(shown.relative_to(path.parent).as_posix()), code=_code)
    h, w = benchmark.size
    text = environment.get_template('page.html').render(
        benchmark=benchmark, width=w, height=h, columns=columns(results), table=table(results), notes=notes,
        split=results.splits, plots=[(METRICS[name], plot) for name, plot in plots.items() if name in METRICS],
        ranking=METRICS[_ranking_metric(results)], sections=sections, photos=path.parent / 'pictures',
        fillings=fillings, scores_of=_captions(results))
    write_text(path, text.lstrip())


def _choose(results: Results, benchmark: FrozenBenchmark,
            count: int) -> dict[str, list[tuple[BenchmarkSample, list[str]]]]:
    """The first sample of each bin, and the worst and the best of each method.

    Returns:
        dict: Samples and why they are shown, as parts of a sentence, by the title of the section that shows them. A
        sample that is chosen twice is shown once.
    """
    samples = {sample.id: sample for sample in benchmark.samples}
    metric = _ranking_metric(results)
    wanted: list[tuple[str, str, str]] = []  # title, ID, reason
    for bin in results.bins:
        first = next((sample for sample in benchmark.samples if sample.bin == bin), None)
        if first:
            wanted.append(('One of each hole ratio', first.id, f'first of {bin}'))
    for method, rows in results.rows.items():
        ranked = sorted(rows, key=lambda row: row[metric], reverse=True)
        for which, chosen in (('worst', ranked[:count]), ('best', ranked[::-1][:count])):
            wanted += [(f'{which.capitalize()} of {method}', row['id'], f'{method}: {which} {number}')
                       for number, row in enumerate(chosen, 1)]
    reasons: dict[str, list[str]] = {}
    sections: dict[str, list[tuple[BenchmarkSample, list[str]]]] = {}
    for title, identifier, reason in wanted:
        if identifier not in reasons:
            reasons[identifier] = []
            sections.setdefault(title, []).append((samples[identifier], reasons[identifier]))
        reasons[identifier].append(reason)
    return sections


def _ranking_metric(results: Results) -> str:
    """The metric of worst and best."""
    return 'lpips' if any(metric.name == 'lpips' for metric in results.metrics) else 'l1'


def _write_photos(samples: Sequence[BenchmarkSample], benchmark: FrozenBenchmark, folder: Path) -> None:
    """Write ``ID/truth.png`` and ``ID/hole.png``; other samples that were shown before are removed."""
    with whole_folder(folder) as unfinished:
        for sample in samples:
            truth, mask = benchmark.image(sample), benchmark.mask(sample)
            (unfinished / sample.id).mkdir()
            (unfinished / sample.id / 'truth.png').write_bytes(encode_png(truth))
            (unfinished / sample.id / 'hole.png').write_bytes(encode_png(np.where(mask == 1, np.uint8(_HOLE), truth)))


def _captions(results: Results) -> Callable[[str, str], str]:
    metrics = [metric for metric in results.metrics if metric.name in _CAPTION]
    rows = {method: {row['id']: row for row in rows} for method, rows in results.rows.items()}

    def scores_of(method: str, identifier: str) -> str:
        row = rows[method][identifier]
        return ', '.join(f'{metric.label} {metric.text(row[metric.name])}' for metric in metrics)

    return scores_of


def _code(note: str) -> Markup:
    """The one mark of Markdown that notes have."""
    return Markup(re.sub('`(.+?)`', r'<code>\1</code>', str(escape(note))))


def draw_plots(results: Results, folder: Path) -> dict[str, Path]:
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
