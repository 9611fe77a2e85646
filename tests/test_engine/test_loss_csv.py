"""The table of losses, against the log of the same run."""
import json
from types import SimpleNamespace

import pytest
from mmengine.logging import HistoryBuffer
from toy_runs import toy_runner

from mmpconv.engine import LaunchError
from mmpconv.engine.hooks import LossCsvHook
from mmpconv.engine.hooks.loss_csv import read_rows
from mmpconv.registry import HOOKS


def train(work_dir, interval=2, iterations=6, **changes):
    toy_runner(work_dir, [dict(type='LossCsvHook', interval=interval)], iterations, **changes).train()
    return work_dir / 'losses.csv'


def logged(work_dir):
    """The losses of each iteration, by the log that has every one of them."""
    lines = next(work_dir.glob('*/vis_data/scalars.json')).read_text().splitlines()
    return {line['iter']: line['loss'] for line in map(json.loads, lines)}


def test_it_can_be_named_in_a_config():
    assert HOOKS.get('LossCsvHook') is LossCsvHook


def test_a_line_holds_the_means_since_the_one_before(tmp_path):
    path = train(tmp_path, interval=2, iterations=7)
    log = logged(tmp_path)
    lines = path.read_text().splitlines()
    assert lines[0] == 'iter,loss'  # and not input_sum, which the model logs too
    assert [line.split(',')[0] for line in lines[1:]] == ['2', '4', '6']
    for line in lines[1:]:
        number, loss = line.split(',')
        mean = (log[int(number) - 1] + log[int(number)]) / 2
        assert float(loss) == pytest.approx(mean, rel=1e-12)


def test_a_resumed_run_writes_the_lines_of_an_uninterrupted_one(tmp_path):
    """With the line of an iteration that is computed anew, and half of one that a killed run was writing."""
    whole = train(tmp_path / 'whole', iterations=8).read_text()
    part = tmp_path / 'part'
    path = train(part, iterations=4)  # a checkpoint every 3 iterations
    with path.open('a') as file:
        file.write('3,0.123')  # of a line that would have been that of iteration 30 or more
    train(part, iterations=8, resume=True, load_from=str(part / 'iter_3.pth'))
    assert path.read_text() == whole and whole.count('\n') == 5


def test_a_new_run_in_the_same_folder_keeps_the_table_of_the_one_before(tmp_path):
    before = train(tmp_path, iterations=2).read_text()
    path = train(tmp_path, iterations=6)
    kept, = tmp_path.glob('losses_before_*.csv')
    assert kept.read_text() == before and len(path.read_text().splitlines()) == 4


def test_resuming_beside_a_foreign_table_says_so(tmp_path):
    train(tmp_path, iterations=3)
    (tmp_path / 'losses.csv').write_text('a,b\n1,2\n')
    with pytest.raises(LaunchError, match='has the columns a, b but needs one that is called iter; rename it, or'):
        train(tmp_path, resume=True, load_from=str(tmp_path / 'iter_3.pth'))
    assert (tmp_path / 'losses.csv').read_text() == 'a,b\n1,2\n'


class Run:
    """What the hook sees of a runner."""

    def __init__(self, work_dir):
        self.iter, self.work_dir, self.message_hub = 0, str(work_dir), SimpleNamespace(log_scalars={})

    def step(self, hook, **losses):
        for name, value in losses.items():
            self.message_hub.log_scalars.setdefault(f'train/{name}', HistoryBuffer()).update(value)
        hook.after_train_iter(self, self.iter, outputs=losses)
        self.iter += 1


def test_a_term_that_comes_later_gets_a_column_and_one_that_goes_an_empty_cell(tmp_path):
    run, hook = Run(tmp_path), LossCsvHook(interval=1)
    hook.before_train(run)
    run.step(hook, loss_b=1., loss=.1)
    run.step(hook, loss=3., loss_a=2., loss_b=float('nan'))
    run.step(hook, loss=5.)
    assert (tmp_path / 'losses.csv').read_text() == (
        'iter,loss,loss_b,loss_a\n1,0.1,1.0,\n2,3.0,nan,2.0\n3,5.0,,\n')
    assert not [path for path in tmp_path.iterdir() if path.name != 'losses.csv']


def test_only_the_main_process_writes(tmp_path, monkeypatch):
    monkeypatch.setattr('mmpconv.engine.hooks.loss_csv.is_main_process', lambda: False)
    run, hook = Run(tmp_path), LossCsvHook(interval=1)
    hook.before_train(run)
    run.step(hook, loss=1.)
    assert not [*tmp_path.iterdir()]


def test_what_is_written_is_read_back_exactly(tmp_path):
    run, hook = Run(tmp_path), LossCsvHook(interval=1)
    run.step(hook, loss=1 / 3, loss_a=1e-30)
    assert read_rows(tmp_path / 'losses.csv') == (['iter', 'loss', 'loss_a'], [dict(iter=1, loss=1 / 3, loss_a=1e-30)])


@pytest.mark.parametrize('text, message', [
    ('', 'has the columns none but needs'), ('iter,loss\n1,a\n', "line 2: '1,a' is not 2 numbers under iter,loss"),
    ('iter,loss\n1,2\n2\n', 'line 3'), ('iter,loss\n,2\n', 'line 2'), ('iter\nnan\n', 'line 2')])
def test_other_tables_are_refused_with_the_place(text, message, tmp_path):
    (tmp_path / 'x.csv').write_text(text)
    with pytest.raises(ValueError, match=message):
        read_rows(tmp_path / 'x.csv')


def test_an_interval_of_nothing_is_refused():
    with pytest.raises(ValueError, match='interval must be at least 1 iteration, got 0'):
        LossCsvHook(interval=0)
