"""Where the runs of a comparison train."""
import os

import pytest
import torch

from mmpconv.analysis.padding_comparison.training import places_for
from mmpconv.errors import LaunchError


@pytest.fixture
def machine(monkeypatch):
    """Let this machine have so many GPUs and cores."""
    def machine(gpus, cores=8, visible=None):
        monkeypatch.setattr(torch.cuda, 'device_count', lambda: gpus)
        monkeypatch.setattr(os, 'sched_getaffinity', lambda process: set(range(cores)), raising=False)
        monkeypatch.delenv('CUDA_VISIBLE_DEVICES', raising=False)
        if visible is not None:
            monkeypatch.setenv('CUDA_VISIBLE_DEVICES', visible)

    return machine


@pytest.mark.parametrize('jobs, gpus, expected', [(None, 1, 8), (None, 4, 2), (None, 16, 1), (3, 1, 3), (12, 4, 12)])
def test_without_gpus_each_process_gets_a_core(machine, jobs, gpus, expected):
    machine(gpus=0)
    assert places_for(jobs, gpus) == [dict(OMP_NUM_THREADS='1')] * expected


@pytest.mark.parametrize('jobs, gpus, expected', [
    (None, 1, ['0']), (None, 2, ['0,1']), (None, 4, ['0,1,2,3']), (3, 1, ['0', '1', '2']), (2, 2, ['0,1', '2,3']),
    (3, 2, ['0,1', '2,3', '0,1']), (2, 3, ['0,1,2', '3,0,1']), (5, 1, ['0', '1', '2', '3', '0']),
])
def test_jobs_get_different_gpus_as_far_as_there_are_enough(machine, jobs, gpus, expected):
    machine(gpus=4)
    assert places_for(jobs, gpus) == [dict(CUDA_VISIBLE_DEVICES=names) for names in expected]


@pytest.mark.parametrize('visible, expected', [
    ('4,5,6,7', ['4,5', '6,7']), ('GPU-a,GPU-b,GPU-c,GPU-d', ['GPU-a,GPU-b', 'GPU-c,GPU-d']),
    ('7,6,5,4,-1,3', ['7,6', '5,4']),  # CUDA sees those before the first that is none
])
def test_gpus_are_those_that_this_process_may_use(machine, visible, expected):
    machine(gpus=4, visible=visible)
    assert places_for(2, 2) == [dict(CUDA_VISIBLE_DEVICES=names) for names in expected]


def test_more_gpus_than_there_are_is_an_error(machine):
    machine(gpus=4)
    with pytest.raises(LaunchError, match='^--gpus is 5, but there are 4 on this machine$'):
        places_for(1, 5)
