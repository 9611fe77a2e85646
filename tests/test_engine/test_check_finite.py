"""A training that is NaN or infinite stops with a sentence, and no checkpoint ever holds such values."""
import math
import re
import time

import pytest
import torch
from mmengine.registry import MODELS
from toy_runs import WeightedToy, toy_runner

from mmpconv.checkpoints.loading import load_from_local
from mmpconv.engine.hooks.check_finite import CheckFiniteHook, NotFiniteError, not_finite

ADVICE = r'lower learning rate, or with clipped gradients \(--cfg-options optim_wrapper.clip_grad.max_norm=1\)$'


@MODELS.register_module(force=True)
class FailingToy(WeightedToy):
    """From one iteration on (counted from 1) its second loss term is what is asked for, and learns nothing."""

    def __init__(self, iteration=10 ** 9, value=math.nan, until=10 ** 9, **kwargs):
        super().__init__(**kwargs)
        self.iteration, self.value, self.until, self.done = iteration, value, until, 0

    def forward(self, *args, mode='tensor', **kwargs):
        result = super().forward(*args, mode=mode, **kwargs)
        if mode == 'loss':
            self.done += 1
            bad = self.iteration <= self.done <= self.until
            result['loss_style'] = torch.tensor(self.value if bad else 1., device=result['loss'].device)
        return result


def train(tmp_path, interval=4, saved_every=2, **changes):
    runner = toy_runner(tmp_path, [dict(type='CheckFiniteHook', interval=interval)], iterations=12, **{
        'default_hooks.checkpoint.interval': saved_every, 'model': dict(type='FailingToy'), **changes})
    runner.train()
    return runner


def assert_all_finite(folder):
    paths = sorted(folder.glob('*.pth'))
    for path in paths:
        checkpoint = load_from_local(path)
        assert not list(not_finite({part: checkpoint[part] for part in ('state_dict', 'optimizer')})), path
    return [path.name for path in paths]


@pytest.mark.parametrize('value', [math.nan, math.inf, -math.inf])
def test_the_first_term_is_named_with_its_iteration_and_the_checkpoint_to_go_on_from(tmp_path, value):
    message = (f'^training stopped, it does not learn any more: loss_style of iteration 6 is {value}; go on from the '
               rf'last checkpoint, whose weights are finite, with --resume {re.escape(str(tmp_path))}/iter_4.pth and a '
               f'{ADVICE}')
    with pytest.raises(NotFiniteError, match=message):
        train(tmp_path, **{'model.iteration': 6, 'model.value': value, 'default_hooks.checkpoint.max_keep_ckpts': 1})
    assert assert_all_finite(tmp_path) == ['iter_4.pth']
    assert (tmp_path / 'last_checkpoint').read_text() == str(tmp_path / 'iter_4.pth')


def test_between_two_checkpoints_it_is_found_at_the_interval(tmp_path):
    with pytest.raises(NotFiniteError, match='loss_style of iteration 2 is nan; no checkpoint was saved before; start'):
        train(tmp_path, saved_every=100, interval=3, **{'model.iteration': 2})


def test_weights_that_are_not_finite_while_all_losses_were_are_never_saved(tmp_path):
    """The step of the last iteration ruins them; with a rate of 1e30 the next loss would show it."""
    with pytest.raises(NotFiniteError, match=r'after iteration 1, \d+ of \d+ values of state_dict.net.1.weight are not '
                       'finite; no checkpoint was saved before'):
        train(tmp_path, saved_every=1, **{'optim_wrapper.optimizer': dict(type='SGD', lr=3e38, _delete_=True)})
    assert assert_all_finite(tmp_path) == []


def test_a_rate_far_too_high_ends_the_run_early(tmp_path):
    with pytest.raises(NotFiniteError, match='of iteration [2-4] is (nan|inf)|after iteration [1-4], '):
        train(tmp_path, saved_every=100, **{'optim_wrapper.optimizer.lr': 1e30})


def test_moving_averages_are_looked_at_too(tmp_path):
    runner = toy_runner(tmp_path, [dict(type='EMAHook'), dict(type='CheckFiniteHook')])
    runner.call_hook('before_run')
    average = next(hook for hook in runner.hooks if type(hook).__name__ == 'EMAHook').ema_model.module
    hook = next(hook for hook in runner.hooks if isinstance(hook, CheckFiniteHook))
    hook._done = 7
    average.net[0].bias.data[2] = math.inf
    with pytest.raises(NotFiniteError, match='iteration 7, 1 of 4 values of state_dict.net.0.bias are not finite'):
        # EMAHook puts the averages in the place of the weights.
        runner.call_hook('before_save_checkpoint', checkpoint=dict(state_dict=dict(runner.model.state_dict())))


def test_what_was_never_finite_may_stay_so(tmp_path):
    runner = toy_runner(tmp_path, [dict(type='CheckFiniteHook')])
    runner.model.register_buffer('attention_mask', torch.tensor([0., -math.inf]))
    runner.train()
    assert (tmp_path / 'iter_6.pth').is_file()


def test_a_scaled_loss_may_overflow_now_and_then_but_not_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr('mmpconv.engine.hooks.check_finite._is_scaled', lambda optim_wrapper: True)
    train(tmp_path / 'once', **{'model.iteration': 5, 'model.until': 6})
    with pytest.raises(NotFiniteError, match='loss_style of iteration 5 is nan'):
        train(tmp_path / 'always', saved_every=100, **{'model.iteration': 5})


def test_an_iteration_costs_next_to_nothing(tmp_path):
    """Microseconds, where the smallest training step takes a millisecond; most iterations look at nothing."""
    runner = train(tmp_path)
    hook = next(hook for hook in runner.hooks if isinstance(hook, CheckFiniteHook))
    hook.interval = 50
    runner.train_loop._max_iters = 10 ** 6
    start = time.process_time()
    for runner.train_loop._iter in range(2000):
        hook.after_train_iter(runner, 0)
    assert (time.process_time() - start) / 2000 < 100e-6


def test_the_interval_is_at_least_one():
    with pytest.raises(ValueError, match='interval must be at least 1 iteration, got 0'):
        CheckFiniteHook(0)
