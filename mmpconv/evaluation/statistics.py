"""Statistics of the scores of repeated runs: the columns of the padding paper, intervals and paired tests.

Runs are paired: two runs with the same seed start from the same weights and see the data in the same order, so that
their difference says more than the two scores do.
"""
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import stats

LEVEL = 0.95
# Scores that differ by less than this part of them are equal: percentages are logged in float32.
_ROUNDING = 1e-6


@dataclass(frozen=True)
class PaddingSummary:
    """The scores of one padding and their statistics; None where one is undefined.

    Attributes:
        scores: One a run, by seed.
        average: Their mean.
        stdev: Their sample standard deviation (divided by n - 1); None for one run. The published table
            divides by n + 1 for zero and partial padding, and by n - 1 for the others.
        mean_interval: 95 % interval of the average; None for one run, or when all runs score the same.
        difference: Average minus that of the baseline; None for the baseline itself.
        difference_interval: 95 % interval of the mean of the paired differences; None for the baseline, for one
            pair, or when all pairs differ by the same.
        p_value: Two-sided, of Student's t test on the paired differences; None where the interval is.
    """
    scores: tuple[float, ...]
    average: float
    stdev: float | None
    mean_interval: tuple[float, float] | None
    difference: float | None = None
    difference_interval: tuple[float, float] | None = None
    p_value: float | None = None


def summarise(scores: Sequence[float], baseline: Sequence[float] | None = None) -> PaddingSummary:
    """Average, spread, and difference to a baseline.

    Args:
        scores: One a run.
        baseline: Scores of the runs with the same seeds, in the same order. None: this is the baseline.

    Raises:
        ValueError: There is no score, one is not finite, or there are not as many as the baseline has.

    Example:
        >>> summary = summarise([3.0, 5.0, 7.0], baseline=[2.0, 3.0, 4.0])
        >>> summary.average, summary.stdev, summary.difference
        (5.0, 2.0, 2.0)
    """
    _check(scores, 'scores')
    summary = dict(scores=tuple(scores), average=statistics.fmean(scores),
                   stdev=statistics.stdev(scores) if len(scores) > 1 else None,
                   mean_interval=_mean_interval(scores, max(map(abs, scores))))
    if baseline is None:
        return PaddingSummary(**summary)
    _check(baseline, 'baseline')
    if len(scores) != len(baseline):
        raise ValueError(f'there are {len(scores)} scores and {len(baseline)} of the baseline; the runs are paired by '
                         'seed, so give as many')
    differences = [score - other for score, other in zip(scores, baseline)]
    size = max(map(abs, [*scores, *baseline]))
    return PaddingSummary(
        **summary, difference=summary['average'] - statistics.fmean(baseline),
        difference_interval=_mean_interval(differences, size), p_value=_p_value(differences, size))


def _check(scores: Sequence[float], name: str) -> None:
    if not scores:
        raise ValueError(f'{name} is empty; give the score of at least one run')
    if not all(map(math.isfinite, scores)):
        raise ValueError(f'{name} must be finite numbers, but they are {", ".join(map(str, scores))}')


def _mean_interval(values: Sequence[float], size: float) -> tuple[float, float] | None:
    """The mean of a normal distribution lies here, as far as Student's t knows from these values."""
    if _is_degenerate(values, size):
        return None
    error = statistics.stdev(values) / math.sqrt(len(values))  # exact sums, unlike those of scipy.stats.sem
    low, high = stats.t.interval(LEVEL, len(values) - 1, statistics.fmean(values), error)
    return float(low), float(high)


def _p_value(differences: Sequence[float], size: float) -> float | None:
    if _is_degenerate(differences, size):
        return None
    return float(stats.ttest_1samp(differences, 0).pvalue)


def _is_degenerate(values: Sequence[float], size: float) -> bool:
    """True if there is no spread from which to infer anything; ``size``: of the scores that the values come from."""
    return len(values) < 2 or max(values) - min(values) <= _ROUNDING * size
