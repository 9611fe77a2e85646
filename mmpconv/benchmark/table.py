"""The table of the inpainting paper (arXiv 1804.07723, table 1): metrics and methods down, hole ratios across."""
from dataclasses import dataclass

from .metrics import Metric
from .results import Results

OVERALL = 'overall'
UNDEFINED = '-'


@dataclass(frozen=True)
class Number:
    """A number in a cell, and whether no method has a better one there, as far as its digits tell."""
    text: str
    is_best: bool = False


@dataclass(frozen=True)
class TableRow:
    """What a method scored in a metric.

    Attributes:
        metric, method: Which.
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
