import json

import pytest
import report
from tables import tables


def result(**changes) -> dict:
    seconds = dict(quartile1=0.09, quartile3=0.11, min=0.08, max=0.2, repeats=5)
    measurements = [
        dict(case='inference', candidate=name, seconds=dict(seconds, median=median), peak_bytes=peak)
        for name, median, peak in (('mmpconv', 0.1, 2**21), ('slow', 0.25, 2**22), ('fast', 0.0125, 2**20))]
    found = dict(
        benchmark='network', device='cpu', commit='abc', date='2020-01-01', versions={'torch': '1'},
        hardware=dict(cpu='Z80', cores=1, threads=1, load_before=0.25, load_after=1.5, gpu=None), settings={'size': 8},
        difference=1e-7, measurements=measurements,
        targets=[dict(what='a', at_least=2.5, measured=2.499), dict(what='b', at_most=1.1, measured=1.1)])
    return {**found, **changes}


def test_committed_page_is_what_the_committed_results_give():
    page = report.PAGE.read_text(encoding='utf-8')
    assert report.with_results(page, report.read(report.DOCS / 'benchmarks')) == page, \
        'docs/speed.md is out of date: run python benchmarks/report.py'


def test_wins_and_losses_are_both_shown():
    times = tables(result())[0]
    assert times.rows == [
        ['mmpconv', '100', '90.0 - 110', '80.0 - 200', '', '2.0 MiB'],
        ['slow', '250', '90.0 - 110', '80.0 - 200', '2.50x faster', '4.0 MiB'],
        ['fast', '12.5', '90.0 - 110', '80.0 - 200', '8.00x slower', '1.0 MiB']]


def test_times_are_compared_with_those_of_the_reference_that_a_result_names():
    table = tables(result(reference='slow'))[0]
    assert table.header[4] == 'slow is' and [row[4] for row in table.rows] == ['2.50x slower', '', '20.00x slower']


def test_a_target_that_is_missed_by_little_is_not_met():
    assert [row[2:] for row in tables(result())[1].rows] == [['2.499', 'NO'], ['1.100', 'yes']]


def test_results_replace_those_of_before_and_nothing_else(tmp_path):
    (tmp_path / 'network-cpu.json').write_text(json.dumps(result()))
    page = f'above\n\n{report.BEGIN}\n\nold\n\n{report.END}\n\nbelow\n'
    new = report.with_results(page, report.read(tmp_path))
    assert new.startswith(f'above\n\n{report.BEGIN}') and new.endswith(f'{report.END}\n\nbelow\n')
    assert 'old' not in new and '| slow | 250 |' in new and 'Z80' in new
    assert 'load 0.25 before the run and 1.50 after it' in new
    assert report.with_results(new, report.read(tmp_path)) == new


def test_cpu_comes_before_gpu_and_networks_before_layers(tmp_path):
    for benchmark, device in (('layer', 'cpu'), ('network', 'cuda'), ('network', 'cpu')):
        path = tmp_path / f'{benchmark}-{device}.json'
        path.write_text(json.dumps(result(benchmark=benchmark, device=device)))
    assert [(r['benchmark'], r['device']) for r in report.read(tmp_path)] == [
        ('network', 'cpu'), ('network', 'cuda'), ('layer', 'cpu')]


def test_a_page_without_markers_and_a_folder_without_results_are_errors(tmp_path):
    with pytest.raises(ValueError, match='must have one line'):
        report.with_results('text', [])
    with pytest.raises(FileNotFoundError, match='has no results'):
        report.read(tmp_path)
