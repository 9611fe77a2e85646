"""torchvision's networks with partial padding, against torchvision's own and NVIDIA's definition."""
import pickle
import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F
import torchvision
from patience import PATIENCE
from torch import nn

import mmpconv.models
from mmpconv import PartialConv2d
from mmpconv.models import NarrowVGG, classification

NAMES = [name for name in classification.__all__ if name.startswith('pd')]

WITHOUT_OPENMMLAB = """
import importlib.abc, sys

class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] in {'mmagic', 'mmcv', 'mmengine'}:
            raise ModuleNotFoundError(f'No module named {name!r}', name=name)

sys.meta_path.insert(0, Absent())
import torch
import mmpconv.models
network = mmpconv.models.pdresnet18(num_classes=5).eval()
assert isinstance(network.conv1, mmpconv.PartialConv2d)
assert network(torch.rand(1, 3, 32, 32)).shape == (1, 5)
from mmpconv.models import pdvgg16_bn
"""


def theirs(name):
    return getattr(torchvision.models, name.removeprefix('pd'))


class NvidiaConv2d(nn.Conv2d):
    """NVIDIA's definition without a mask: the output times kernel positions over positions inside the image."""

    def forward(self, x):
        geometry = self.stride, self.padding, self.dilation
        count = F.conv2d(x.new_ones(1, 1, *x.shape[2:]), x.new_ones(1, 1, *self.kernel_size), None, *geometry)
        out = F.conv2d(x, self.weight, None, *geometry) * (self.kernel_size[0] * self.kernel_size[1] / count)
        return out if self.bias is None else out + self.bias.view(-1, 1, 1)


def test_all_depths_are_there():
    resnets = [f'pdresnet{depth}' for depth in (18, 34, 50, 101, 152)]
    vggs = [f'pdvgg{depth}{norm}' for depth in (11, 13, 16, 19) for norm in ('', '_bn')]
    assert sorted(NAMES) == sorted(resnets + vggs)
    for name in NAMES:
        assert getattr(mmpconv.models, name) is getattr(classification, name)
        assert name in mmpconv.models.__all__ and name in dir(mmpconv.models)
        assert f'torchvision.models.{name[2:]}' in getattr(classification, name).__doc__


@pytest.mark.parametrize('name', NAMES)
def test_architecture_and_keys_are_torchvisions_and_every_padded_convolution_is_partial(name):
    with torch.device('meta'):
        ours, expected = getattr(mmpconv.models, name)(), theirs(name)()
    assert {key: value.shape for key, value in ours.state_dict().items()} \
        == {key: value.shape for key, value in expected.state_dict().items()}
    padded = set()
    for (_, module), (path, other) in zip(ours.named_modules(), expected.named_modules(), strict=True):
        if isinstance(other, nn.Conv2d) and any(other.padding):
            assert isinstance(module, PartialConv2d), path
            assert module.padding_mode == 'zeros'
            padded.add(path)
        else:
            assert not isinstance(module, PartialConv2d) or not any(module.padding)
        assert module.extra_repr() == other.extra_repr()
    assert len(padded) == {'pdresnet18': 17, 'pdresnet34': 33, 'pdresnet50': 17, 'pdresnet101': 34,
                           'pdresnet152': 51}.get(name, int(name[5:7]) - 3 if 'vgg' in name else None)


@pytest.mark.parametrize('name', ['pdresnet18', 'pdresnet50', 'pdvgg11_bn'])
def test_weights_load_strictly_both_ways(name):
    torch.manual_seed(1)
    ours, original = getattr(mmpconv.models, name)(num_classes=3), theirs(name)(num_classes=3)
    expected = {key: value.clone() for key, value in original.state_dict().items()}
    assert ours.load_state_dict(original.state_dict(), strict=True) == ([], [])
    assert original.load_state_dict(ours.state_dict(), strict=True) == ([], [])
    torch.testing.assert_close(ours.state_dict(), expected, rtol=0, atol=0)


@pytest.mark.parametrize('name, size', [('pdresnet18', 64), ('pdresnet50', 65), ('pdvgg11', 32)])
def test_logits_are_those_of_nvidias_definition(name, size):
    ours = getattr(mmpconv.models, name)(num_classes=7).double().eval()
    nvidia, zero = (theirs(name)(num_classes=7).double().eval() for _ in range(2))
    for module in nvidia.modules():
        if isinstance(module, nn.Conv2d):
            module.__class__ = NvidiaConv2d
            if module.bias is not None:
                nn.init.normal_(module.bias, std=0.1)  # torchvision starts with 0, where its treatment is unseen
    for network in (ours, zero):
        network.load_state_dict(nvidia.state_dict())
    x = torch.rand(2, 3, size, size, dtype=torch.float64)
    got, expected, other = (network(x) for network in (ours, nvidia, zero))
    torch.testing.assert_close(got, expected, rtol=1e-9, atol=1e-9)
    assert (got - other).abs().max() > 1e-2 * other.abs().max()


