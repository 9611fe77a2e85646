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


def columns(results: Results) -> list[str]:
    """Heads of the columns behind metric and method."""
    return [*results.bins, OVERALL]


def table(results: Results) -> dict[Metric, dict[str, list[list[Number]]]]:
    """The cells of each row, by metric and method.

    A bin has a cell with the numbers of the two :attr:`~.results.Results.kinds`; the last column has that of all
    samples.
    """
    rows = {}
    for metric in results.metrics:
        groups = [[(bin, kind) for kind in results.kinds if metric.has_bins] for bin in results.bins] + [[(None, None)]]
        numbers = [[_numbers(results, metric, bin, kind) for bin, kind in column] for column in groups]
        rows[metric] = {method: [[found[method] for found in column] for column in numbers] for method in results.rows}
    return rows


def to_markdown(results: Results) -> str:
    """The table in Markdown; the best numbers are bold."""
    lines = [['metric', 'method', *columns(results)], ['-', '-', *['-:'] * len(columns(results))]]
    for metric, rows in table(results).items():
        for place, (method, cells) in enumerate(rows.items()):
            texts = ['/'.join(f'**{number.text}**' if number.is_best else number.text for number in cell)
                     for cell in cells]
            lines.append(['' if place else metric.label, escape(method), *texts])
    return '\n'.join(f'| {" | ".join(texts)} |' for texts in lines)


def _numbers(results: Results, metric: Metric, bin: str | None, kind: str | None) -> dict[str, Number]:
    """That of each method for one group of samples."""
    found = {method: results.summary(method, metric.name, bin, kind) for method in results.rows}
    values = [summary.value for summary in found.values() if summary]
    best = metric.text(metric.is_better(values)) if len(values) > 1 else None
    texts = {method: metric.text(summary.value) if summary else UNDEFINED for method, summary in found.items()}
    return {method: Number(text, text == best) for method, text in texts.items()}


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
    for method, folder in zip(methods, fillings):
        if method.describe() != method.name:
            sha256 = folder.settings.get('checkpoint_sha256')
            lines.append(method.describe() + (f', sha256 `{sha256}`.' if sha256 else '.'))
    lines += [changed for changed in map(_changed, fillings) if changed]
    machines = {}
    for method, folder in zip(methods, fillings):
        machines.setdefault('; or '.join(folder.machines), []).append(method.name)
    lines += [f'Machine of {", ".join(names)}: {machine}.' for machine, names in machines.items()]
    versions = [folder.settings['versions'].split(', ') for folder in fillings if 'versions' in folder.settings]
    return [*lines, f'Versions: {", ".join(dict.fromkeys(chain(*versions)))}.'] if versions else lines


def _changed(folder: Fillings) -> str:
    """Pixels that a method should have left alone and did not."""
    changed = [levels for levels in folder.changed_outside.values() if levels]
    if not changed:
        return ''
    return (f'{folder.name} changed pixels outside the hole in {len(changed)} of {len(folder.changed_outside)} '
            f'pictures, by up to {max(changed)} of 255 grey levels; they were replaced by those of the photo.')
