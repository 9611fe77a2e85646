"""The training loop."""
from types import SimpleNamespace
from typing import Union

from mmengine.runner import IterBasedTrainLoop as _IterBasedTrainLoop
from torch.nn import Module
from torch.utils.data import DataLoader, IterableDataset

from ..registry import LOOPS
from .seeded_batches import SeededBatches


@LOOPS.register_module()
class IterBasedTrainLoop(_IterBasedTrainLoop):
    """MMEngine's ``IterBasedTrainLoop`` with data that does not depend on the run's history.

    The batches are those of :class:`SeededBatches`. MMEngine 0.10 decodes all the data of the
    skipped iterations when a run is resumed, to bring the workers' random states where they were:
    hours for a run of days. Here a resumed run continues at once, with the very samples,
    crops and masks of the uninterrupted run, whatever the number of workers.

    Loaders that have no batch sampler (iterable datasets) are read as MMEngine does.

    Args:
        runner (Runner): The runner.
        dataloader (DataLoader | dict): The loader of the training data.
        **kwargs: Arguments of MMEngine's loop: ``max_iters``, ``val_begin``, ``val_interval``,
            ``dynamic_intervals``.
    """

    def __init__(self, runner, dataloader: Union[DataLoader, dict], **kwargs):
        if isinstance(dataloader, dict):
            dataloader = runner.build_dataloader(
                dataloader, seed=runner.seed,
                diff_rank_seed=runner._randomness_cfg.get('diff_rank_seed', False))
        self._is_seeded = dataloader.batch_sampler is not None and not isinstance(
            dataloader.dataset, IterableDataset)
        if not self._is_seeded:
            super().__init__(runner, dataloader, **kwargs)
            return
        # MMEngine starts the workers here, before it is known where to resume.
        super().__init__(runner, _NotYetIterated(dataset=dataloader.dataset), **kwargs)
        self.dataloader = dataloader

    def run(self) -> Module:
        """Train."""
        if self._is_seeded:
            self.dataloader_iterator = SeededBatches(self.dataloader, self.runner.seed, unread=self._iter)
        return super().run()


class _NotYetIterated(SimpleNamespace):

    def __iter__(self):
        return iter(())
