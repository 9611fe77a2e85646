"""Statistics of a comparison, against published figures, scipy's tests and examples computed by hand."""
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mmpconv.evaluation.statistics import summarise

# The table in the README of NVIDIA/partialconv: best top-1 of five runs; average, difference to zero padding, stdev.
PUBLISHED = {
    'vgg16bn': [
        ('zero', (73.986, 73.826, 73.610, 73.778, 73.204), 73.681, None, 0.244),
        ('partial', (74.154, 74.072, 73.790, 73.898, 74.072), 73.997, 0.316, 0.121),
        ('reflect', (73.404, 73.670, 73.364, 73.428, 73.416), 73.456, -0.225, 0.122),
        ('replicate', (73.638, 73.580, 73.816, 74.012, 73.734), 73.756, 0.075, 0.169)],
    'resnet50': [
        ('zero', (76.240, 76.074, 75.988, 76.136, 76.224), 76.132, None, 0.086),
        ('partial', (76.606, 76.532, 76.638, 76.562, 76.716), 76.611, 0.478, 0.058),
        ('reflect', (76.188, 76.24, 76.38, 75.884, 76.182), 76.174, 0.042, 0.181),
        ('replicate', (76.048, 76.452, 76.19, 76.186, 76.158), 76.207, 0.075, 0.149)],
    'resnet152': [
        ('zero', (78.364, 78.164, 78.130, 78.018, 78.242), 78.184, None, 0.105),
        ('partial', (78.514, 78.338, 78.252, 78.516, 78.540), 78.432, 0.248, 0.105),
        ('reflect', (77.472, 78.046, 77.862, 77.682, 77.962), 77.805, -0.379, 0.230),
        ('replicate', (77.852, 78.308, 78.088, 77.924, 77.948), 78.024, -0.160, 0.180)],
}
ROWS = [(network, *row) for network, rows in PUBLISHED.items() for row in rows]
LAST_DIGIT = 0.00101  # its averages are rounded, and some differences are of rounded averages


@pytest.mark.parametrize('network, padding, scores, average, diff, stdev', ROWS,
                         ids=[f'{row[0]}-{row[1]}' for row in ROWS])
def test_published_table_is_reproduced(network, padding, scores, average, diff, stdev):
    summary = summarise(scores, None if padding == 'zero' else PUBLISHED[network][0][1])
    assert summary.average == pytest.approx(average, abs=LAST_DIGIT)
    assert summary.difference == (diff if diff is None else pytest.approx(diff, abs=LAST_DIGIT))
    # Its standard deviations of zero and partial padding are divided by n + 1 = 6, the others by n - 1 = 4.
    factor = math.sqrt(4 / 6) if padding in ('zero', 'partial') else 1
    assert summary.stdev * factor == pytest.approx(stdev, abs=LAST_DIGIT)


def test_example_computed_by_hand():
    """Differences 1, 2, 3: mean 2, stdev 1, standard error 1 / sqrt 3, t = 2 sqrt 3; t(0.975, 2) = 4.3027 in tables.

    With two degrees of freedom p = 1 - t / sqrt(t^2 + 2) = 1 - sqrt(12 / 14).
    """
    summary = summarise([3.0, 5.0, 7.0], baseline=[2.0, 3.0, 4.0])
    assert (summary.average, summary.stdev, summary.difference) == (5, 2, 2)
    half = 4.302653 / math.sqrt(3)
    assert summary.difference_interval == pytest.approx((2 - half, 2 + half), abs=1e-5)
    assert summary.mean_interval == pytest.approx((5 - 2 * half, 5 + 2 * half), abs=1e-5)
    assert summary.p_value == pytest.approx(1 - math.sqrt(12 / 14), abs=1e-9)


@given(st.lists(st.tuples(st.integers(0, 10000), st.integers(0, 10000)), min_size=2, max_size=8).filter(
    lambda pairs: len({a - b for a, b in pairs}) > 1))
def test_scipys_paired_test_agrees(pairs):
    scores, baseline = ([value / 100 for value in values] for values in zip(*pairs))
    summary, expected = summarise(scores, baseline), stats.ttest_rel(scores, baseline)
    assert summary.p_value == pytest.approx(expected.pvalue, rel=1e-6, abs=1e-12)
    assert summary.difference_interval == pytest.approx(tuple(expected.confidence_interval(0.95)), rel=1e-6, abs=1e-9)


def test_pairs_of_the_same_seed_are_compared_not_averages():
    """The seeds differ far more than the paddings: an unpaired test would see nothing."""
    baseline, scores = [90.0, 92.0, 94.0, 96.0], [90.5, 92.6, 94.5, 96.6]
    assert summarise(scores, baseline).p_value < 0.001 < 0.5 < stats.ttest_ind(scores, baseline).pvalue
    shuffled = summarise(scores[::-1], baseline)
    assert shuffled.p_value > 0.5 and shuffled.difference == pytest.approx(0.55)


def test_one_run_has_no_spread():
    summary = summarise([96.5], [96.0])
    assert (summary.average, summary.difference) == (96.5, 0.5)
    assert [summary.stdev, summary.mean_interval, summary.difference_interval, summary.p_value] == [None] * 4


@pytest.mark.parametrize('shift', [0.0, 0.1])
def test_identical_differences_give_no_interval_and_no_p_value(shift):
    """Equal but for rounding: otherwise p would be 1e-30, or not a number."""
    baseline = [96.16026306152344, 95.65943145751953, 97.1619415283203]
    summary = summarise([score + shift * (1 + 1e-6) for score in baseline], baseline)
    assert summary.difference == pytest.approx(shift, abs=1e-6)
    assert summary.difference_interval is summary.p_value is None
    assert summary.stdev > 0.5 and summary.mean_interval is not None


def test_the_baseline_has_no_difference_to_itself():
    summary = summarise([96.0, 97.0])
    assert summary.difference is summary.difference_interval is summary.p_value is None


@pytest.mark.parametrize('scores, baseline, message', [
    ([], None, 'scores is empty'), ([1.0], [], 'baseline is empty'),
    ([1.0, math.nan], None, 'must be finite numbers, but they are 1.0, nan'),
    ([1.0, 2.0], [1.0], 'there are 2 scores and 1 of the baseline'),
])
def test_bad_scores_are_refused(scores, baseline, message):
    with pytest.raises(ValueError, match=message):
        summarise(scores, baseline)
