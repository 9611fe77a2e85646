"""The progress bar of a run that a person watches."""
import io
import logging
from types import SimpleNamespace

import pytest
import rich.console

from mmpconv.engine.hooks import progress as progress_bar
from mmpconv.engine.hooks.progress import ProgressBarHook
from mmpconv.registry import HOOKS


@pytest.fixture
def console(monkeypatch):
    """A terminal whose text can be read."""
    console = rich.console.Console(file=io.StringIO(), force_terminal=True, width=100)
    monkeypatch.setattr(progress_bar, 'Console', lambda: console)
    return console


def run(log_stream, iterations=3):
    handler = logging.StreamHandler(log_stream)
    runner = SimpleNamespace(iter=0, max_iters=iterations, logger=logging.Logger('test'))
    runner.logger.addHandler(handler)
    hook = ProgressBarHook()
    hook.before_train(runner)
    for runner.iter in range(iterations):
        hook.after_train_iter(runner, runner.iter, outputs=dict(loss=0.5))
        runner.logger.warning('[line] %d', runner.iter)
    hook.after_train(runner)
    runner.logger.warning('afterwards')


def test_it_can_be_named_in_a_config():
    assert HOOKS.get('ProgressBarHook') is ProgressBarHook


def test_it_ends_complete_with_the_log_above_it(console):
    log = io.StringIO()
    run(log)
    text = console.file.getvalue()
    assert '3/3' in text
    assert 'loss 0.500' in text
    assert '[line] 1' in text
    assert log.getvalue() == 'afterwards\n'


def test_where_no_person_watches_it_shows_nothing(console):
    console._force_terminal = False
    log = io.StringIO()
    run(log)
    assert console.file.getvalue() == ''
    assert log.getvalue() == '[line] 0\n[line] 1\n[line] 2\nafterwards\n'
