"""The scores of all methods, and their means with intervals."""
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mmpconv.datasets.benchmark_files import SPLITS
from mmpconv.evaluation.statistics import summarise
from mmpconv.whole_files import as_csv

_BORDERS = ('off', 'on')


@dataclass(frozen=True)
class Metric:
    """A score.

    Attributes:
        name: In files.
        label: In tables, with its unit.
        form: Of a value in a table, for :func:`format`.
        is_better: ``min`` or ``max`` of several.
        what: Its definition, as part of a sentence.
        has_bins: It is of a picture, so that it has a mean for each bin.
    """
    name: str
    label: str
    form: str
    is_better: type(min)
    what: str
    has_bins: bool = True

    def text(self, value: float) -> str:
        """A value in a table."""
        return format(value, self.form)

    @property
    def direction(self) -> str:
        """The better way."""
        return 'less is better' if self.is_better is min else 'more is better'


METRICS = {metric.name: metric for metric in (
    Metric('l1', 'L1 (%)', '.2f', min, 'mean absolute difference over the whole picture, in percent of the range'),
    Metric('l1_hole', 'L1 in the hole (%)', '.2f', min, 'the same over the hole alone'),
    Metric('psnr', 'PSNR (dB)', '.2f', max, 'peak signal-to-noise ratio over the whole picture'),
    Metric('ssim', 'SSIM', '.3f', max, 'structural similarity over the whole picture, Gaussian window of 11 pixels'),
    Metric('lpips', 'LPIPS', '.3f', min, 'learned perceptual distance over the whole picture'),
    Metric('fid', 'FID', '.2f', min, 'Frechet distance between the features of all results and of all photos',
           has_bins=False),
    Metric('seconds', 'seconds', '.2g', min, 'median of the seconds an image, without reading and scoring it',
           has_bins=False),
)}


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
    """The scores of all methods.

    Attributes:
        rows: See :class:`~.score.Scores`; by method, in the order of the benchmark.
        bins: Names of the hole-ratio bins.
        fid: By method; empty where it was not computed.
        splits: ``N`` or ``B`` by ID of the sample, of a benchmark that is divided as the paper's table; else empty.
    """
    rows: dict[str, Sequence[dict[str, Any]]]
    bins: Sequence[str]
    fid: dict[str, float]
    splits: Mapping[str, str] = field(default_factory=dict)

    @property
    def kinds(self) -> tuple[str, str]:
        """The two kinds of samples that each bin has: holes off and on the border, or unrestricted and off it."""
        return SPLITS if self.splits else _BORDERS

    @property
    def metrics(self) -> list[Metric]:
        """Those that there are scores of."""
        first = next(iter(self.rows.values()))[0]
        return [metric for name, metric in METRICS.items() if name in first or (name == 'fid' and self.fid)]

    def summary(self, method: str, metric: str, bin: str | None = None, kind: str | None = None) -> Summary | None:
        """Scores of a method on some of the samples, in one number.

        Args:
            method, metric: Names.
            bin: Name of a hole-ratio bin. Default: all.
            kind: One of :attr:`kinds`. Default: both.

        Returns:
            Summary: None if there is no such sample.
        """
        rows = [row for row in self.rows[method]
                if bin in (None, row['bin']) and (kind is None or self._kind(row) == kind)]
        if not rows:
            return None
        if metric == 'fid':
            return Summary(len(rows), self.fid[method])
        values = [row[metric] for row in rows]
        if metric == 'seconds':
            return Summary(len(rows), statistics.median(values))
        summary = summarise(values)
        return Summary(len(rows), summary.average, summary.mean_interval)

    def _kind(self, row: Mapping[str, Any]) -> str:
        off, on = self.kinds
        return self.splits[row['id']] if self.splits else on if row['border'] else off

    def summaries_to_csv(self) -> str:
        """All summaries, with all their digits: a line a method, metric, bin and kind."""
        lines = [('method', 'metric', 'bin', 'split' if self.splits else 'border', 'count', 'value', 'low', 'high')]
        for metric in self.metrics:
            groups = [(bin, kind) for bin in (*self.bins, None) for kind in (*self.kinds, None)]
            for method in self.rows:
                for bin, kind in groups if metric.has_bins else [(None, None)]:
                    summary = self.summary(method, metric.name, bin, kind)
                    if summary:
                        lines.append((method, metric.name, bin or 'all', kind or 'all', summary.count, summary.value,
                                      *(summary.interval or ('', ''))))
        return as_csv(lines)

    def rows_to_csv(self) -> str:
        """All rows of all methods."""
        names = list(next(iter(self.rows.values()))[0])
        return as_csv([('method', *names), *((method, *(row[name] for name in names))
                                           for method, rows in self.rows.items() for row in rows)])

