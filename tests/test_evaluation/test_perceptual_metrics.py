"""LPIPS and FID against the packages that define them, with random weights; where weights come from."""
import sys
import warnings
from urllib.error import URLError

import cv2
import lpips
import numpy as np
import pytest
import scipy.linalg
import skimage.data
import torch
from hypothesis import given
from hypothesis import strategies as st
from perceptual_weights import save_backbone, save_inception

from mmpconv.checkpoints import CheckpointError, UnsafeCheckpointError
from mmpconv.evaluation.perceptual_metrics import LPIPS, FeatureStatistics, InceptionFeatures, frechet_distance


@pytest.fixture(scope='module')
def photo():
    return cv2.resize(skimage.data.astronaut()[..., ::-1], (64, 48), interpolation=cv2.INTER_AREA)


@pytest.fixture(scope='module')
def backbones(tmp_path_factory):
    folder = tmp_path_factory.mktemp('backbones')
    return {net: save_backbone(folder / f'{net}.pth', net) for net in ('alex', 'squeeze')}


@pytest.mark.parametrize('net', ['alex', 'squeeze'])
def test_lpips_is_that_of_its_package(net, backbones, photo):
    """Its own loading of images from RGB; blue and red differ in the photo."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        package = lpips.LPIPS(net=net, pnet_rand=True, verbose=False)
    state = torch.load(backbones[net])
    package.net.load_state_dict({key: state[f'features.{key.split(".", 1)[1]}'] for key in package.net.state_dict()})
    distance = LPIPS(net, backbones[net])
    for pred in (cv2.GaussianBlur(photo, (0, 0), 2), 255 - photo):
        expected = package(*(lpips.im2tensor(image[..., ::-1]) for image in (pred, photo)))
        assert distance(pred, photo) == pytest.approx(float(expected), rel=1e-5)
    assert distance(photo, photo) == 0


def test_all_weights_of_lpips_with_vgg_come_from_files(tmp_path, photo):
    """No layer of VGG-16 is left without values: on the meta device it could not compute."""
    from torchvision.models.vgg import cfgs, make_layers
    torch.save({f'features.{key}': value for key, value in make_layers(cfgs['D']).state_dict().items()},
               tmp_path / 'vgg16.pth')
    assert LPIPS('vgg', str(tmp_path / 'vgg16.pth'))(255 - photo, photo) > 0


def test_loading_draws_no_random_numbers(backbones):
    before = torch.get_rng_state()
    LPIPS('squeeze', backbones['squeeze'])
    assert torch.equal(torch.get_rng_state(), before)


def test_backbones_are_found_in_the_cache_of_torchvision(tmp_path, monkeypatch, backbones, photo):
    cache = tmp_path / 'hub/checkpoints'
    cache.mkdir(parents=True)
    save_backbone(cache / 'alexnet-owt-7be5be79.pth', 'alex')
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    assert LPIPS()(255 - photo, photo) == LPIPS('alex', backbones['alex'])(255 - photo, photo)


@pytest.mark.parametrize('source', [None, '/nowhere/alexnet.pth'])
def test_weights_that_cannot_be_had_are_one_error_with_both_remedies(source, tmp_path, monkeypatch):
    def no_network(*args, **kwargs):
        raise URLError('no route to host')

    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    monkeypatch.setattr(torch.hub, 'download_url_to_file', no_network)
    with pytest.raises(CheckpointError, match='the alexnet weights of LPIPS cannot be had') as caught:
        LPIPS('alex', source)
    assert ('no route to host' if source is None else 'no checkpoint file /nowhere/alexnet.pth') in str(caught.value)
    assert 'download https://download.pytorch.org/models/alexnet-owt-7be5be79.pth' in str(caught.value)
    assert f'{tmp_path}/hub/checkpoints' in str(caught.value)
    assert "backbone='/path/to/alexnet-owt-7be5be79.pth'" in str(caught.value)


def test_weights_of_another_network_are_refused(backbones):
    with pytest.raises(CheckpointError, match='is not of alexnet: it lacks features.*give alexnet-owt-7be5be79.pth'):
        LPIPS('alex', backbones['squeeze'])


class Hostile:

    def __init__(self, victim):
        self.victim = victim

    def __reduce__(self):
        return open, (self.victim, 'w')


def test_a_file_that_would_run_code_is_refused(tmp_path):
    torch.save({'features.0.weight': Hostile(str(tmp_path / 'executed'))}, tmp_path / 'hostile.pth')
    with pytest.raises(UnsafeCheckpointError):
        LPIPS('alex', str(tmp_path / 'hostile.pth'))
    assert not (tmp_path / 'executed').exists()


def test_an_unknown_network_and_a_small_image_are_refused(backbones):
    with pytest.raises(ValueError, match="the net of LPIPS is 'resnet' but must be one of alex, vgg, squeeze"):
        LPIPS('resnet')
    small = np.zeros((31, 64, 3), np.uint8)
    for net, backbone in backbones.items():
        with pytest.raises(ValueError, match='the images are 31 x 64 pixels, but LPIPS needs 32 x 32'):
            LPIPS(net, backbone)(small, small)
        LPIPS(net, backbone)(np.zeros((32, 32, 3), np.uint8), np.zeros((32, 32, 3), np.uint8))


def features_like_inceptions(count, size):
    """Not negative, 0.4 on average, float32."""
    return torch.from_numpy(np.random.default_rng(0).gamma(1, 0.4, (count, size)).astype(np.float32))


def statistics_of(features):
    statistics = FeatureStatistics(features.shape[1])
    for feature in features:
        statistics.add(feature)
    return statistics


def test_mean_and_covariance_are_those_of_numpy():
    features = features_like_inceptions(50, 7)
    found = statistics_of(features).mean_and_covariance()
    assert found['mu'] == pytest.approx(features.double().numpy().mean(0), abs=1e-5)
    assert found['sigma'] == pytest.approx(np.cov(features.double().numpy(), rowvar=False), abs=1e-5)


@given(st.permutations(range(30)), st.integers(0, 30))
def test_sums_depend_neither_on_the_order_nor_on_the_parts(order, first_part):
    features = features_like_inceptions(30, 5)
    merged = statistics_of(features[order[:first_part]])
    merged += statistics_of(features[order[first_part:]])
    for found, expected in zip(merged.sums, statistics_of(features).sums):
        assert torch.equal(found, expected)


def test_what_is_kept_of_images_does_not_grow_with_their_number():
    few, many = statistics_of(features_like_inceptions(2, 6)), statistics_of(features_like_inceptions(90, 6))
    assert [tensor.numel() for tensor in few.sums] == [tensor.numel() for tensor in many.sums] == [1, 6, 36]
    assert vars(few).keys() == vars(many).keys() and many.count == 90


def test_without_torch_fidelity_the_remedy_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, 'torch_fidelity', None)
    with pytest.raises(ModuleNotFoundError, match='torch-fidelity, which is not installed: pip install torch-fidelity'):
        InceptionFeatures()


@pytest.fixture(scope='module')
def inception():
    return pytest.importorskip('torch_fidelity.feature_extractor_inceptionv3')


def test_statistics_are_those_of_torch_fidelity_from_files(inception, tmp_path):
    """All of its way, from PNG files over features that are all kept."""
    from torch_fidelity.metric_fid import fid_input_id_to_statistics
    photos = [cv2.resize(getattr(skimage.data, name)()[..., ::-1], (80, 60), interpolation=cv2.INTER_AREA)
              for name in ('astronaut', 'chelsea', 'rocket')]
    weights = save_inception(tmp_path / 'inception.pth', inception)
    (tmp_path / 'photos').mkdir()
    for number, photo in enumerate(photos):
        cv2.imwrite(str(tmp_path / f'photos/{number}.png'), photo)
    expected = fid_input_id_to_statistics(
        1, inception.FeatureExtractorInceptionV3('inception', ['2048'], weights), '2048',
        input1=str(tmp_path / 'photos'), cuda=False, verbose=False, cache=False, batch_size=3)
    random_state = torch.get_rng_state()
    features = InceptionFeatures(weights)
    assert torch.equal(torch.get_rng_state(), random_state), 'loading draws no random numbers'
    found = statistics_of(torch.stack([features(photo) for photo in photos])).mean_and_covariance()
    assert 0.1 < expected['mu'].mean() < 1
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, atol=1e-4)


def test_frechet_distance_is_that_of_two_normal_distributions(inception):
    """With scipy's square root of a matrix, which torch-fidelity does without."""
    pred, gt = (features_like_inceptions(60, 6)[half] for half in (slice(0, 25), slice(25, 60)))
    pred = pred * torch.arange(1, 7)
    means, covariances = ([f(x.double().numpy()) for x in (pred, gt)] for f in (
        lambda x: x.mean(0), lambda x: np.cov(x, rowvar=False)))
    root = scipy.linalg.sqrtm(covariances[0] @ covariances[1]).real
    expected = ((means[0] - means[1])**2).sum() + np.trace(covariances[0] + covariances[1] - 2 * root)
    assert frechet_distance(statistics_of(pred), statistics_of(gt)) == pytest.approx(expected, rel=1e-4)


def test_inceptions_weights_are_checked(inception, tmp_path, monkeypatch, backbones):
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    with pytest.raises(CheckpointError, match='the Inception weights of FID cannot be had.*download https://github.com/'
                                              ".*weights='/path/to/weights-inception-2015-12-05-6726825d.pth'"):
        InceptionFeatures('/nowhere/inception.pth')
    with pytest.raises(CheckpointError, match='is not of the Inception network of FID; give weights-inception'):
        InceptionFeatures(backbones['alex'])
    torch.save({'fc.bias': Hostile(str(tmp_path / 'executed'))}, tmp_path / 'hostile.pth')
    with pytest.raises(UnsafeCheckpointError):
        InceptionFeatures(str(tmp_path / 'hostile.pth'))
    assert not (tmp_path / 'executed').exists()
