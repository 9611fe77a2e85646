"""Cells, best numbers and summaries, from scores made up by hand."""
import csv
import io

import numpy as np
import pytest
from scipy import stats

from mmpconv.benchmark.results import Results
from mmpconv.benchmark.table import to_markdown

BINS = ('0.1-0.2', '0.2-0.3')


def row(number, bin, border, l1, psnr, seconds):
    return dict(id=f's{number}', hole_ratio=0.15, bin=bin, border=border, l1=l1, psnr=psnr, seconds=seconds,
                changed_outside=0)


ROWS = {
    'a|<b>': [row(0, '0.1-0.2', 0, 1.0, 30.0, 0.5), row(1, '0.1-0.2', 0, 2.0, 20.0, 0.1),
              row(2, '0.1-0.2', 1, 4.0, 10.0, 9.0), row(3, '0.2-0.3', 1, 5.0, 12.0, 0.2)],
    'other_1': [row(0, '0.1-0.2', 0, 1.2, 29.0, 0.02), row(1, '0.1-0.2', 0, 1.6, 20.0, 0.04),
                row(2, '0.1-0.2', 1, 4.001, 11.0, 0.01), row(3, '0.2-0.3', 1, 6.0, 12.0, 0.03)],
}
TABLE = r'''
| metric | method | 0.1-0.2 | 0.2-0.3 | overall |
| - | - | -: | -: | -: |
| L1 (%) | a\|\<b> | 1.50/**4.00** | -/**5.00** | **3.00** |
|  | other_1 | **1.40**/**4.00** | -/6.00 | 3.20 |
| PSNR (dB) | a\|\<b> | **25.00**/10.00 | -/**12.00** | **18.00** |
|  | other_1 | 24.50/**11.00** | -/**12.00** | **18.00** |
| FID | a\|\<b> |  |  | 7.25 |
|  | other_1 |  |  | **7.00** |
| seconds | a\|\<b> |  |  | 0.35 |
|  | other_1 |  |  | **0.025** |
'''


@pytest.fixture
def results():
    return Results(ROWS, BINS, {'a|<b>': 7.25, 'other_1': 7.0})


def test_cells_are_means_off_and_on_the_border_and_the_best_are_bold(results):
    """Equal as far as the digits tell: both are the best. A bin without a sample has no number."""
    assert to_markdown(results) == TABLE.strip()


def test_a_single_method_is_not_the_best_of_anything():
    assert '**' not in to_markdown(Results({'a': ROWS['other_1']}, BINS, {}))


def test_convention_a_cell_of_the_papers_split_has_unrestricted_and_then_off_the_border():
    """Whatever touches the border: it is the split of the benchmark that counts."""
    results = Results(ROWS, BINS, {}, dict(s0='N', s1='B', s2='N', s3='B'))
    assert to_markdown(results).splitlines()[2] == r'| L1 (%) | a\|\<b> | **2.50**/2.00 | -/**5.00** | **3.00** |'
    lines = read(results.summaries_to_csv())
    assert [line['split'] for line in lines[:5]] == ['N', 'B', 'all', 'B', 'all'] and 'border' not in lines[0]


def read(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_summaries_have_all_digits_counts_and_intervals(results):
    lines = {(line['method'], line['metric'], line['bin'], line['border']): line
             for line in read(results.summaries_to_csv())}
    assert len(lines) == 2 * (2 * (3 + 2 + 3) + 2)
    line = lines['other_1', 'l1', 'all', 'all']
    values = np.array([1.2, 1.6, 4.001, 6.0])
    low, high = stats.t.interval(0.95, 3, values.mean(), stats.sem(values))
    assert (line['count'], float(line['value'])) == ('4', values.mean())
    np.testing.assert_allclose([float(line['low']), float(line['high'])], [low, high])
    assert lines['a|<b>', 'psnr', '0.1-0.2', 'off']['value'] == '25.0'
    assert lines['a|<b>', 'psnr', '0.1-0.2', 'all']['value'] == '20.0'
    assert lines['a|<b>', 'l1', 'all', 'on']['value'] == '4.5'
    assert lines['a|<b>', 'l1', '0.2-0.3', 'on']['low'] == ''
    assert lines['a|<b>', 'fid', 'all', 'all']['value'] == '7.25'
    assert lines['a|<b>', 'seconds', 'all', 'all']['value'] == '0.35'
    assert ('a|<b>', 'l1', '0.2-0.3', 'off') not in lines


def test_rows_of_all_methods_lose_nothing(results):
    lines = read(results.rows_to_csv())
    assert lines == [{'method': method, **{name: str(value) for name, value in row.items()}}
                     for method, rows in ROWS.items() for row in rows]
