"""Further scores of a comparison: read from the logs, their table and picture."""
import pytest
from comparison_runs import make_run, write_log

from mmpconv.analysis.padding_comparison.further import logged_scores
from mmpconv.analysis.padding_comparison.report import (
    draw_further,
    further_table,
    report,
    summaries,
    to_csv,
)
from mmpconv.errors import LaunchError

VALUES = {('zero', 0): (50.0, 40.0), ('zero', 1): (52.0, 41.0),
          ('partial', 0): (51.0, 44.0), ('partial', 1): (52.0, 47.0)}
FURTHER = ['whole', 'border']
SCORES = [dict(network='net', padding=padding, seed=seed, best=values[0], best_step=2, last=values[0],
                machine='A', versions='B', whole=values[0], border=values[1])
           for (padding, seed), values in VALUES.items()]


def test_the_table_has_a_line_a_score_and_padding_with_the_paired_difference():
    header, _, *lines = further_table(SCORES, FURTHER).splitlines()
    assert header == '| network | score | padding | average | stdev | diff | 95 % interval of diff | p |'
    assert [line.split(' | ')[1:6] for line in lines] == [
        ['whole', 'zero', '51.000', '1.414', '-'], ['whole', 'partial', '51.500', '0.707', '+0.500'],
        ['border', 'zero', '40.500', '0.707', '-'], ['border', 'partial', '45.500', '2.121', '+5.000']]
    # Differences 4 and 6: mean 5, standard error 1, Student's t with one degree of freedom 12.706.
    assert lines[-1].split(' | ')[6] == '-7.706 to +17.706'
    assert summaries(SCORES, 'border')['net', 'partial'].difference == 5


def test_scores_are_those_of_the_last_validation(tmp_path):
    run = make_run(tmp_path)
    write_log(run.folder, dict(score=1, step=1, other=7), dict(score=3, step=2, other=8),
              dict(score=2, step=3, other=5))
    assert logged_scores(run, ['other', 'score']) == dict(other=5, score=2)
    with pytest.raises(LaunchError, match="never logs 'others'; .* --further: other, score"):
        logged_scores(run, ['others'])


def test_the_csv_has_a_column_for_each(tmp_path):
    text = to_csv(SCORES, FURTHER)
    assert text.splitlines()[:2] == ['network,padding,seed,best,best_step,last,whole,border',
                                     'net,zero,0,50.0,2,50.0,50.0,40.0']
    assert [(line.split(',')[1], int(line.split(',')[2])) for line in text.splitlines()[1:]] == list(VALUES)


def test_the_report_says_what_the_second_table_is(tmp_path):
    runs = [make_run(tmp_path)]
    text = report(SCORES, runs, 'configs/x', FURTHER, shifts=(0, 8))
    assert further_table(SCORES, FURTHER) in text and 'moved diagonally by 0, 8 pixels' in text
    assert 'second table' not in report(SCORES, runs, 'configs/x')


def test_the_picture_shows_the_differences(tmp_path):
    draw_further(SCORES, FURTHER, tmp_path / 'a.png')
    assert (tmp_path / 'a.png').read_bytes().startswith(b'\x89PNG')
