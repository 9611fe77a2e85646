"""Report of the photos that could not be read."""
import logging
from collections.abc import Iterator

from mmengine.dist import all_reduce
from mmengine.hooks import Hook

from mmpconv.registry import HOOKS

_NAMED = 20


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
