"""Scores as CSV and as a table, whose numbers numpy and scipy compute again."""
import csv

import numpy as np
import pytest
from comparison_runs import a_score, make_run
from scipy import stats

from mmpconv.analysis.padding_comparison.report import COLUMNS, report, table, to_csv

BEST = {
    ('net', 'partial'): (96.32720947265625, 97.49582672119140, 96.99498748779297, 96.1),
    ('net', 'zero'): (95.99332427978516, 96.66110229492188, 96.82804870605469, 95.0),
    ('deep', 'partial'): (90.0, 91.0, 92.0, 93.0),
    ('deep', 'zero'): (60.0, 61.1, 62.0, 63.1),
}
SCORES = [a_score(network, padding, seed, best, last=best - 10 - seed)
          for (network, padding), values in BEST.items() for seed, best in enumerate(values)]
HEADER = ['network', 'padding', 'seed 0', 'seed 1', 'seed 2', 'seed 3', 'average', 'diff', 'stdev',
          '95 % interval of diff', 'p']


def cells(text):
    """Header and rows of a table, by line."""
    header, _, *rows = ([cell.strip() for cell in line.strip('|').split('|')] for line in text.splitlines())
    return header, {tuple(row[:2]): row[2:] for row in rows}


def test_csv_loses_nothing():
    lines = to_csv(SCORES).splitlines()
    assert lines[:2] == ['network,padding,seed,best,best_step,last',
                         'net,partial,0,96.32720947265625,2,86.32720947265625']
    for line, score in zip(csv.DictReader(lines), SCORES, strict=True):
        assert {name: type(score[name])(value) for name, value in line.items()} == {
            name: score[name] for name in COLUMNS}


def test_rows_are_in_the_order_of_the_scores():
    header, rows = cells(table(SCORES))
    assert header == HEADER
    assert list(rows) == list(BEST)


@pytest.mark.parametrize('network', ['net', 'deep'])
def test_numbers_are_those_of_numpy_and_scipy(network):
    rows = cells(table(SCORES))[1]
    partial, zero = (np.array(BEST[network, padding]) for padding in ('partial', 'zero'))
    test = stats.ttest_rel(partial, zero)
    low, high = test.confidence_interval(0.95)
    p = '< 0.001' if test.pvalue < 0.001 else f'{test.pvalue:.3f}'
    assert rows[network, 'partial'] == [
        *(f'{score:.3f}' for score in partial), f'{partial.mean():.3f}', f'{partial.mean() - zero.mean():+.3f}',
        f'{partial.std(ddof=1):.3f}', f'{low:+.3f} to {high:+.3f}', p]
    assert rows[network, 'zero'] == [
        *(f'{score:.3f}' for score in zero), f'{zero.mean():.3f}', '-', f'{zero.std(ddof=1):.3f}', '-', '-']


def test_each_network_is_compared_with_its_own_zero_padding_by_seed():
    """Neither with another network's nor in the order in which the runs of zero padding are listed."""
    shuffled = sorted(SCORES, key=lambda score: score['seed'] * (-1 if score['padding'] == 'zero' else 1))
    rows, expected = cells(table(shuffled))[1], cells(table(SCORES))[1]
    for key in BEST:
        assert rows[key][4:] == expected[key][4:]


def test_one_seed_leaves_spread_interval_and_p_undefined():
    header, rows = cells(table([score for score in SCORES if score['seed'] == 0]))
    assert header == [*HEADER[:3], *HEADER[6:]]
    assert rows['deep', 'partial'] == ['90.000', '90.000', '+30.000', '-', '-', '-']
    assert rows['deep', 'zero'] == ['60.000', '60.000', '-', '-', '-', '-']


def test_a_padding_that_is_worse_has_a_negative_difference():
    rows = cells(table([a_score('net', 'zero', 0, 2.0), a_score('net', 'reflect', 0, 1.5)]))[1]
    assert rows['net', 'reflect'][2] == '-0.500'


def test_the_report_says_how_the_numbers_came_about(tmp_path):
    runs = [make_run(tmp_path, seed=seed, options=('model.width=8', ), gpus=4) for seed in range(4)]
    scores = [{**score, 'machine': f'machine {score["seed"] % 2}'} for score in SCORES]
    text = report(scores, runs, 'configs/{network}-{padding}.py')
    assert text.startswith(f'{table(scores)}\n\n- A score is the best `score` of all validations of a run')
    last = np.mean([score['last'] for score in SCORES if (score['network'], score['padding']) == ('net', 'zero')])
    assert f'Averages of the last one: net-partial 85.230, net-zero {last:.3f}, deep-partial' in text
    assert ('- Settings: `configs/{network}-{padding}.py`, 3 epochs, seeds 0 to 3, `model.width=8`, 4 GPUs a run.\n'
            '- Machine: machine 0; machine 1.\n- Versions: versions.\n') in text
