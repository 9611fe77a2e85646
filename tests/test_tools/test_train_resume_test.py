"""A user's day: train, stop, resume, second stage, test."""
import shutil

import pytest
import torch
from tool_runs import NO_VALIDATION, NO_WORKERS, SMALL, STAGE1, STAGE2, logged

from mmpconv.checkpoints.loading import load_from_local


@pytest.fixture(scope='module')
def stage1(folder, run):
    """The work dir of six iterations in one go, and its output."""
    run('train.py', STAGE1, options=[*SMALL, 'train_cfg.max_iters=6', 'train_dataloader.num_workers=2'])
    return folder / 'work_dirs' / STAGE1.stem


def test_a_run_leaves_checkpoints_its_config_and_its_log(stage1):
    names = {path.name for path in stage1.iterdir()}
    assert {'iter_3.pth', 'iter_6.pth', 'last_checkpoint', STAGE1.name} <= names
    assert sorted(logged(stage1)) == [1, 2, 3, 4, 5, 6]


def test_the_losses_after_resuming_are_those_of_the_uninterrupted_run(folder, run, stage1):
    """The interrupted run has another number of workers, and neither run has a seed in its config."""
    stopped = folder / 'stopped'
    stopped.mkdir()
    shutil.copy(stage1 / 'iter_3.pth', stopped)
    (stopped / 'last_checkpoint').write_text(str(stopped / 'iter_3.pth'))
    run('train.py', STAGE1, '--work-dir', stopped, '--resume',
        options=[*SMALL, *NO_WORKERS, *NO_VALIDATION, 'train_cfg.max_iters=6'])
    whole = logged(stage1)
    assert logged(stopped) == {number: whole[number] for number in (4, 5, 6)}


def test_stage_2_starts_from_stage_1(folder, run, stage1):
    """Its learning rate is 0, so that what it saves is what it loaded."""
    run('train.py', STAGE2, options=[*SMALL, *NO_WORKERS, *NO_VALIDATION, 'train_cfg.max_iters=3',
                                     'optim_wrapper.optimizer.lr=0', f'load_from={stage1}/iter_6.pth'])
    before, after = (load_from_local(path)['state_dict'] for path in (
        stage1 / 'iter_6.pth', folder / 'work_dirs' / STAGE2.stem / 'iter_3.pth'))
    changed = {key for key in before if not torch.equal(after[key], before[key])}
    assert changed, 'the statistics of the decoder, whose BatchNorm is not frozen'
    assert all(key.startswith('generator.decoder') and '.bn.' in key for key in changed)


def test_stage_2_without_stage_1_says_what_to_run(run):
    output = run('train.py', STAGE2, '--work-dir', 'never', status=1)
    assert 'Traceback' not in output
    assert 'error: load_from of' in output
    assert f'make it first with: python tools/train.py {STAGE1}, or give another one' in output
