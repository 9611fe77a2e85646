"""Loss weights that change during training, looked at in real runs of a toy model."""
import re

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.model import MMDistributedDataParallel
from toy_runs import toy_runner

from mmpconv.engine import LaunchError
from mmpconv.engine.hooks import LossWeightHook
from mmpconv.registry import HOOKS

PATH = 'criterion.loss_weight'


def hook(points, path=PATH, **arguments):
    return dict(type='LossWeightHook', weights={path: points}, **arguments)


def seen_in_a_run(tmp_path, hooks, **changes):
    runner = toy_runner(tmp_path, hooks, **changes)
    runner.train()
    return runner.model.seen


def test_it_can_be_named_in_a_config():
    assert HOOKS.get('LossWeightHook') is LossWeightHook


def test_a_step_is_taken_at_its_iteration_and_logged(tmp_path):
    assert seen_in_a_run(tmp_path, [hook([(0, 1), (3, 120), (5, 2.5)])]) == [1, 1, 1, 120, 120, 2.5]
    log = next(tmp_path.glob('*/*.log')).read_text()
    said = re.findall(rf'{PATH} = (\S+) from iteration (\d) on', log)
    assert said == [('1', '0'), ('120', '3'), ('2.5', '5')]


def test_linear_interpolation_changes_evenly_and_then_stays(tmp_path):
    hooks = [hook([(0, 1), (4, 3), (5, 0)], interpolation='linear')]
    assert seen_in_a_run(tmp_path, hooks, iterations=7) == [1, 1.5, 2, 2.5, 3, 0, 0]
    assert len(re.findall(f'{PATH} = ', next(tmp_path.glob('*/*.log')).read_text())) == 3, 'points, not iterations'


def test_epochs_are_counted_where_there_are_any(tmp_path):
    # 5 samples in batches of 2: 3 iterations an epoch.
    changes = {'train_cfg': dict(type='EpochBasedTrainLoop', max_epochs=3),
               'train_dataloader.sampler.type': 'DefaultSampler'}
    runner = toy_runner(tmp_path, [hook([(0, 1), (2, 5)], by_epoch=True)], **changes)
    runner.train()
    assert runner.model.seen == [1] * 6 + [5] * 3


def test_epochs_of_a_loop_without_epochs_are_refused(tmp_path):
    runner = toy_runner(tmp_path, [hook([(0, 1)], by_epoch=True)])
    with pytest.raises(LaunchError, match='IterBasedTrainLoop counts no epochs; give iterations and by_epoch=False'):
        runner.train()


def test_a_resumed_run_goes_on_with_the_weight_of_its_iteration(tmp_path):
    schedule = [hook([(0, 1), (3, 5), (5, 9)])]
    seen_in_a_run(tmp_path / 'first', schedule, iterations=3)
    again = dict(resume=True, load_from=str(tmp_path / 'first/iter_3.pth'))
    assert seen_in_a_run(tmp_path / 'resumed', schedule, **again) == [5, 5, 9]
    log = next((tmp_path / 'resumed').glob('*/*.log')).read_text()
    assert re.findall(rf'{PATH} = (\S+) from iteration (\d) on', log) == [('5', '3'), ('9', '5')]


class SwapWrapper(Hook):
    """Puts the model into a distributed wrapper, as a launcher does."""

    def before_run(self, runner):
        runner.model = MMDistributedDataParallel(runner.model)


def test_a_wrapped_model_is_reached(tmp_path):
    torch.distributed.init_process_group('gloo', init_method=f'file://{tmp_path}/rendezvous', rank=0, world_size=1)
    try:
        runner = toy_runner(tmp_path / 'run', [hook([(0, 1), (3, 120)])])
        runner.register_hook(SwapWrapper(), 'VERY_HIGH')
        runner.train()
    finally:
        torch.distributed.destroy_process_group()
    assert runner.model.module.seen == [1] * 3 + [120] * 3


def test_the_averaged_copy_of_the_model_is_not_touched(tmp_path):
    runner = toy_runner(tmp_path, [dict(type='EMAHook'), hook([(0, 1), (3, 120)])])
    runner.train()
    averaged = next(h for h in runner.hooks if type(h).__name__ == 'EMAHook').ema_model.module
    assert runner.model.criterion.loss_weight == 120 and averaged.criterion.loss_weight == 7


@pytest.mark.parametrize('path', [
    'loss_percep.style_weight', 'criterion.loss_wieght', 'criterion', 'criterion.weighted', 'criterion.weight_name',
    'net.0.weight'])
def test_a_wrong_path_stops_the_run_before_it_starts_and_names_what_there_is(path, tmp_path):
    runner = toy_runner(tmp_path, [hook([(0, 1)], path=path)])
    runner.model.init_weights = pytest.fail
    with pytest.raises(LaunchError) as error:
        runner.train()
    assert str(error.value) == (
        f'LossWeightHook is to set {path}, but the model has no such number; the weights of its losses are: '
        'criterion.loss_weight, criterion.style_weight')


@pytest.mark.parametrize('points', [[], 3, '01', [(0,)], [(0, 'a')], [(0, True)], [1, 2], [(5, 1)], [(0, 1), (0, 2)],
                                    [(0, 1), (3, 2), (2, 1)], [(0, 1), (2.5, 3)]], ids=str)
def test_schedules_that_are_none_are_refused(points):
    with pytest.raises(ValueError, match=r"weights\['a.b'\] is .* but must be points \(number, weight\)"):
        LossWeightHook({'a.b': points})


@pytest.mark.parametrize('arguments, message', [
    (dict(weights={}), 'weights is empty'),
    (dict(weights={'a': [(0, 1)]}, interpolation='cubic'), "is 'cubic' but must")])
def test_other_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        LossWeightHook(**arguments)
