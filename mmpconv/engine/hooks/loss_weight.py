"""Loss weights that change during training."""
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real

import numpy as np
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop
from torch import nn

from mmpconv.checkpoints.fitting import bare
from mmpconv.errors import LaunchError
from mmpconv.registry import HOOKS


@HOOKS.register_module()
class LossWeightHook(Hook):
    """Sets weights of losses by a schedule.

    Two-stage training by the weight of the style loss, in one run::

        custom_hooks = [dict(type='LossWeightHook', weights={'loss_percep.style_weight': [(0, 1), (10000, 120)]})]

    A weight is a number that the model, or a part of it, has as an attribute. It depends on the number of the iteration
    (epoch) alone, so that a run that is resumed goes on with the right one. The log says what each weight is when
    training begins, and when a point of its schedule is reached. Copies of the model, such as that of ``EMAHook``, are
    not touched: they compute no losses.

    With ``torch.compile`` the first change of a weight compiles once more, and later ones do not (torch 2.11; older
    ones may compile at every change).

    Args:
        weights: For each path of an attribute, as ``'loss_tv.loss_weight'``, points ``(number, weight)``: the weight
            from the start of iteration (epoch) ``number`` on, both counted from 0. The first is at 0.
        by_epoch: The numbers are of epochs; for training loops that have epochs.
        interpolation: ``'step'``: the weight stays until the next point. ``'linear'``: it changes
            evenly until there, every iteration (epoch). After the last point it stays.

    Raises:
        ValueError: An argument is none of these.
        LaunchError: At the start: the model has no such number, or the loop no epochs.
    """

    def __init__(self, weights: Mapping[str, Sequence[tuple[int, float]]], by_epoch: bool = False,
                 interpolation: str = 'step'):
        if interpolation not in ('step', 'linear'):
            raise ValueError(f"interpolation is {interpolation!r} but must be 'step' or 'linear'")
        if not weights:
            raise ValueError("weights is empty; name one, e.g. {'loss_percep.style_weight': [(0, 1), (10000, 120)]}")
        for path, points in weights.items():
            _check_points(path, points)
        self.weights = {path: [tuple(point) for point in points] for path, points in weights.items()}
        self.by_epoch = by_epoch
        self.interpolation = interpolation
        self._reported: dict[str, int] = {}

    def weight(self, path: str, number: int) -> float:
        """The weight in iteration (epoch) ``number``."""
        numbers, values = zip(*self.weights[path])
        if self.interpolation == 'linear':
            return float(np.interp(number, numbers, values))
        return float(values[bisect_right(numbers, number) - 1])

    def before_run(self, runner) -> None:
        """Look the weights up, before anything is loaded or computed.

        Raises:
            LaunchError: The model has no such number, or the loop no epochs.
        """
        if self.by_epoch and not isinstance(runner.train_loop, EpochBasedTrainLoop):
            raise LaunchError(f'LossWeightHook has by_epoch=True but {type(runner.train_loop).__name__} counts no '
                              'epochs; give iterations and by_epoch=False')
        model = bare(runner.model)
        for path in self.weights:
            _owner(model, path)

    def before_train(self, runner) -> None:
        """Set and report the weights that training begins or goes on with."""
        self._reported = {}
        self._set(runner, self.weights)

    def before_train_epoch(self, runner) -> None:
        """Set the weights of this epoch."""
        if self.by_epoch:
            self._set(runner, self._reached(runner.epoch))

    def before_train_iter(self, runner, batch_idx: int, data_batch=None) -> None:
        """Set the weights of this iteration."""
        if not self.by_epoch:
            self._set(runner, self._reached(runner.iter))

    def _reached(self, number: int) -> list[str]:
        return [path for path, points in self.weights.items() if any(number == point for point, _ in points[1:])]

    def _set(self, runner, reported: Iterable[str]) -> None:
        number = runner.epoch if self.by_epoch else runner.iter
        model = bare(runner.model)
        for path in self.weights:
            owner, name = _owner(model, path)
            weight = self.weight(path, number)
            if getattr(owner, name) != weight:
                setattr(owner, name, weight)
            # A run that is resumed at a point of the schedule comes here twice.
            if path in reported and self._reported.get(path) != number:
                self._reported[path] = number
                runner.logger.info(f'{path} = {weight:g} from {"epoch" if self.by_epoch else "iteration"} {number} on')


def _check_points(path: str, points: Sequence) -> None:
    how = f'weights[{path!r}] is {points!r} but must be points (number, weight), e.g. [(0, 1), (10000, 120)]'
    if not isinstance(points, Sequence) or isinstance(points, str) or not points:
        raise ValueError(how)
    for point in points:
        if not isinstance(point, Sequence) or len(point) != 2 or not all(_is_number(value) for value in point):
            raise ValueError(how)
    numbers = [number for number, _ in points]
    if numbers[0] != 0 or numbers != sorted(set(numbers)) or any(number != int(number) for number in numbers):
        raise ValueError(f'{how}: the first at 0, later ones at growing whole numbers')


def _is_number(value) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)



def _owner(model: nn.Module, path: str) -> tuple[nn.Module, str]:
    """The part of the model that has the number, and its name there."""
    parent, _, name = path.rpartition('.')
    modules = dict(model.named_modules())
    owner = modules.get(parent)
    if owner is None or not _is_number(getattr(owner, name, None)):
        there = ', '.join(f'{prefix}.{attribute}'.lstrip('.') for prefix, module in modules.items()
                          for attribute, value in vars(module).items()
                          if 'weight' in attribute and _is_number(value)) or 'none'
        raise LaunchError(f'LossWeightHook is to set {path}, but the model has no such number; the weights of its '
                          f'losses are: {there}')
    return owner, name
