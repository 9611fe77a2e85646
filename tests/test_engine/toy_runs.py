"""Runs of the toy project whose hooks are looked at."""
import random
from itertools import count
from pathlib import Path

import numpy as np
import toy_project
from mmengine.config import Config
from mmengine.registry import MODELS
from mmengine.runner import Runner
from torch import nn

import mmpconv.registry  # noqa: F401

_NUMBERS = count()


class Criterion(nn.Module):
    """Holds weights, and attributes that are none."""

    def __init__(self):
        super().__init__()
        self.loss_weight = 7.
        self.style_weight = 1
        self.weighted = True
        self.weight_name = 'l1'


@MODELS.register_module(force=True)
class WeightedToy(toy_project.ToyRegressor):
    """Its loss is weighted; it remembers by how much."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.criterion = Criterion()
        self.seen = []

    def forward(self, *args, mode='tensor', **kwargs):
        result = super().forward(*args, mode=mode, **kwargs)
        if mode == 'loss':
            self.seen.append(self.criterion.loss_weight)
            result['loss'] = result['loss'] * self.criterion.loss_weight
        return result


def toy_runner(work_dir, hooks, iterations=6, **changes):
    """A runner of the toy config with a :class:`WeightedToy`."""
    config = Config.fromfile(Path(__file__).with_name('toy_config.py'))
    if 'type' in changes.get('train_cfg', {}):
        config.pop('train_cfg')  # another loop, with other arguments
    config.merge_from_dict({**dict(
        default_scope='mmpconv', work_dir=str(work_dir), custom_hooks=hooks, val_cfg=None, val_dataloader=None,
        val_evaluator=None, model=dict(type='WeightedToy'), randomness=dict(seed=0),
        train_cfg=dict(max_iters=iterations),
        # Runs that begin in the same second would share their log.
        experiment_name=f'toy_{next(_NUMBERS)}'), **changes})
    return Runner.from_cfg(config)


@MODELS.register_module(force=True)
class DroppingToy(toy_project.ToyRegressor):
    """Draws random numbers of all kinds while it trains."""

    def forward(self, noisy, clean, index, mode='tensor'):
        if mode == 'loss':
            noisy = nn.functional.dropout(noisy, 0.3) * (1 + 0.1 * random.random() + 0.1 * np.random.rand())
        return super().forward(noisy, clean, index, mode)
