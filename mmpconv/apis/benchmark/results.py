"""The scores of all methods, and what they come to."""
import csv
import io
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mmpconv.evaluation.padding_comparison import summarise

from .metrics import METRICS, Metric

BORDERS = {'off': 0, 'on': 1}


@dataclass(frozen=True)
class Summary:
    """Scores of several samples.

    Attributes:
        count: Number of samples.
        value: Their mean; of seconds, their median.
        interval: 95 % interval of the mean; None for one sample, or where all score the same.
    """
    count: int
    value: float
    interval: tuple[float, float] | None = None


@dataclass(frozen=True)
class Results:
    """What all methods scored.

    Attributes:
        rows: As of :class:`~.score_file.ScoreFile`, by method, in the order of the benchmark.
        bins: Names of the hole-ratio bins.
        fid: By method; empty where it was not computed.
    """
    rows: dict[str, Sequence[dict[str, Any]]]
    bins: Sequence[str]
    fid: dict[str, float]

    @property
    def metrics(self) -> list[Metric]:
        """Those that there are scores of."""
        first = next(iter(self.rows.values()))[0]
        return [metric for name, metric in METRICS.items() if name in first or (name == 'fid' and self.fid)]

    def summary(self, method: str, metric: str, bin: str | None = None, border: str | None = None) -> Summary | None:
        """What a method scored on some of the samples.

        Args:
            method, metric: Names.
            bin: Name of a hole-ratio bin. Default: all.
            border: ``off`` or ``on``: whether holes touch the border. Default: both.

        Returns:
            Summary: None if there is no such sample.
        """
        rows = [row for row in self.rows[method]
                if bin in (None, row['bin']) and (border is None or row['border'] == BORDERS[border])]
        if not rows:
            return None
        if metric == 'fid':
            return Summary(len(rows), self.fid[method])
        values = [row[metric] for row in rows]
        if metric == 'seconds':
            return Summary(len(rows), statistics.median(values))
        summary = summarise(values)
        return Summary(len(rows), summary.average, summary.mean_interval)

    def summaries_to_csv(self) -> str:
        """All summaries, with all their digits: a line a method, metric, bin and border."""
        lines = [('method', 'metric', 'bin', 'border', 'count', 'value', 'low', 'high')]
        for metric in self.metrics:
            groups = [(bin, border) for bin in (*self.bins, None) for border in (*BORDERS, None)]
            for method in self.rows:
                for bin, border in groups if metric.has_bins else [(None, None)]:
                    summary = self.summary(method, metric.name, bin, border)
                    if summary:
                        lines.append((method, metric.name, bin or 'all', border or 'all', summary.count, summary.value,
                                      *(summary.interval or ('', ''))))
        return _csv(lines)

    def rows_to_csv(self) -> str:
        """All rows of all methods."""
        names = list(next(iter(self.rows.values()))[0])
        return _csv([('method', *names), *((method, *(row[name] for name in names))
                                           for method, rows in self.rows.items() for row in rows)])


def _csv(lines: Sequence[Sequence]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator='\n').writerows(lines)
    return text.getvalue()
