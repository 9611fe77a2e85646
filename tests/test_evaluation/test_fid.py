"""FID by group: which images are compared with which, in one process and in two."""
import socket

import numpy as np
import pytest
import torch
import torch.multiprocessing
from torch.distributed import init_process_group

from mmpconv.evaluation import perceptual_metrics as module
from mmpconv.evaluation.perceptual_metrics import FID

# (bin, touches the border) of seven images, one of which is in no bin.
IMAGES = [('0.1-0.2', True), ('0.1-0.2', True), ('0.1-0.2', False), ('0.1-0.2', False), ('0.5-0.6', False),
          (None, True), ('0.1-0.2', True)]


class MeanColors:
    """In place of Inception: three features."""
    SIZE, device = 3, torch.device('cpu')

    def __init__(self, weights):
        pass

    def __call__(self, image):
        return torch.from_numpy(image.mean((0, 1))) / 255


def image_of(number, kind):
    return np.random.default_rng((number, kind)).integers(0, 256, (4, 5, 3), np.uint8)


def add(fid, numbers):
    for number in numbers:
        fid.add(image_of(number, 0), image_of(number, 1), *IMAGES[number])


def distances_of_means(pred, gt):
    """In place of the Frechet distance: number of images, and how far their means are apart."""
    assert pred.count == gt.count
    return float(pred.count), *(pred.sum - gt.sum).tolist()


@pytest.fixture
def fid(monkeypatch):
    monkeypatch.setattr(module, 'InceptionFeatures', MeanColors)
    monkeypatch.setattr(module, 'frechet_distance', distances_of_means)
    return FID()


def expected(numbers):
    color = MeanColors(None)
    difference = sum(color(image_of(number, 0)) - color(image_of(number, 1)) for number in numbers)
    return pytest.approx((len(numbers), *difference.tolist()), abs=1e-4)


def test_each_group_is_compared_with_the_truth_of_its_own_images(fid):
    """One image alone has no covariance: 0.5-0.6 is left out."""
    add(fid, range(7))
    assert fid.distances() == {
        '': expected(range(7)), '0.1-0.2': expected([0, 1, 2, 3, 6]), 'border': expected([0, 1, 6]),
        'no_border': expected([2, 3, 4]), '0.1-0.2/border': expected([0, 1, 6]), '0.1-0.2/no_border': expected([2, 3])}
    fid.reset()
    assert fid.distances() == {}


def gather_and_save(rank, port, folder):
    """One of two processes; only the first has images in no bin, only the second in 0.5-0.6."""
    init_process_group('gloo', init_method=f'tcp://127.0.0.1:{port}', rank=rank, world_size=2)
    module.InceptionFeatures = MeanColors
    fid = FID()
    add(fid, [[5, 3, 0], [4, 6, 1, 2]][rank])
    fid.gather()
    torch.save({part: [statistics.sums for statistics in both] for part, both in fid._parts.items()},
               f'{folder}/{rank}.pth')


def test_two_processes_have_the_sums_of_one_to_the_last_bit(fid, tmp_path):
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = probe.getsockname()[1]
    # Forked, since importing all this again would take most of the time; nothing here is large enough for threads.
    torch.multiprocessing.start_processes(gather_and_save, (port, str(tmp_path)), nprocs=2, start_method='fork')
    add(fid, range(7))
    for rank in range(2):
        gathered = torch.load(tmp_path / f'{rank}.pth')
        assert gathered.keys() == fid._parts.keys()
        for part, both in fid._parts.items():
            for found, statistics in zip(gathered[part], both):
                assert all(map(torch.equal, found, statistics.sums)), part
