"""Stops a training that has become NaN or infinite."""
from collections.abc import Iterator

import numpy as np
import torch
from mmengine.hooks import Hook
from mmengine.optim import OptimWrapperDict

from mmpconv.checkpoints.fitting import bare
from mmpconv.errors import LaunchError
from mmpconv.registry import HOOKS

from .checkpoint import CheckpointHook


class NotFiniteError(LaunchError):
    """A loss or a weight is NaN or infinite; the message says which, since when, and where to go on."""


@HOOKS.register_module()
class CheckFiniteHook(Hook):
    """Stops the training when a loss or a weight is NaN or infinite, which no further iteration mends.

    Looks at the losses of all iterations since the last look, as MMEngine logs them, every ``interval`` iterations and
    whenever a checkpoint is about to be saved; then also at all that the checkpoint is to hold, weights, moving
    averages and the optimizer's state, so that no checkpoint is saved with values that are not finite. What was not
    finite when training began (the mask of an attention, say) may stay so.

    Mixed precision with a scaled loss (float16) skips steps whose gradients are not finite. There, single losses may
    be what they are as long as the weights are finite; ``interval`` of them in a row stop the run.

    It reads numbers that logging has brought to the host: no iteration waits for a GPU that would not have.

    Args:
        interval: Iterations between two looks, at least 1.

    Raises:
        ValueError: ``interval`` is less than 1.
        NotFiniteError: While training, as said.
    """

    # After moving averages are added to a checkpoint, before CheckpointHook saves one.
    priority = 'LOW'

    def __init__(self, interval: int = 50):
        if interval < 1:
            raise ValueError(f'interval must be at least 1 iteration, got {interval}')
        self.interval = interval
        self._done = self._looked = 0
        self._never_finite: set[str] = set()

    def before_train(self, runner) -> None:
        """Note where training begins, and what is not finite by design."""
        self._done = self._looked = runner.iter
        self._never_finite = {f'{prefix}{name}' for name, _ in not_finite(bare(runner.model).state_dict())
                              for prefix in ('state_dict.', 'ema_state_dict.module.')}

    def after_train_iter(self, runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        """Look at the losses, every ``interval`` iterations and after the last."""
        self._done = runner.iter + 1
        if self.every_n_train_iters(runner, self.interval) or self.is_last_train_iter(runner):
            self._check_losses(runner)

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        """Look at the losses, then at all that is to be saved."""
        self._check_losses(runner)
        parts = {part: checkpoint[part] for part in ('state_dict', 'ema_state_dict', 'optimizer') if part in checkpoint}
        for name, tensor in not_finite(parts):
            if name not in self._never_finite:
                number = int(tensor.isfinite().logical_not().sum())
                self._stop(runner, f'after iteration {self._done}, {number} of {tensor.numel()} values of {name} are '
                           'not finite')

    def _check_losses(self, runner) -> None:
        count, self._looked = self._done - self._looked, self._done
        found = []
        for name, buffer in runner.message_hub.log_scalars.items():
            if name.startswith('train/') and 'loss' in name:
                values = np.asarray(buffer.data[0][-count:] if count else [], dtype=float)
                bad = np.flatnonzero(~np.isfinite(values))
                if len(bad) and not (_is_scaled(runner.optim_wrapper) and len(bad) < self.interval):
                    iteration = self._done - len(values) + int(bad[0]) + 1
                    # The sum of all terms tells less than the term.
                    found.append((iteration, name == 'train/loss', name.removeprefix('train/'), values[bad[0]]))
        if found:
            iteration, _, name, value = min(found, key=lambda entry: entry[:2])
            self._stop(runner, f'{name} of iteration {iteration} is {value}')

    def _stop(self, runner, what: str) -> None:
        saved = next((hook.saved for hook in runner.hooks if isinstance(hook, CheckpointHook)), None)
        where = f'go on from the last checkpoint, whose weights are finite, with --resume {saved} and' if saved else (
            'no checkpoint was saved before; start again with')
        raise NotFiniteError(f'training stopped, it does not learn any more: {what}; {where} a lower learning rate, or '
                             'with clipped gradients (--cfg-options optim_wrapper.clip_grad.max_norm=1)')


def not_finite(values, name: str = '') -> Iterator[tuple[str, torch.Tensor]]:
    """Names and tensors, of those in nested containers, that have a value which is NaN or infinite.

    Args:
        values: A tensor, or a dictionary, list or tuple of such; anything else is passed over.
        name: Of ``values``; those of what is in it follow after a dot.
    """
    if isinstance(values, torch.Tensor):
        if (values.is_floating_point() or values.is_complex()) and not values.isfinite().all():
            yield name, values
        return
    if isinstance(values, (list, tuple)):
        values = dict(enumerate(values))
    for key, value in values.items() if isinstance(values, dict) else ():
        yield from not_finite(value, f'{name}.{key}' if name else str(key))


def _is_scaled(optim_wrapper) -> bool:
    wrappers = optim_wrapper.values() if isinstance(optim_wrapper, OptimWrapperDict) else [optim_wrapper]
    return any(getattr(wrapper, 'loss_scaler', None) is not None and wrapper.loss_scaler.is_enabled()
               for wrapper in wrappers)