@pytest.mark.parametrize('name', NAMES)
def test_published_weights_are_loaded_by_torchvision(name, monkeypatch):
    with torch.device('meta'):
        expected = theirs(name)().state_dict()
    loaded = []

    def download(url, *args, **kwargs):
        loaded.append(url)
        return expected

    monkeypatch.setattr(torchvision.models._api, 'load_state_dict_from_url', download)
    weights = torchvision.models.get_model_weights(name[2:]).IMAGENET1K_V1
    with torch.device('meta'):
        getattr(mmpconv.models, name)(weights=weights)
        getattr(mmpconv.models, name)(weights='IMAGENET1K_V1', progress=False)
    assert loaded == [weights.url] * 2


def test_weights_that_are_loaded_are_those_of_the_file(monkeypatch):
    torch.manual_seed(1)
    published = torchvision.models.resnet18().state_dict()
    monkeypatch.setattr(torchvision.models._api, 'load_state_dict_from_url', lambda *args, **kwargs: published)
    network = mmpconv.models.pdresnet18(weights='DEFAULT')
    torch.testing.assert_close(network.state_dict(), published, rtol=0, atol=0)
    assert isinstance(network.layer1[0].conv1, PartialConv2d)


def test_other_arguments_are_torchvisions():
    network = mmpconv.models.pdresnet50(num_classes=4, replace_stride_with_dilation=[False, True, True],
                                        norm_layer=nn.Identity)
    assert network.fc.out_features == 4 and isinstance(network.bn1, nn.Identity)
    assert network.layer4[1].conv2.dilation == (4, 4) and isinstance(network.layer4[1].conv2, PartialConv2d)
    with pytest.raises(TypeError, match='depth'):
        mmpconv.models.pdvgg16(depth=3)


def test_every_parameter_learns():
    network = mmpconv.models.pdresnet18(num_classes=3)
    network(torch.rand(2, 3, 64, 64)).square().sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in network.parameters())


def test_constructors_and_networks_can_be_pickled():
    assert pickle.loads(pickle.dumps(mmpconv.models.pdvgg19_bn)) is mmpconv.models.pdvgg19_bn
    network, x = mmpconv.models.pdresnet18(num_classes=3).eval(), torch.rand(1, 3, 32, 32)
    torch.testing.assert_close(pickle.loads(pickle.dumps(network))(x), network(x))


def test_no_mm_library_is_needed():
    done = subprocess.run([sys.executable, '-c', WITHOUT_OPENMMLAB], capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr


def test_unknown_names_are_no_attributes():
    with pytest.raises(AttributeError, match="no attribute 'pdresnet20'"):
        mmpconv.models.pdresnet20  # noqa: B018


@pytest.mark.parametrize('depth', [11, 13, 16, 19])
def test_a_narrow_vgg_is_torchvisions_without_the_last_pooling_when_it_is_not_narrow(depth):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = NarrowVGG(depth).eval()
    peer = getattr(torchvision.models, f'vgg{depth}_bn')(weights=None).features.eval()
    assert isinstance(peer[-1], nn.MaxPool2d)
    peer[:-1].load_state_dict(network.features.state_dict())
    image = torch.rand(1, 3, 32, 48)
    with torch.no_grad():
        features, = network(image)
        assert torch.equal(features, peer[:-1](image))
    deviation = network.features[0].weight.std().item()
    assert deviation == pytest.approx((2 / (64 * 9)) ** 0.5, rel=0.1)


def test_a_narrow_vgg_has_the_width_it_is_given():
    narrow = NarrowVGG(11, width=16)
    channels = [module.out_channels for module in narrow.modules() if isinstance(module, nn.Conv2d)]
    assert channels == [16, 32, 64, 64, 128, 128, 128, 128]
    assert narrow(torch.rand(2, 3, 64, 64))[0].shape == (2, 128, 4, 4)


@pytest.mark.parametrize('arguments, words', [(dict(depth=12), 'depth is 12 but must be one of 11, 13, 16, 19'),
                                              (dict(depth=11, width=0), 'width is 0')])
def test_a_vgg_that_there_is_not_is_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        NarrowVGG(**arguments)
