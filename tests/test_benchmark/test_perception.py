"""LPIPS and FID in the rows and the table, with random weights, also after an interruption."""
import csv
import sys
import warnings

import lpips
import numpy as np
import pytest
import torch
from benchmark_samples import make_benchmark, score_words
from torchvision.models import alexnet

from mmpconv.benchmark import score
from mmpconv.benchmark.compare import Comparison
from mmpconv.benchmark.methods import parse_methods
from mmpconv.benchmark.score import Perception
from mmpconv.cli import main


class Inception:
    """In place of the network: features that sum up a picture, and a count of how often it was asked."""
    SIZE = 16
    calls = 0

    def __init__(self, weights=None):
        assert weights == 'inception.pth'

    def to(self, device):
        return self

    def __call__(self, image):
        Inception.calls += 1
        return torch.from_numpy(image.reshape(-1)[::500][:16].astype(np.float32) / 64)


@pytest.fixture
def inception(monkeypatch):
    Inception.calls = 0
    monkeypatch.setattr(score, 'InceptionFeatures', Inception)
    monkeypatch.setattr(score, 'frechet_distance', distance)
    return Inception


def distance(pred, truth):
    """In place of the Frechet distance: that of the means."""
    assert pred.count == truth.count == 12
    return float(((pred.sum - truth.sum) / 12).abs().mean())


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
    seconds = {name: [row['seconds'] for row in rows]
               for name, rows in score_words(benchmark, ['mean', 'telea'], tmp_path / 'out').items()}
    capsys.readouterr()
    main(['benchmark', str(benchmark.folder), 'mean', 'telea', '--cases', '1', '--work-dir', str(tmp_path / 'out'),
          '--device', 'cpu', '--lpips', '--lpips-backbone', str(backbone)])
    # The pictures are there already: they are only scored again.
    output = capsys.readouterr().out
    assert '| LPIPS | mean |' in output and 'mean: all 12 samples are filled' in output
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        package = lpips.LPIPS(net='alex', pnet_rand=True, verbose=False)
    state = torch.load(backbone)
    package.net.load_state_dict({key: state[f'features.{key.split(".", 1)[1]}'] for key in package.net.state_dict()})
    rows = read(tmp_path / 'out/methods/mean/scores.csv')
    assert [float(row['seconds']) for row in rows] == seconds['mean']
    for row, (truth, picture) in zip(rows, pictures_of(benchmark)):
        with torch.no_grad():
            expected = package(*(lpips.im2tensor(image[..., ::-1]) for image in (picture, truth)))
        assert float(row['lpips']) == pytest.approx(float(expected), rel=1e-4)
    worst = max(rows, key=lambda row: float(row['lpips']))['id']
    page = (tmp_path / 'out/index.html').read_text()
    section = page[page.index(f'id="sample-{worst}"'):]
    assert 'mean: worst 1' in section[:section.index('</p>')] and 'by LPIPS' in page


def test_fid_is_of_all_pictures_and_computed_once(benchmark, inception, tmp_path):
    def fid(*words):
        comparison = Comparison(benchmark, parse_methods(words, 'cpu'), tmp_path,
                                Perception(fid=dict(weights='inception.pth')), jobs=2)
        comparison.check()
        comparison.fill()
        results = comparison.score()
        assert results.summary(words[0], 'fid').value == results.fid[words[0]]
        return results.fid

    expected = np.mean([(picture.astype(float) - truth).reshape(-1)[::500][:16] / 64
                        for truth, picture in pictures_of(benchmark)], 0)
    value = pytest.approx(np.abs(expected).mean())
    assert fid('mean') == dict(mean=value) and value.expected > 0.05 and inception.calls == 24
    assert fid('mean') == dict(mean=value) and inception.calls == 24
    found = fid('mean', 'telea')
    assert found['mean'] == value != found['telea'] and inception.calls == 24 + 24
    # A picture that is filled again, as after an interruption, and with it the FID of its method alone.
    (tmp_path / 'methods/mean/s0003.png').unlink()
    assert fid('mean', 'telea') == found and inception.calls == 48 + 24


@pytest.mark.parametrize('missing, arguments', [
    ('lpips', ['--lpips']), ('torch_fidelity', ['--fid'])])
def test_a_package_that_is_missing_is_said(benchmark, tmp_path, monkeypatch, missing, arguments):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(SystemExit, match='error: --lpips or --fid cannot be honoured: .*pip install'):
        main(['benchmark', str(benchmark.folder), 'mean', *arguments, '--work-dir', str(tmp_path / 'out')])
