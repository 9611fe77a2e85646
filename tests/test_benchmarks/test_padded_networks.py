import padded_networks
import pytest
import torch
from padded_networks import NETWORKS, NVIDIA, OURS, ZERO, NvidiaPartialPadding2d
from reference import partial_conv
from torch import nn

import mmpconv


@pytest.fixture(scope='module')
def built() -> dict[str, nn.Module]:
    return {name: padded_networks.build(name, depth=18).eval() for name in NETWORKS}


@pytest.fixture(scope='module')
def logits(built) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    images = torch.randn(2, 3, 64, 64)
    return {name: padded_networks.inference(network, images) for name, network in built.items()}


def test_all_networks_have_the_same_weights(built):
    for network in built.values():
        torch.testing.assert_close(network.state_dict(), built[ZERO].state_dict(), rtol=0, atol=0)


def test_nvidias_network_is_ours_and_each_other_padding_gives_something_else(logits):
    scale = logits[ZERO].abs().max()
    assert (logits[OURS] - logits[NVIDIA]).abs().max() < 1e-5 * scale
    names = [name for name in NETWORKS if name != NVIDIA]
    for i, name in enumerate(names):
        for other in names[:i]:
            assert (logits[name] - logits[other]).abs().max() > 1e-2 * scale, (name, other)


def test_networks_pad_as_their_names_say(built):
    def padded(network):
        return [module for module in network.modules() if isinstance(module, nn.Conv2d) and module.padding != (0, 0)]

    assert all(type(module) is nn.Conv2d and module.padding_mode == 'zeros' for module in padded(built[ZERO]))
    assert all(isinstance(module, mmpconv.PartialConv2d) for module in padded(built[OURS]))
    for mode in ('reflect', 'replicate'):
        assert all(module.padding_mode == mode for module in padded(built[f'{mode} padding']))
    convolutions = [module for module in built[NVIDIA].modules() if isinstance(module, nn.Conv2d)]
    assert len(convolutions) == 20  # with the 1x1 ones of the shortcuts
    assert all(type(module) is NvidiaPartialPadding2d for module in convolutions)


@pytest.mark.parametrize('bias', [True, False])
@pytest.mark.parametrize('stride, padding, dilation', [(1, 1, 1), (2, 3, 2), ((2, 1), (0, 1), 1)])
def test_nvidias_definition_is_the_partial_convolution_of_the_padding(bias, stride, padding, dilation):
    layer = NvidiaPartialPadding2d(2, 3, 3, stride, padding, dilation, bias=bias).double()
    bias = layer.bias.detach() if bias else None
    for size in ((9, 8), (6, 7), (6, 7)):  # another shape, and the same again
        x = torch.randn(2, 2, *size, dtype=torch.float64)
        expected, _ = partial_conv(x, layer.weight.detach(), bias, None, stride, padding, dilation)
        torch.testing.assert_close(layer(x), expected, rtol=1e-7, atol=1e-7)


def test_nvidias_ratio_is_computed_once_for_a_shape(monkeypatch):
    layer, computed = NvidiaPartialPadding2d(1, 1, 3, padding=1), []
    ratio_of = layer._ratio_of
    monkeypatch.setattr(layer, '_ratio_of', lambda x: computed.append(x.shape) or ratio_of(x))
    for size in (4, 4, 5, 5):
        layer(torch.rand(1, 1, size, size))
    assert [shape[-1] for shape in computed] == [4, 5]


@pytest.mark.parametrize('name', NETWORKS)
def test_training_step_leaves_gradients_of_one_step(name):
    network, images = padded_networks.build(name, depth=18).train(), torch.randn(2, 3, 64, 64)
    padded_networks.training_step(network, images)
    first = [parameter.grad.clone() for parameter in network.parameters()]
    assert all(gradient.abs().sum() > 0 for gradient in first)
    padded_networks.training_step(network, images)
    torch.testing.assert_close([parameter.grad for parameter in network.parameters()], first, rtol=1e-3, atol=1e-5)
