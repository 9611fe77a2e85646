"""The page that shows a benchmark: table, plots, and pictures, in files beside it."""
import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from mmpconv.datasets.frozen_benchmark import FrozenBenchmark
from mmpconv.whole_files import write_text

from .cases import Case, Pictures, ranking_metric
from .metrics import METRICS
from .page_template import PAGE, PICTURE
from .results import Results
from .table import TableRow, columns, table

_CAPTION = ('l1', 'psnr', 'lpips')


def write_page(path: Path, results: Results, benchmark: FrozenBenchmark, notes: Sequence[str],
               plots: Mapping[str, Path], sections: Mapping[str, Sequence[Case]],
               pictures: Mapping[str, Pictures]) -> None:
    """Write the page. It needs no network; what it shows lies beside it.

    Args:
        path: The HTML file.
        results: The scores.
        benchmark: The samples.
        notes: As of :func:`~.report.notes`.
        plots: Path by name of the metric, below the folder of the page.
        sections: As of :func:`~.cases.choose`.
        pictures: As of :func:`~.cases.write_pictures`.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    environment.filters.update(url=_url, code=_code, groupby_metric=_groups)
    h, w = benchmark.size
    template = environment.from_string(PICTURE + PAGE)
    text = template.render(
        benchmark=benchmark, width=w, height=h, columns=columns(results), rows=table(results), notes=notes,
        split=results.splits,
        plots=[(METRICS[name], plot.relative_to(path.parent)) for name, plot in plots.items() if name in METRICS],
        ranking=METRICS[ranking_metric(results)], sections=sections, pictures=pictures,
        scores_of=_captions(results))
    write_text(path, text.lstrip())


def _captions(results: Results):
    metrics = [metric for metric in results.metrics if metric.name in _CAPTION]
    rows = {method: {row['id']: row for row in rows} for method, rows in results.rows.items()}

    def scores_of(method: str, identifier: str) -> str:
        row = rows[method][identifier]
        return ', '.join(f'{metric.label} {metric.text(row[metric.name])}' for metric in metrics)

    return scores_of


def _url(path: Path) -> str:
    return quote(path.as_posix())


def _code(note: str) -> Markup:
    """The one mark of Markdown that notes have."""
    return Markup(re.sub('`(.+?)`', r'<code>\1</code>', str(escape(note))))


def _groups(rows: Sequence[TableRow]) -> list[list[TableRow]]:
    return [list(group) for _, group in groupby(rows, key=lambda row: row.metric)]
