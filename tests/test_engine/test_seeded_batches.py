"""Samples whose randomness is a function of (seed, position in the run)."""
import random

import numpy as np
import pytest
import torch
from mmengine.dataset import DefaultSampler, InfiniteSampler
from torch.utils.data import DataLoader, Dataset

from mmpconv.engine import loops as seeded_batches
from mmpconv.engine.loops import SeededBatches, random_states


class Draws(Dataset):
    """Each sample: its index and a draw from each global random state."""

    def __init__(self, length=5):
        self.length = length

    def __len__(self):
        return self.length

    def __getitem__(self, index):
        return torch.tensor([index, random.random(), np.random.rand(), torch.rand(())], dtype=torch.float64)


def batches(count, unread=0, seed=0, workers=0, sampler=InfiniteSampler, batch_size=2, length=5, **kwargs):
    dataset = Draws(length)
    loader = DataLoader(dataset, batch_size=batch_size, num_workers=workers,
                        sampler=sampler(dataset, shuffle=True, seed=7), **kwargs)
    stream = SeededBatches(loader, seed, unread)
    return [next(stream) for _ in range(count)]


@pytest.mark.parametrize('sampler', [InfiniteSampler, DefaultSampler])
@pytest.mark.parametrize('workers', [0, 2])
def test_stepping_over_batches_leads_to_the_same_ones(sampler, workers):
    whole = batches(9, sampler=sampler)
    rest = batches(9, unread=4, sampler=sampler, workers=workers)
    assert rest[:4] == [None] * 4
    for expected, actual in zip(whole[4:], rest[4:]):
        torch.testing.assert_close(actual, expected, rtol=0, atol=0)


def test_nothing_is_loaded_of_what_is_stepped_over(monkeypatch):
    loaded = []
    monkeypatch.setattr(Draws, '__getitem__', lambda self, index: loaded.append(index) or torch.zeros(1))
    batches(1000, unread=999)
    assert len(loaded) == 2


def test_the_order_is_that_of_the_sampler():
    sampler = iter(InfiniteSampler(Draws(), shuffle=True, seed=7))
    expected = [next(sampler) for _ in range(8)]
    assert torch.cat(batches(4))[:, 0].tolist() == expected


def test_a_finite_sampler_is_shuffled_anew_in_each_epoch():
    order = torch.cat(batches(9, sampler=DefaultSampler))[:, 0].tolist()
    epochs = [order[:5], order[5:10], order[10:15]]
    assert all(sorted(epoch) == [0, 1, 2, 3, 4] for epoch in epochs)
    sampler = DefaultSampler(Draws(), shuffle=True, seed=7)
    for number, epoch in enumerate(epochs):
        sampler.set_epoch(number)
        assert epoch == list(sampler)


def test_every_visit_of_an_image_and_every_state_draws_anew():
    draws = torch.cat(batches(10))[:, 1:]
    assert len(draws.unique()) == draws.numel()


def test_other_seeds_give_other_draws():
    assert not (batches(1, seed=0)[0] == batches(1, seed=1)[0])[:, 1:].any()


def test_two_processes_share_the_samples_of_one(monkeypatch):
    """Their batches of 2, put together, are the batch of 4 of a single process, masks and crops included."""
    alone = batches(3, batch_size=4)
    parts = []
    for rank in (0, 1):
        monkeypatch.setattr(seeded_batches, 'get_dist_info', lambda rank=rank: (rank, 2))
        monkeypatch.setattr('mmengine.dataset.sampler.get_dist_info', lambda rank=rank: (rank, 2))
        parts.append(batches(3, batch_size=2))
    for whole, first, second in zip(alone, *parts):
        torch.testing.assert_close(torch.stack([first, second], dim=1).flatten(0, 1), whole, rtol=0, atol=0)


def test_the_random_states_of_the_training_process_are_left_alone():
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    expected = random.random(), np.random.rand(), torch.rand(()).item()
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    with random_states(3, 4):
        random.random(), np.random.rand(), torch.rand(9)
    assert (random.random(), np.random.rand(), torch.rand(()).item()) == expected


def test_the_random_states_are_put_back_after_an_error():
    state = random.getstate()
    with pytest.raises(RuntimeError), random_states(3):
        raise RuntimeError
    assert random.getstate() == state


def test_a_dataset_smaller_than_a_batch_is_an_error_not_an_endless_loop():
    with pytest.raises(ValueError, match='a dataset of 1 samples gives no batch'):
        batches(1, length=1, sampler=DefaultSampler, drop_last=True)
