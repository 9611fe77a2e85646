from types import SimpleNamespace
from unittest import mock

import pytest
import torch
from mmengine.registry import DefaultScope
from torch import nn
from torchvision.models.vgg import cfgs, make_layers

import mmpconv.models  # noqa: F401  (before MMagic, which does not import without it)


@pytest.fixture(autouse=True)
def scope(request):
    """Lookups as in a runner with default_scope='mmpconv'."""
    name = f'{request.node.name}-{id(request)}'
    DefaultScope.get_instance(name, scope_name='mmpconv')
    yield
    DefaultScope._instance_dict.pop(name)


@pytest.fixture(scope='session')
def vgg16_layers():
    """A random VGG-16 up to pool3."""
    torch.manual_seed(0)
    layers = make_layers(cfgs['D'])[:17]
    for layer in layers:
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight)
            nn.init.normal_(layer.bias, std=0.1)
    return layers.requires_grad_(False)


@pytest.fixture(scope='session')
def vgg_file(tmp_path_factory, vgg16_layers):
    """Path of that network's weights, under torchvision's keys."""
    path = tmp_path_factory.mktemp('vgg') / 'vgg16.pth'
    torch.save({f'features.{key}': value for key, value in vgg16_layers.state_dict().items()}, path)
    return str(path)


@pytest.fixture
def photos():
    """Three batches of images in [-1, 1], (2, 3, 32, 40), with what natural images have: smooth parts."""
    generator = torch.Generator().manual_seed(1)
    coarse = torch.rand(3, 2, 3, 8, 10, generator=generator) * 2 - 1
    return [nn.functional.interpolate(batch, scale_factor=4, mode='bilinear') for batch in coarse]


@pytest.fixture
def mmagic_loss(vgg16_layers):
    """MMagic's perceptual loss over the same network; its constructor would download one."""

    def build(layers=vgg16_layers, **kwargs):
        from mmagic.models.losses import PerceptualLoss
        network = SimpleNamespace(features=layers)
        with mock.patch('torchvision.models.vgg.vgg16', lambda pretrained: network):
            return PerceptualLoss(vgg_type='vgg16', pretrained='torchvision://vgg16', **kwargs)

    return build
