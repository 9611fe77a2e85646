"""Training batches in which every sample's randomness is a function of (seed, position in the run)."""
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from mmengine.dist import get_dist_info
from torch.utils.data import DataLoader, Dataset


class SeededBatches:
    """Endless batches of a data loader, which can be stepped over without loading them.

    Random crops, flips and masks draw from the global random states of Python,
    numpy and torch. Those are seeded anew for each sample, from the seed and the
    sample's place in the stream of samples that all processes share. So a sample
    depends neither on those before it, nor on the number of workers, nor on how many
    processes train, and a resumed run reads none of the data that was used already.

    When the sampler ends, its next epoch follows at once.

    Args:
        loader (DataLoader): A loader of a map-style dataset with a batch sampler. It
            is not iterated itself; its parts are used.
        seed (int): Seed of the run, >= 0.
        unread (int): How many of the first batches are stepped over: the first
            ``unread`` calls of ``next`` return None. Defaults to 0.

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

    MMEngine's samplers deal the samples of one common stream out to the processes in turn, so
    the k-th sample of process r is number ``r + k * world_size`` of that stream.
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
        dataset (Dataset): The samples.
        seed (int): Seed of the run, >= 0.
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

    Without workers the data is loaded by the process that trains, whose own
    random states (dropout, for one) must not depend on the data.

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
