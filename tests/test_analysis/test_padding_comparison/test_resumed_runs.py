"""An interrupted run continues from a checkpoint after which no score is missing."""
import pytest
from comparison_runs import epochs, make_run, write_log

from mmpconv.analysis.padding_comparison.run import checkpoint_to_resume, logged_metrics, read_scores
from mmpconv.cli.main import parse


@pytest.fixture
def run(tmp_path):
    run = make_run(tmp_path, options=('model.width=8', ))
    run.prepare()
    return run


def arguments(run):
    """What train.py makes of the arguments with which a run starts."""
    return parse('train', [run.config, *run.prepare()])


def touch(run, *names):
    for name in names:
        (run.folder / name).touch()


def test_scores_are_those_of_validations(run):
    write_log(run.folder, *epochs(10.0, 30.0, 20.0))
    assert read_scores(run.folder, 'score') == {1: 10.0, 2: 30.0, 3: 20.0}
    assert logged_metrics(run.folder) == {'score'}
    assert read_scores(run.folder, 'loss') == {}


def test_the_scores_of_a_later_start_count(run):
    write_log(run.folder, *epochs(50.0, 60.0, first=2), time='20260102_000000')
    write_log(run.folder, *epochs(10.0, 20.0), time='20260101_235959')
    assert read_scores(run.folder, 'score') == {1: 10.0, 2: 50.0, 3: 60.0}


@pytest.mark.parametrize('cut', ['{"score": 30', '{"score": 30.0, "step": 3}'])
def test_a_line_that_is_being_written_is_ignored(run, cut):
    write_log(run.folder, *epochs(10.0, 20.0), cut=cut)
    assert read_scores(run.folder, 'score') == {1: 10.0, 2: 20.0}


@pytest.mark.parametrize('names, scores, expected', [
    (['epoch_1.pth', 'epoch_2.pth'], {1: 0.5, 2: 0.5}, 'epoch_2.pth'),
    (['epoch_2.pth', 'epoch_3.pth'], {1: 0.5, 2: 0.5}, 'epoch_2.pth'),
    (['epoch_9.pth', 'epoch_10.pth'], {9: 0.5, 10: 0.5}, 'epoch_10.pth'),
    (['iter_4000.pth', 'iter_8000.pth'], {4000: 0.5}, 'iter_4000.pth'),
    (['epoch_3.pth'], {1: 0.5, 2: 0.5}, None),
    (['best_score_epoch_1.pth', 'latest.pth'], {1: 0.5}, None),
    (['epoch_1.pth'], {}, None),
    ([], {1: 0.5}, None),
])
def test_a_checkpoint_newer_than_the_last_score_is_not_used(tmp_path, names, scores, expected):
    for name in names:
        (tmp_path / name).touch()
    assert checkpoint_to_resume(tmp_path, scores) == (expected and tmp_path / expected)


def test_a_run_continues_from_the_checkpoint_of_its_last_score(run):
    write_log(run.folder, *epochs(10.0, 20.0))
    touch(run, 'epoch_1.pth', 'epoch_2.pth', 'epoch_3.pth')
    args = arguments(run)
    assert args.resume == str(run.folder / 'epoch_2.pth')
    assert args.work_dir == str(run.folder)
    assert args.cfg_options == {'model.width': 8, 'randomness.seed': 0}
    assert read_scores(run.folder, 'score') == {1: 10.0, 2: 20.0}
    run.check()


def test_of_a_run_without_such_a_checkpoint_nothing_is_left(run):
    """Half a checkpoint and half a log of it would be taken for those of the new start."""
    write_log(run.folder, *epochs(10.0, 20.0))
    touch(run, 'epoch_3.pth')
    args = arguments(run)
    assert args.resume is None and args.cfg_options['randomness.seed'] == 0
    assert [path.name for path in run.folder.iterdir()] == ['settings.json']
    run.check()


def test_a_new_run_starts_from_nothing(tmp_path):
    run = make_run(tmp_path, seed=3)
    args = arguments(run)
    assert args.resume is None and args.cfg_options == {'randomness.seed': 3}
    assert (run.folder / 'settings.json').is_file()
