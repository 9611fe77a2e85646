"""The whole comparison, with a program in place of tools/train.py that logs scores at once."""
import time
from csv import DictReader

import pytest
import torch
from comparison_runs import TRAIN, write_configs

from mmpconv.analysis.padding_comparison import compare as compare_module
from mmpconv.analysis.padding_comparison.plan import TOOL
from mmpconv.cli import main
from mmpconv.reports import BEGIN, END
from mmpconv.whole_files import locked

# What TRAIN logs: best of seed 0 and 1.
EXPECTED = {('zero', 0): 30, ('zero', 1): 31, ('partial', 0): 35, ('partial', 1): 36}
RUNS = [f'net-{padding}/seed-{seed}' for padding, seed in EXPECTED]


@pytest.fixture
def compare(tmp_path, monkeypatch):
    """Run a comparison of two paddings with two seeds, with further arguments, in a folder of its own."""
    monkeypatch.setattr(compare_module, 'POLL', 0.02)
    monkeypatch.setattr(compare_module, 'LOOK_EVERY', 0)
    monkeypatch.chdir(tmp_path)
    template = write_configs(tmp_path / 'configs', 'net-zero', 'net-partial')
    (tmp_path / 'tools').mkdir()
    monkeypatch.setattr(compare_module, 'package_tools', lambda: tmp_path / 'tools')
    (tmp_path / 'tools/train.py').write_text(TRAIN)

    def compare(*args):
        return main(['compare-padding', template, '--networks', 'net', '--paddings', 'zero', 'partial', '--seeds', '2',
                     '--metric', 'score', '--work-dir', 'runs', '--jobs', '2', *args])

    return compare


def finished(tmp_path):
    return {name for name in RUNS if (tmp_path / 'runs' / name / 'score.json').is_file()}


def test_table_scores_and_picture_are_written_and_finished_runs_are_not_repeated(compare, tmp_path, capsys):
    compare()
    output = capsys.readouterr().out
    assert '4 runs in runs: 0 are finished, 4 are left, 2 at a time\n' in output
    assert '[4/4] net-partial, seed' in output and 'net-zero, seed 1: best score 31.000, of epoch 2\n' in output
    csv, md, png = (tmp_path / f'runs/comparison.{suffix}' for suffix in ('csv', 'md', 'png'))
    assert {(score['padding'], int(score['seed'])): float(score['best'])
            for score in DictReader(csv.read_text().splitlines())} == EXPECTED
    text = md.read_text()
    assert '| net | partial | 35.000 | 36.000 | 35.500 | +5.000 | 0.707 | - | - |' in text
    assert text.endswith('\n![Scores](comparison.png)\n') and text.partition('\n![')[0] in output
    assert png.read_bytes().startswith(b'\x89PNG')

    (tmp_path / 'tools/train.py').unlink()
    compare()
    assert 'runs: 4 are finished, 0 are left' in capsys.readouterr().out
    assert md.read_text() == text


def test_a_run_that_fails_does_not_stop_the_others(compare, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv('FAIL', 'net-zero-1')
    with pytest.raises(SystemExit) as error:
        compare()
    assert str(error.value) == (
        'error: 1 of 4 runs failed, so there is no table:\n  net-zero, seed 1 failed with exit status 7; see '
        'runs/net-zero/seed-1/train.log (out of memory)\nThe same command runs again what is not finished.')
    assert '/4] net-zero, seed 1 failed with exit status 7; see runs/net' in capsys.readouterr().out
    assert finished(tmp_path) == {*RUNS} - {'net-zero/seed-1'}
    assert not (tmp_path / 'runs/comparison.md').exists()
    monkeypatch.delenv('FAIL')
    compare()
    assert 'runs: 3 are finished, 1 are left' in capsys.readouterr().out
    assert (tmp_path / 'runs/comparison.md').exists()


def test_an_interrupt_has_its_exit_status_and_says_what_is_finished(compare, tmp_path, monkeypatch, capsys):
    wait = time.sleep

    def sleep(seconds):
        wait(seconds)
        if (tmp_path / 'runs' / RUNS[0] / 'score.json').exists():
            raise KeyboardInterrupt

    monkeypatch.setenv('WAIT', 'net-zero-1')
    with monkeypatch.context() as patch:
        patch.setattr(compare_module.time, 'sleep', sleep)
        assert compare('--jobs', '1') == 130
    assert capsys.readouterr().err.endswith(
        'interrupted: 1 of 4 runs are finished; the same command continues\n')
    with locked(tmp_path / 'runs', 'somebody'):  # nobody holds it
        pass
    monkeypatch.delenv('WAIT')
    compare()
    assert finished(tmp_path) == {*RUNS}


def test_a_metric_that_is_not_logged_ends_the_comparison_at_once(compare, tmp_path, monkeypatch):
    monkeypatch.setenv('WAIT', 'net-zero-0 net-zero-1')
    with pytest.raises(SystemExit) as error:
        compare('--metric', 'accuracy')
    assert str(error.value) == (f"error: {tmp_path}/configs/net-zero.py never logs the metric 'accuracy'; give one of "
                                'those it logs with --metric: score')
    assert finished(tmp_path) == set()
    with locked(tmp_path / 'runs', 'somebody'):
        pass


def test_results_go_to_a_page_which_is_checked_first(compare, tmp_path):
    (tmp_path / 'page.md').write_text('no marks')
    with pytest.raises(SystemExit, match='--page is page.md, which must be a Markdown file'):
        compare('--page', 'page.md')
    assert not (tmp_path / 'runs').exists()
    (tmp_path / 'page.md').write_text(f'above\n{BEGIN.format(tool=TOOL)}\n{END}\n')
    compare('--page', 'page.md')
    text = (tmp_path / 'runs/comparison.md').read_text()
    results = text.partition('\n![')[0].strip()
    assert (tmp_path / 'page.md').read_text() == f'above\n{BEGIN.format(tool=TOOL)}\n\n{results}\n\n{END}\n'
    assert (tmp_path / 'benchmarks/page.csv').read_text() == (tmp_path / 'runs/comparison.csv').read_text()
    assert (tmp_path / 'benchmarks/page.png').read_bytes() == (tmp_path / 'runs/comparison.png').read_bytes()


def test_bad_arguments_are_one_sentence(compare, tmp_path):
    with pytest.raises(SystemExit, match='^error: --jobs is 0 but must be at least 1$'):
        compare('--jobs', '0')
    with locked(tmp_path / 'runs', 'somebody'), pytest.raises(SystemExit, match='^error: another comparison, or'):
        compare()


def test_digits_are_written_where_the_config_looks_for_them_unless_there_is_something(tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr(compare_module, 'write_digits', written.append)
    monkeypatch.setattr(torch.cuda, 'device_count', lambda: 2)
    folder = tmp_path / 'digits'
    for _ in range(2):
        with pytest.raises(SystemExit, match='--gpus is 3'):  # no run starts
            main(['compare-padding', '--work-dir', str(tmp_path / 'runs'), '--gpus', '3',
                  '--cfg-options', f'train_dataloader.dataset.data_root={folder}'])
        folder.mkdir(exist_ok=True)
    assert written == [folder]
