"""Training by iterations whose batches and random numbers are functions of seed and iteration."""
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from mmengine.dist import get_dist_info
from mmengine.runner import IterBasedTrainLoop as _IterBasedTrainLoop
from torch.nn import Module
from torch.utils.data import DataLoader, Dataset, IterableDataset

from mmpconv.registry import LOOPS


def get_random_states() -> dict:
    """States of the random numbers of Python, numpy, torch and, where there is one, the GPU in use.

    Returns:
        dict: Of plain values and tensors, as checkpoints may hold.
    """
    version, words, gauss = random.getstate()
    _, numpy_words, position, has_gauss, numpy_gauss = np.random.get_state()
    states = dict(
        python=(version, torch.tensor(words, dtype=torch.int64), gauss),
        numpy=(torch.from_numpy(numpy_words.astype(np.int64)), position, has_gauss, numpy_gauss),
        torch=torch.get_rng_state())
    if torch.cuda.is_available():
        states['cuda'] = torch.cuda.get_rng_state()
    return states


def set_random_states(states: Mapping) -> None:
    """Set what :func:`get_random_states` returned; its tensors may lie on any device.

    A state of a GPU is left out where there is none, and a GPU keeps its state where there was none.
    """
    version, words, gauss = states['python']
    random.setstate((version, tuple(words.tolist()), gauss))
    words, *rest = states['numpy']
    np.random.set_state(('MT19937', words.cpu().numpy().astype(np.uint32), *rest))
    torch.set_rng_state(states['torch'].cpu())
    if 'cuda' in states and torch.cuda.is_available():
        torch.cuda.set_rng_state(states['cuda'].cpu())


class SeededBatches:
    """Endless batches of a data loader, which can be stepped over without loading them.

    Random crops, flips and masks draw from the global random states of Python, numpy and torch. Those are seeded anew
    for each sample, from the seed and the sample's place in the stream of samples that all processes share. So a sample
    depends neither on those before it, nor on the number of workers, nor on how many processes train, and a resumed run
    reads none of the data that was used already. When the sampler ends, its next epoch follows at once.

    Args:
        loader: A loader of a map-style dataset with a batch sampler. It is not iterated itself; its parts are used.
        seed: Seed of the run, >= 0.
        unread: How many of the first batches are stepped over: so many calls of ``next`` return None.

    Raises:
        ValueError: The sampler gives no batch at all.
    """

    def __init__(self, loader: DataLoader, seed: int, unread: int = 0):
        self._loader, self._seed, self._unread = loader, seed, unread
        self._indices = positioned_batches(loader)
        self._batches = None

    def __iter__(self) -> 'SeededBatches':
        return self

    def __next__(self) -> Any:
        if self._unread > 0:
            self._unread -= 1
            next(self._indices)
            return None
        if self._batches is None:
            self._batches = iter(self._seeded_loader())
        return next(self._batches)

    def _seeded_loader(self) -> DataLoader:
        loader = self._loader
        return DataLoader(
            SeededDataset(loader.dataset, self._seed),
            batch_sampler=self._indices,
            num_workers=loader.num_workers,
            collate_fn=loader.collate_fn,
            pin_memory=loader.pin_memory,
            timeout=loader.timeout,
            worker_init_fn=loader.worker_init_fn,
            multiprocessing_context=loader.multiprocessing_context,
            # Or it would draw the workers' seed, which nothing here depends on, from the random state of the training.
            generator=torch.Generator(),
            prefetch_factor=loader.prefetch_factor)


def positioned_batches(loader: DataLoader) -> Iterator[list[tuple[int, int]]]:
    """The batches of a loader's sampler, endlessly, as lists of (index, position in the run).

    MMEngine's samplers deal the samples of one common stream out to the processes in turn, so the k-th sample of
    process r is number ``r + k * world_size`` of that stream.
    """
    position, world_size = get_dist_info()
    epoch = 0
    while True:
        empty = True
        for batch in loader.batch_sampler:
            positions = range(position, position + world_size * len(batch), world_size)
            position = positions.stop
            empty = False
            yield list(zip(batch, positions))
        if empty:
            raise ValueError(f'the sampler of a dataset of {len(loader.dataset)} samples gives no batch; '
                             'with drop_last=True batch_size must not be larger than that')
        epoch += 1
        sampler = getattr(loader.batch_sampler, 'sampler', loader.sampler)
        if hasattr(sampler, 'set_epoch'):
            sampler.set_epoch(epoch)


class SeededDataset(Dataset):
    """A dataset whose every sample is drawn with random states of its own.

    Args:
        dataset: The samples. seed: Seed of the run, >= 0.
    """

    def __init__(self, dataset: Dataset, seed: int):
        self.dataset, self.seed = dataset, seed

    def __getitem__(self, place: tuple[int, int]) -> Any:
        index, position = place
        with random_states(self.seed, position):
            return self.dataset[index]

    def __len__(self) -> int:
        return len(self.dataset)


@contextmanager
def random_states(*key: int):
    """Seed the random states of Python, numpy and torch's CPU from a key; put them back afterwards.

    Without workers the data is loaded by the process that trains, whose own random states (dropout, for one) must not
    depend on the data.

    Args:
        *key: Integers >= 0.
    """
    # Unlike a sum of seed and position, this keeps neighbouring seeds from sharing samples' states.
    seeds = np.random.SeedSequence(key).generate_state(3)
    python_state, numpy_state = random.getstate(), np.random.get_state()
    with torch.random.fork_rng(devices=[]):
        random.seed(int(seeds[0]))
        np.random.seed(seeds[1])
        # Not torch.manual_seed, which would also seed the accelerator.
        torch.default_generator.manual_seed(int(seeds[2]))
        try:
            yield
        finally:
            random.setstate(python_state)
            np.random.set_state(numpy_state)


@LOOPS.register_module()
class IterBasedTrainLoop(_IterBasedTrainLoop):
    """MMEngine's ``IterBasedTrainLoop`` with data that does not depend on the run's history.

    The batches are those of :class:`SeededBatches`. MMEngine 0.10 decodes all the data of the skipped iterations when a
    run is resumed, to bring the workers' random states where they were: hours for a run of days. Here a resumed run
    continues at once, with the very samples, crops and masks of the uninterrupted run, whatever the number of workers.

    Loaders that have no batch sampler (iterable datasets) are read as MMEngine does.

    Args:
        runner (Runner): The runner.
        dataloader: The loader of the training data, or its config.
        **kwargs: Arguments of MMEngine's loop: ``max_iters``, ``val_begin``, ``val_interval``, ``dynamic_intervals``.
    """

    def __init__(self, runner, dataloader: DataLoader | dict, **kwargs):
        if isinstance(dataloader, dict):
            dataloader = runner.build_dataloader(
                dataloader, seed=runner.seed, diff_rank_seed=runner._randomness_cfg.get('diff_rank_seed', False))
        self._is_seeded = dataloader.batch_sampler is not None and not isinstance(dataloader.dataset, IterableDataset)
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
