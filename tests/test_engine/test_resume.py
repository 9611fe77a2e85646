"""A run that was stopped ends as if it had not been; what cannot be resumed from is passed over or refused."""
import os
import shutil

import pytest
import torch
from mmengine.config import Config
from toy_runs import toy_runner

from mmpconv.checkpoints.loading import load_from_local
from mmpconv.engine.resume import latest_checkpoint, resume
from mmpconv.errors import LaunchError

OURS = dict(type='mmpconv.engine.IterBasedTrainLoop', max_iters=8, val_interval=2)
OF_MMENGINE = dict(type='mmengine.IterBasedTrainLoop', max_iters=8, val_interval=100)
EPOCHS = dict(type='EpochBasedTrainLoop', max_epochs=8, val_interval=1)


def toy_run(work_dir, loop, workers=0, stop_at=None, **changes):
    """Train a toy with dropout, momentum, a schedule and a moving average, validated in between.

    Args:
        stop_at: Iterations or epochs after which it is dead, right after its checkpoint was saved.
    """
    by_epoch = 'max_epochs' in loop
    validated = loop.get('val_interval', 100) < 100
    runner = toy_runner(work_dir, [dict(type='EMAHook', momentum=0.1)], **{
        'train_cfg': loop, 'model': dict(type='DroppingToy'), 'train_dataloader.num_workers': workers,
        'train_dataloader.sampler.type': 'DefaultSampler' if by_epoch else 'InfiniteSampler',
        'param_scheduler': [dict(type='CosineAnnealingLR', T_max=8, by_epoch=by_epoch)],
        'val_cfg': dict() if validated else None,
        'val_dataloader': dict(batch_size=1, num_workers=0, collate_fn=dict(type='default_collate'), dataset=dict(
            type='NoisyRamps'), sampler=dict(type='DefaultSampler', shuffle=False)) if validated else None,
        'val_evaluator': dict(type='MeanError') if validated else None,
        'default_hooks.timer': dict(type='mmengine.IterTimerHook'),
        'default_hooks.checkpoint': dict(type='CheckpointHook', interval=2, by_epoch=by_epoch, max_keep_ckpts=4),
        **changes})
    if stop_at:
        save = runner.save_checkpoint

        def die(*args, meta, **kwargs):
            save(*args, meta=meta, **kwargs)
            if meta['epoch' if by_epoch else 'iter'] == stop_at:
                raise KeyboardInterrupt
        runner.save_checkpoint = die
        with pytest.raises(KeyboardInterrupt):
            runner.train()
        return None
    runner.train()
    return load_from_local(work_dir / ('epoch_8.pth' if by_epoch else 'iter_8.pth'))


def assert_equal(one, other, name=''):
    """Nested containers of tensors and plain values are the same to the last bit."""
    assert type(one) is type(other), name
    if isinstance(one, torch.Tensor):
        torch.testing.assert_close(one, other, rtol=0, atol=0, equal_nan=True, msg=name)
    elif isinstance(one, dict):
        assert list(one) == list(other), name
        for key in one:
            assert_equal(one[key], other[key], f'{name}.{key}')
    elif isinstance(one, (list, tuple)):
        assert len(one) == len(other), name
        for key, values in enumerate(zip(one, other)):
            assert_equal(*values, f'{name}.{key}')
    else:
        assert one == other, name


@pytest.mark.parametrize('loop, workers', [(OURS, 0), (OURS, 2), (OF_MMENGINE, 0), (EPOCHS, 0)],
                         ids=['ours', 'ours, 2 workers', 'of MMEngine', 'epochs'])
def test_a_resumed_run_ends_bit_for_bit_as_one_that_was_never_stopped(tmp_path, loop, workers):
    """Weights, moving average, optimizer, schedule, random states, losses; stopped before a validation."""
    whole = toy_run(tmp_path / 'whole', loop, workers)
    toy_run(tmp_path / 'stopped', loop, workers, stop_at=4)
    checkpoint = latest_checkpoint(tmp_path / 'stopped')
    rest = toy_run(tmp_path / 'stopped', loop, workers, load_from=checkpoint, resume=True)
    for part in ('state_dict', 'ema_state_dict', 'optimizer', 'param_schedulers', 'random_states'):
        assert_equal(whole[part], rest[part], part)
    losses = [run['message_hub']['log_scalars']['train/loss'].data[0].tolist() for run in (whole, rest)]
    assert losses[0] == losses[1]
    assert len(set(losses[0])) == len(losses[0]) >= 8


