"""The table of the inpainting paper (arXiv 1804.07723, table 1): metrics and methods down, hole ratios across.

Below it stand notes on how it came about.
"""
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from mmpconv.datasets.frozen_benchmark import FrozenBenchmark

from .fill import Fillings, Method
from .results import Metric, Results

OVERALL = 'overall'
UNDEFINED = '-'


@dataclass(frozen=True)
class Number:
    """A number in a cell; it is the best if no method has a better one there, as far as its digits tell."""
    text: str
    is_best: bool = False


@dataclass(frozen=True)
class TableRow:
    """The scores of a method in a metric.

    Attributes:
        metric, method: Heads of the row.
        cells: The numbers of each column. A bin has those of the two :attr:`~.results.Results.kinds`; the last column
            has that of all samples.
    """
    metric: Metric
    method: str
    cells: list[list[Number]]


def columns(results: Results) -> list[str]:
    """Heads of the columns behind metric and method."""
    return [*results.bins, OVERALL]


def table(results: Results) -> list[TableRow]:
    """The rows, metric by metric, methods in their order."""
    rows = []
    for metric in results.metrics:
        groups = [[(bin, kind) for kind in results.kinds] for bin in results.bins] if metric.has_bins else []
        groups = [*groups, [(None, None)]]
        numbers = {group: _numbers(results, metric, *group) for column in groups for group in column}
        blank = [[] for _ in results.bins] if not metric.has_bins else []
        rows += [TableRow(metric, method, blank + [[numbers[group][method] for group in column] for column in groups])
                 for method in results.rows]
    return rows


def to_markdown(results: Results) -> str:
    """The table in Markdown; the best numbers are bold."""
    lines = [['metric', 'method', *columns(results)], ['-', '-', *['-:'] * len(columns(results))]]
    metric = None
    for row in table(results):
        lines.append([row.metric.label if row.metric is not metric else '', escape(row.method),
                      *('/'.join(map(_bold, cell)) for cell in row.cells)])
        metric = row.metric
    return '\n'.join(f'| {" | ".join(cells)} |' for cells in lines)


def _numbers(results: Results, metric: Metric, bin: str | None, kind: str | None) -> dict[str, Number]:
    """That of each method for one group of samples."""
    found = {method: results.summary(method, metric.name, bin, kind) for method in results.rows}
    values = [summary.value for summary in found.values() if summary]
    best = metric.text(metric.is_better(values)) if len(values) > 1 else None
    texts = {method: metric.text(summary.value) if summary else UNDEFINED for method, summary in found.items()}
    return {method: Number(text, text == best) for method, text in texts.items()}


def _bold(number: Number) -> str:
    return f'**{number.text}**' if number.is_best else number.text


def escape(name: str) -> str:
    """A name in Markdown."""
    return ''.join(f'\\{character}' if character in '\\|*<[`' else character for character in name)


def notes(results: Results, benchmark: FrozenBenchmark, methods: Sequence[Method],
          fillings: Sequence[Fillings]) -> list[str]:
    """All that a reader needs to know of the numbers; in Markdown, of which only code marks are used.

    Args:
        results: The scores.
        benchmark: The samples.
        methods, fillings: Those that are compared, and the folders of their pictures.
    """
    h, w = benchmark.size
    if results.splits:
        first, second = 'unrestricted holes (N of the paper)', 'holes off the border (B)'
        counts = [list(results.splits.values()).count(kind) for kind in results.kinds]
    else:
        first, second = 'holes that keep off the border', 'holes that touch it'
        counts = [sum(sample.border == on for sample in benchmark.samples) for on in (False, True)]
    lines = [
        f'Benchmark: {benchmark.name}, {len(benchmark.samples)} samples of {h} x {w} pixels (height x width), sha256 '
        f'`{benchmark.sha256}`.',
        f'Columns: hole ratio. A cell has the mean over {first}, and behind the slash that over {second} '
        f'({counts[0]} and {counts[1]} samples); {OVERALL}: over all samples.',
        'Every result is cut into the photo before it is scored: outside the hole all methods show the truth.']
    lines += [f'{metric.label}: {metric.what}; {metric.direction}.' for metric in results.metrics]
    lines += [f'{method.describe()}{_hash(folder)}.' for method, folder in zip(methods, fillings)
              if method.describe() != method.name]
    lines += [changed for changed in map(_changed, fillings) if changed]
    machines = {}
    for method, folder in zip(methods, fillings):
        machines.setdefault('; or '.join(folder.machines), []).append(method.name)
    lines += [f'Machine of {", ".join(names)}: {machine}.' for machine, names in machines.items()]
    versions = [folder.settings['versions'].split(', ') for folder in fillings if 'versions' in folder.settings]
    return [*lines, f'Versions: {", ".join(dict.fromkeys(chain(*versions)))}.'] if versions else lines


def _hash(folder: Fillings) -> str:
    sha256 = folder.settings.get('checkpoint_sha256')
    return f', sha256 `{sha256}`' if sha256 else ''


def _changed(folder: Fillings) -> str:
    """Pixels that a method should have left alone and did not."""
    changed = [levels for levels in folder.changed_outside.values() if levels]
    if not changed:
        return ''
    return (f'{folder.name} changed pixels outside the hole in {len(changed)} of {len(folder.changed_outside)} '
            f'pictures, by up to {max(changed)} of 255 grey levels; they were replaced by those of the photo.')
