"""A run knows what it was started with, and is finished only with scores up to its end."""
import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from comparison_runs import CONFIG, epochs, make_run, write_log

from mmpconv.errors import LaunchError

ITERATIONS = CONFIG.replace('by_epoch=True, max_epochs=3', 'by_epoch=False, max_iters=40')


@pytest.fixture
def run(tmp_path):
    return make_run(tmp_path)


def test_a_run_that_was_started_with_the_same_settings_is_accepted(run, tmp_path):
    run.check()
    run.prepare()
    make_run(tmp_path).check()


@pytest.mark.parametrize('changes, difference', [
    (dict(options=('model.width=8', )), 'model.width was 4, is 8'),
    (dict(text=CONFIG.replace("type='Net'", "type='Other'")), 'model.type was "Net", is "Other"'),
    (dict(gpus=2), 'gpus was 1, is 2'),
    (dict(seed=1), 'randomness.seed was 0, is 1'),
    (dict(options=('model.depth=3', )), 'model.depth was absent, is 3'),
    (dict(options=('model.depth=None', )), 'model.depth was absent, is null'),
    (dict(options=('model.stages=[1,2]', )), 'model.stages.0 was absent, is 1; model.stages.1 was absent, is 2'),
    (dict(options=('model.a=1', 'model.b=1', 'model.c=1', 'model.d=1', 'model.e=1')), '; and 2 more'),
])
def test_a_run_that_was_started_with_other_settings_is_refused(run, tmp_path, changes, difference):
    run.prepare()
    with pytest.raises(LaunchError, match=rf'{run.folder} was started with other settings \(.*{difference}\); give'):
        make_run(tmp_path, **changes).check()


def test_where_a_run_lies_is_no_setting(run, tmp_path):
    assert make_run(tmp_path, folder=tmp_path / 'elsewhere', metric='other').settings == run.settings


def test_a_config_that_names_classes_is_the_same_each_time(tmp_path):
    text = f'from mmengine.optim import OptimWrapper\n{CONFIG}'.replace("'OptimWrapper'", 'OptimWrapper')
    make_run(tmp_path, text).prepare()
    run = make_run(tmp_path, text, config=str(tmp_path / 'configs/../configs' / Path(
        make_run(tmp_path, text).config).name))
    run.check()
    assert 'OptimWrapper' in run.settings['config']['optim_wrapper']['type']
    assert ' at 0x' not in json.dumps(run.settings)


def test_a_folder_of_somebody_else_is_refused_and_left_alone(run):
    run.folder.mkdir(parents=True)
    run.check()
    (run.folder / 'thesis.txt').touch()
    with pytest.raises(LaunchError, match='seed-0 is in use by something else than a comparison'):
        run.check()
    assert (run.folder / 'thesis.txt').exists()


@pytest.mark.parametrize('text, length, unit', [(CONFIG, 3, 'epochs'), (ITERATIONS, 40, 'iterations')],
                         ids=['epochs', 'iterations'])
def test_length(tmp_path, text, length, unit):
    run = make_run(tmp_path, text)
    assert (run.length, run.unit) == (length, unit)


def test_the_first_best_score_counts_not_the_last(run):
    write_log(run.folder, *epochs(90.0, 95.5, 95.5))
    assert run.score() is None
    score = run.finish()
    assert (score['best'], score['best_step'], score['last']) == (95.5, 2, 95.5)
    assert (score['network'], score['padding'], score['seed'], score['metric']) == ('net', 'partial', 0, 'score')
    assert json.loads(json.dumps(score)) == run.score() == json.loads((run.folder / 'score.json').read_text())
    assert 'cores' in score['machine'] and 'mmengine ' in score['versions'] and 'torch ' in score['versions']


@pytest.mark.parametrize('text, steps, message', [
    (CONFIG, (1, 2), 'epoch 2 instead of 3'), (CONFIG, (), 'epoch 0 instead of 3'),
    (ITERATIONS, (10, 20, 30), 'iteration 30 instead of 40'),
], ids=['epochs', 'nothing', 'iterations'])
def test_a_run_whose_log_does_not_reach_its_end_is_not_finished(tmp_path, text, steps, message):
    run = make_run(tmp_path, text)
    write_log(run.folder, *(dict(score=1.0, step=step) for step in steps))
    with pytest.raises(LaunchError, match=f"^net-partial, seed 0 ended, but its last 'score' is of {message}; see "
                                          f'{run.log}$'):
        run.finish()
    assert run.score() is None


@pytest.mark.parametrize('value', [math.nan, math.inf])
def test_a_score_that_is_not_a_number_is_refused(run, value):
    write_log(run.folder, *epochs(90.0, value, 91.0))
    with pytest.raises(LaunchError, match="seed 0 logged a 'score' that is not a number; see"):
        run.finish()
    assert run.score() is None


def test_a_metric_that_is_never_logged_is_refused_with_those_that_are(run):
    run.check_metric()  # nothing is known yet
    write_log(run.folder, dict(recall=1.0, precision=1.0, step=1))
    for check in (run.check_metric, run.finish):
        with pytest.raises(LaunchError, match="never logs the metric 'score'; .*--metric: precision, recall$"):
            check()


def test_a_score_that_could_not_be_written_completely_is_not_there(run, monkeypatch):
    def interrupted(*paths):
        raise KeyboardInterrupt

    write_log(run.folder, *epochs(1.0, 2.0, 3.0))
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr('os.replace', interrupted)
        run.finish()
    assert run.score() is None
    assert run.finish()['best'] == run.score()['best'] == 3.0


def test_a_finished_run_is_read_again_for_another_metric(run):
    write_log(run.folder, *(dict(score=1.0 + step, recall=9.0 - step, step=step) for step in (1, 2, 3)))
    run.finish()
    other = replace(run, metric='recall')
    assert (other.score()['best'], other.score()['metric']) == (8.0, 'recall')
    assert run.score()['best'] == 4.0