def test_random_states_are_part_of_what_is_resumed(tmp_path):
    """The test above would see it if they were not."""
    toy_run(tmp_path, OURS, stop_at=4)
    path = latest_checkpoint(tmp_path)
    whole = toy_run(tmp_path / 'whole', OURS)
    checkpoint = load_from_local(path)
    del checkpoint['random_states']
    torch.save(checkpoint, path)
    rest = toy_run(tmp_path, OURS, load_from=path, resume=True)
    with pytest.raises(AssertionError):
        assert_equal(whole['state_dict'], rest['state_dict'])


def test_a_training_does_not_depend_on_its_validations(tmp_path):
    often = toy_run(tmp_path / 'often', OURS)
    never = toy_run(tmp_path / 'never', {**OURS, 'val_interval': 100})
    assert_equal(often['state_dict'], never['state_dict'])


@pytest.fixture
def run(tmp_path):
    """A work dir with two checkpoints that are whole."""
    toy_run(tmp_path / 'run', {**OURS, 'val_interval': 100}, stop_at=4)
    (tmp_path / 'run/last_checkpoint').write_text(str(tmp_path / 'run/iter_4.pth'))
    return tmp_path / 'run'


def truncate(path):
    path.write_bytes(path.read_bytes()[:1000])


def flip(path):
    """As a disk that fails does: the size is right."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize('breaking', [truncate, flip, lambda path: path.write_bytes(b''), lambda path: path.unlink(),
                                      lambda path: path.write_bytes(bytes(5000))],
                         ids=['cut', 'one bit', 'empty', 'gone', 'zeros'])
def test_a_broken_newest_checkpoint_is_passed_over_with_a_warning(run, breaking, monkeypatch):
    said = []
    monkeypatch.setattr('mmpconv.engine.resume.print_log', lambda message, **kwargs: said.append(message))
    breaking(run / 'iter_4.pth')
    assert latest_checkpoint(run) == str(run / 'iter_2.pth')
    assert 'iter_4.pth' in said[0] and said[0].endswith('trying the one before')


def test_without_a_record_the_newest_is_taken(run):
    (run / 'last_checkpoint').write_text('')
    assert latest_checkpoint(run) == str(run / 'iter_4.pth')


def test_later_checkpoints_of_an_earlier_run_in_the_folder_are_not_taken(run):
    shutil.copy(run / 'iter_4.pth', run / 'iter_900.pth')
    os.utime(run / 'iter_900.pth', ns=(0, 0))
    assert latest_checkpoint(run) == str(run / 'iter_4.pth')
    truncate(run / 'iter_4.pth')
    assert latest_checkpoint(run) == str(run / 'iter_2.pth')


def test_a_checkpoint_that_is_whole_but_not_recorded_yet_is_taken(run):
    (run / 'last_checkpoint').write_text(str(run / 'iter_2.pth'))
    os.utime(run / 'last_checkpoint', ns=(0, 0))
    assert latest_checkpoint(run) == str(run / 'iter_4.pth')


def test_no_checkpoint_that_is_whole_is_a_sentence_and_not_a_new_start(run):
    truncate(run / 'iter_2.pth'), truncate(run / 'iter_4.pth')
    with pytest.raises(LaunchError, match='none of the 2 checkpoints of .* can be used: .*iter_4.pth cannot be read'):
        latest_checkpoint(run)


def test_nothing_to_resume_is_a_sentence_and_a_run_without_a_checkpoint_begins_anew(tmp_path):
    with pytest.raises(LaunchError, match='--resume: there is no run in .*/no to go on with; leave the option out'):
        latest_checkpoint(tmp_path / 'no')
    (tmp_path / 'killed/20260101_000000').mkdir(parents=True)
    cfg = Config(dict(work_dir=str(tmp_path / 'killed'), resume=False, load_from='stage1.pth'))
    resume(cfg, 'auto')
    assert cfg.resume is False and cfg.load_from == 'stage1.pth'


@pytest.mark.parametrize('keep, lacks', [
    (['state_dict', 'meta', 'message_hub'], "the optimizer's state"),
    (['state_dict'], "the iteration, the log, the optimizer's state"), ([], 'the iteration, .*, the weights')])
def test_weights_alone_are_not_resumed_from(run, keep, lacks):
    checkpoint = load_from_local(run / 'iter_2.pth')
    torch.save({key: checkpoint[key] for key in keep}, run / 'weights.pth')
    with pytest.raises(LaunchError, match=f'weights.pth lacks {lacks}, so that no run can go on from it'):
        resume(Config(dict(work_dir=str(run))), str(run / 'weights.pth'))
