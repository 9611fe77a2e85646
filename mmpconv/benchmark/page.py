"""The page that shows a comparison: table, plots, and pictures of samples, in files beside it."""
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from urllib.parse import quote

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from mmpconv.datasets.frozen_benchmark import BenchmarkSample, FrozenBenchmark
from mmpconv.photos.structure import encode_png
from mmpconv.whole_files import whole_folder, write_text

from .fill import Fillings
from .results import METRICS, Results
from .table import TableRow, columns, table

_CAPTION = ('l1', 'psnr', 'lpips')
_HOLE = (255, 255, 255)


@dataclass
class Case:
    """A sample that is shown.

    Attributes:
        sample: Its place in the benchmark.
        reasons: Why, as parts of a sentence.
    """
    sample: BenchmarkSample
    reasons: list[str] = field(default_factory=list)


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
    _write_photos([case.sample for cases in sections.values() for case in cases], benchmark, path.parent / 'pictures')
    environment = Environment(loader=PackageLoader(__package__, '.'), autoescape=True, undefined=StrictUndefined)
    environment.filters.update(
        url=lambda shown: quote(shown.relative_to(path.parent).as_posix()), code=_code, groupby_metric=_groups)
    h, w = benchmark.size
    text = environment.get_template('page.html').render(
        benchmark=benchmark, width=w, height=h, columns=columns(results), rows=table(results), notes=notes,
        split=results.splits, plots=[(METRICS[name], plot) for name, plot in plots.items() if name in METRICS],
        ranking=METRICS[_ranking_metric(results)], sections=sections, photos=path.parent / 'pictures',
        fillings=fillings, scores_of=_captions(results))
    write_text(path, text.lstrip())


def _choose(results: Results, benchmark: FrozenBenchmark, count: int) -> dict[str, list[Case]]:
    """The first sample of each bin, and the worst and the best of each method.

    Returns:
        dict: Cases by the title of the section that shows them. A sample that is chosen twice is shown once.
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
    cases: dict[str, Case] = {}
    sections: dict[str, list[Case]] = {}
    for title, identifier, reason in wanted:
        if identifier not in cases:
            cases[identifier] = Case(samples[identifier])
            sections.setdefault(title, []).append(cases[identifier])
        cases[identifier].reasons.append(reason)
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


def _groups(rows: Sequence[TableRow]) -> list[list[TableRow]]:
    return [list(group) for _, group in groupby(rows, key=lambda row: row.metric)]
