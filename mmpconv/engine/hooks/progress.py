"""What a run tells people: a bar, losses in the log, and photos that could not be read."""
import logging
import time
from collections.abc import Iterator

import torch
from mmengine.dist import all_reduce, is_main_process
from mmengine.hooks import Hook
from mmengine.hooks import RuntimeInfoHook as _RuntimeInfoHook
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor

from mmpconv.registry import HOOKS

_SECONDS_BETWEEN_LOSSES = 0.2
_NAMED = 20  # unreadable photos


@HOOKS.register_module()
class ProgressBarHook(Hook):
    """Shows iterations, loss and time left while training, below the log.

    Where the output is not a terminal, nothing is shown: the log says it all.
    """

    priority = 'LOWEST'

    def __init__(self):
        self._progress = None
        self._streams = []
        self._told = -_SECONDS_BETWEEN_LOSSES

    def before_train(self, runner) -> None:
        """Show the bar."""
        console = Console()
        if not is_main_process() or not console.is_terminal:
            return
        self._progress = Progress(
            TextColumn('training'), BarColumn(), MofNCompleteColumn(), TextColumn('{task.description}'),
            TimeRemainingColumn(), console=console)
        # The log goes to the console that draws the bar, or its lines would tear the bar apart.
        for handler in runner.logger.handlers:
            if type(handler) is logging.StreamHandler:
                self._streams.append((handler, handler.setStream(_Lines(console))))
        self._progress.start()
        self._task = self._progress.add_task('', total=runner.max_iters, completed=runner.iter)

    def after_train_iter(self, runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        """Move the bar."""
        if self._progress is None:
            return
        told = {}
        # A GPU has to be waited for: not at every iteration.
        if outputs and 'loss' in outputs and time.monotonic() >= self._told + _SECONDS_BETWEEN_LOSSES:
            told['description'] = f"loss {float(outputs['loss']):.3f}"
            self._told = time.monotonic()
        self._progress.update(self._task, completed=runner.iter + 1, **told)

    def after_train(self, runner) -> None:
        """Leave the finished bar, and give the log its stream back."""
        if self._progress is not None:
            self._progress.stop()
            for handler, stream in self._streams:
                handler.setStream(stream)
            self._progress, self._streams = None, []


class _Lines:
    """A text stream that prints above a live display."""

    def __init__(self, console: Console):
        self._console = console

    def write(self, text: str) -> None:
        self._console.print(text, end='', markup=False, highlight=False, soft_wrap=True)

    def flush(self) -> None:
        self._console.file.flush()


@HOOKS.register_module()
class RuntimeInfoHook(_RuntimeInfoHook):
    """MMEngine's, which every run has, except that it waits for losses only when somebody reads them.

    MMEngine copies each term of the loss to the host at each iteration, for which the host has to wait
    until the GPU is done, instead of preparing the next iteration meanwhile. Here the terms stay where they
    are until a hook with an ``interval`` is due (the log's, ``LossCsvHook``, the checkpoint's), an epoch or
    the training ends, or validation begins; then those of all iterations are copied at once. The log
    is the same. A hook that reads the losses of the message hub at other times sees them later.
    """

    def __init__(self):
        self._waiting: list[dict] = []

    def after_train_iter(self, runner, batch_idx: int, data_batch=None, outputs: dict | None = None) -> None:
        """Keep the terms where they are, or tell all that were kept."""
        if not any(isinstance(value, Tensor) and _has_to_be_copied(value) for value in (outputs or {}).values()):
            super().after_train_iter(runner, batch_idx, data_batch, outputs)
            return
        self._waiting.append({name: value.detach() if isinstance(value, Tensor) else value
                              for name, value in outputs.items()})
        if self._is_read(runner, batch_idx):
            self._tell(runner)

    def after_train_epoch(self, runner) -> None:
        """Tell what was kept."""
        self._tell(runner)

    def before_val(self, runner) -> None:
        """Tell what was kept."""
        self._tell(runner)
        super().before_val(runner)

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        """Tell what was kept: the checkpoint holds the history of the losses."""
        if self._waiting:
            self._tell(runner)
            checkpoint['message_hub'] = runner.message_hub.state_dict()

    def after_train(self, runner) -> None:
        """Tell what was kept."""
        self._tell(runner)
        super().after_train(runner)

    def _is_read(self, runner, batch_idx: int) -> bool:
        intervals = {hook.interval for hook in runner.hooks
                     if isinstance(getattr(hook, 'interval', None), int) and not getattr(hook, 'by_epoch', False)}
        return (self.is_last_train_iter(runner) or self.end_of_epoch(runner.train_dataloader, batch_idx)
                or any(self.every_n_train_iters(runner, interval) or self.every_n_inner_iters(batch_idx, interval)
                       for interval in intervals))

    def _tell(self, runner) -> None:
        waiting, self._waiting = self._waiting, []
        tensors = [value.float().reshape(()) for outputs in waiting for value in outputs.values()
                   if isinstance(value, Tensor)]
        numbers = iter(torch.stack(tensors).tolist() if tensors else [])
        for outputs in waiting:
            for name, value in outputs.items():
                runner.message_hub.update_scalar(
                    f'train/{name}', next(numbers) if isinstance(value, Tensor) else value)


def _has_to_be_copied(value: Tensor) -> bool:
    return value.device.type != 'cpu'


@HOOKS.register_module()
class UnreadableImagesHook(Hook):
    """Logs how many photos an :class:`~mmpconv.datasets.InpaintingDataset` could not read.

    While training, when the number of this process grew; at the end of training, the number over all
    processes; after validation and testing, how many photos the metrics leave out.

    Args:
        interval: Iterations between two looks while training, at least 1.
    """

    def __init__(self, interval: int = 1000):
        if interval < 1:
            raise ValueError(f'interval must be at least 1 iteration, got {interval}')
        self.interval = interval
        self._reported = 0

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        """Report what is new, every ``interval`` iterations."""
        if self.every_n_train_iters(runner, self.interval):
            number = sum(int(d.unreadable_flags.sum()) for d in _datasets(runner.train_loop))
            if number > self._reported:
                self._reported = number
                names = [name for d in _datasets(runner.train_loop) for name in d.unreadable_images()]
                self._log(runner, f'{number} training photos could not be read so far', names)

    def after_train(self, runner):
        """Report the number over all processes."""
        for dataset in _datasets(runner.train_loop):
            flags = dataset.unreadable_flags.clone()
            all_reduce(flags, 'max')
            dataset.unreadable_flags.copy_(flags.cpu())
            if number := int(flags.sum()):
                self._log(runner, f'{number} of {len(dataset)} training photos could not be read; others '
                          'were drawn instead', dataset.unreadable_images())

    def after_val_epoch(self, runner, metrics=None):
        """Say what the metrics leave out."""
        self._report_left_out(runner, runner.val_loop)

    def after_test_epoch(self, runner, metrics=None):
        """Say what the metrics leave out."""
        self._report_left_out(runner, runner.test_loop)

    def _report_left_out(self, runner, loop):
        for dataset in _datasets(loop):
            if names := dataset.unreadable_images():
                self._log(runner, f'the metrics are over {len(dataset)} photos; {len(names)} more could not '
                          'be read', names)

    @staticmethod
    def _log(runner, message, names):
        more = ', ...' if len(names) > _NAMED else ''
        runner.logger.log(logging.WARNING, f'{message}: {", ".join(names[:_NAMED])}{more}')


def _datasets(loop) -> Iterator:
    """The datasets of a loop that count their unreadable photos, out of all wrappers."""
    loaders = getattr(loop, 'dataloaders', None) or [loop.dataloader]
    pending = [loader.dataset for loader in loaders]
    while pending:
        dataset = pending.pop(0)
        if hasattr(dataset, 'unreadable_images'):
            yield dataset
        elif hasattr(dataset, 'datasets'):
            pending.extend(dataset.datasets)
        elif hasattr(dataset, 'dataset'):
            pending.append(dataset.dataset)
