"""LPIPS and FID in the rows and the table, with random weights, also after an interruption."""
import csv
import sys
import warnings

import lpips
import numpy as np
import pytest
import torch
from benchmark_samples import make_benchmark
from torchvision.models import alexnet

from mmpconv.benchmark import main, perception
from mmpconv.benchmark.inception_file import InceptionFile
from mmpconv.benchmark.perception import Perception
from mmpconv.errors import LaunchError


class Inception:
    """In place of the network: features that sum up a picture, and a count of how often it was asked."""
    SIZE = 2048
    calls = 0

    def __init__(self, weights=None):
        assert weights == 'inception.pth'

    def to(self, device):
        return self

    def __call__(self, image):
        Inception.calls += 1
        return torch.from_numpy(image.reshape(-1)[:2048].astype(np.float32) / 64)


def distance(pred, truth):
    """In place of the Frechet distance, which needs more samples than features: that of the means."""
    assert pred.count == truth.count == 12
    return float(((pred.sum - truth.sum) / 12).abs().mean())


@pytest.fixture
def inception(monkeypatch):
    Inception.calls = 0
    monkeypatch.setattr(perception, 'InceptionFeatures', Inception)
    monkeypatch.setattr(perception, 'frechet_distance', distance)
    return Inception


@pytest.fixture(scope='module')
def benchmark(tmp_path_factory):
    return make_benchmark(tmp_path_factory.mktemp('benchmark') / 'tiny')


@pytest.fixture(scope='module')
def backbone(tmp_path_factory):
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp('weights') / 'alexnet.pth'
    torch.save(alexnet(weights=None).state_dict(), path)
    return path


def pictures_of(benchmark):
    """Holes filled with the mean colour."""
    for sample in benchmark.samples:
        truth, mask = benchmark.image(sample), benchmark.mask(sample)
        yield truth, np.where(mask == 1, truth[mask[..., 0] == 0].mean(0).round().astype(np.uint8), truth)


def read(path):
    with path.open(newline='') as file:
        return list(csv.DictReader(file))


def test_lpips_is_that_of_its_package_and_chooses_the_cases(benchmark, backbone, tmp_path, capsys):
    main([str(benchmark.folder), 'mean', 'telea', '--lpips', '--lpips-backbone', str(backbone), '--cases', '1',
          '--work-dir', str(tmp_path / 'out'), '--device', 'cpu'])
    assert '| LPIPS | mean |' in capsys.readouterr().out
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        package = lpips.LPIPS(net='alex', pnet_rand=True, verbose=False)
    state = torch.load(backbone)
    package.net.load_state_dict({key: state[f'features.{key.split(".", 1)[1]}'] for key in package.net.state_dict()})
    rows = read(tmp_path / 'out/methods/mean.csv')
    for row, (truth, picture) in zip(rows, pictures_of(benchmark)):
        expected = package(*(lpips.im2tensor(image[..., ::-1]) for image in (picture, truth)))
        assert float(row['lpips']) == pytest.approx(float(expected), rel=1e-4)
    worst = max(rows, key=lambda row: float(row['lpips']))['id']
    page = (tmp_path / 'out/index.html').read_text()
    section = page[page.index(f'id="sample-{worst}"'):]
    assert 'mean: worst 1' in section[:section.index('</p>')] and 'by LPIPS' in page


def test_fid_is_of_all_pictures_and_goes_on_after_an_interruption(benchmark, inception, tmp_path, capsys):
    arguments = [str(benchmark.folder), 'mean', '--fid', '--fid-weights', 'inception.pth', '--cases', '0',
                 '--work-dir', str(tmp_path / 'out'), '--device', 'cpu']
    main(arguments)
    expected = np.mean([(picture.astype(float) - truth).reshape(-1)[:2048] / 64
                        for truth, picture in pictures_of(benchmark)], 0)
    line = f'| FID | mean |  |  |  |  |  |  | {np.abs(expected).mean():.2f} |'
    assert line in capsys.readouterr().out and np.abs(expected).mean() > 0.05
    assert inception.calls == 24
    # As after an interruption between a feature and its row, and in the middle of both.
    csv_file, features = tmp_path / 'out/methods/mean.csv', tmp_path / 'out/methods/mean.f32'
    csv_file.write_bytes(b''.join(csv_file.read_bytes().splitlines(keepends=True)[:6]) + b's00')
    features.write_bytes(features.read_bytes()[:6 * 8192 + 100])
    main(arguments)
    assert line in capsys.readouterr().out
    assert inception.calls == 24 + 7


def test_features_of_photos_are_not_those_of_another_benchmark(benchmark, inception, tmp_path):
    for which in (benchmark, make_benchmark(tmp_path / 'other', repeats=2)):
        truth = Perception(tmp_path, 'cpu', fid=dict(weights='inception.pth'))._truth(which)
        assert len(truth) == len(which.samples)
    assert inception.calls == 12 + 24
    Perception(tmp_path, 'cpu', fid=dict(weights='inception.pth'))._truth(which)
    assert inception.calls == 12 + 24


def test_fewer_features_than_rows_are_refused(tmp_path):
    file = InceptionFile(tmp_path / 'a.f32')
    file.append(torch.ones(2048))
    with pytest.raises(LaunchError, match='a.f32 has 1 features for 2 scores, it is damaged.*--restart'):
        file.cut_to(2)
    assert len(file) == 1


def test_statistics_are_those_of_numpy(tmp_path):
    values = np.random.default_rng(0).random((5, 2048)).astype(np.float32)
    file = InceptionFile(tmp_path / 'a.f32')
    for value in values:
        file.append(torch.from_numpy(value))
    found = file.statistics('cpu').mean_and_covariance()
    np.testing.assert_allclose(found['mu'], values.mean(0, dtype=float), atol=1e-4)
    np.testing.assert_allclose(found['sigma'], np.cov(values.astype(float), rowvar=False), atol=1e-4)


@pytest.mark.parametrize('missing, arguments', [
    ('lpips', ['--lpips']), ('torch_fidelity', ['--fid'])])
def test_a_package_that_is_missing_is_said(benchmark, tmp_path, monkeypatch, missing, arguments):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(SystemExit, match='error: --lpips or --fid cannot be honoured: .*pip install'):
        main([str(benchmark.folder), 'mean', *arguments, '--work-dir', str(tmp_path / 'out')])
