"""The frozen layers of VGG against the same layers under autograd."""
import copy

import pytest
import torch
from torch import nn
from torchvision.models.vgg import cfgs, make_layers

from mmpconv.models.losses.vgg import VGGFeatures

TAPS = {
    'pools': ['4', '9', '16'], 'convolutions, before a ReLU': ['0', '2', '7'], 'a ReLU before its pooling': ['3', '8'],
    'every layer': [str(i) for i in range(17)]}


def under_autograd(layers, x, taps):
    """The taps of a plain pass; no ReLU is in place."""
    layers, features = copy.deepcopy(layers), {}
    for name, layer in layers.named_children():
        if isinstance(layer, nn.ReLU):
            layer.inplace = False
        x = layer(x)
        features[name] = x
    return [features[tap] for tap in taps]


def weighted_sum(features):
    """Another weight for each value, so that no gradient can be mixed up with another's."""
    return sum((f * torch.linspace(-1, 1, f.numel(), dtype=f.dtype).view_as(f)).sum() for f in features)


@pytest.mark.parametrize('taps', TAPS.values(), ids=TAPS)
@pytest.mark.parametrize('size', [(16, 24), (13, 11)], ids=['even', 'odd'])
def test_features_and_gradient_are_those_of_autograd(vgg16_layers, taps, size):
    layers = copy.deepcopy(vgg16_layers).double()
    images, truth = torch.rand(2, 3, *size).double(), torch.rand(3, 3, *size).double()
    given = [x.clone() for x in (images, truth)]
    images.requires_grad_()
    features = VGGFeatures(layers, taps, use_input_norm=False)(images, truth)
    expected = under_autograd(vgg16_layers.double(), images, taps)
    vgg16_layers.float()
    torch.testing.assert_close([features[tap][0] for tap in taps], expected)
    gradient, = torch.autograd.grad(weighted_sum(features[tap][0] for tap in taps), images)
    expected_gradient, = torch.autograd.grad(weighted_sum(expected), images)
    torch.testing.assert_close(gradient, expected_gradient)
    assert torch.equal(images, given[0]) and torch.equal(truth, given[1])
    assert not any(of_truth.requires_grad for _, of_truth in features.values())


def test_batch_norm_passes_its_gradient_on():
    torch.manual_seed(0)
    layers = make_layers(cfgs['A'], batch_norm=True)[:8].eval().double()
    for layer in layers:
        if isinstance(layer, nn.BatchNorm2d):
            layer.weight.data.uniform_(-2, 2)
            layer.running_var.uniform_(0.5, 2)
    layers.requires_grad_(False)
    x = torch.rand(2, 3, 12, 12).double().requires_grad_()
    for taps in (['1'], ['7'], ['4', '5', '7']):
        features = VGGFeatures(copy.deepcopy(layers), taps, use_input_norm=False)(x, x)
        gradients = [torch.autograd.grad(weighted_sum(outputs), x) for outputs in (
            [features[tap][0] for tap in taps], under_autograd(layers, x, taps))]
        torch.testing.assert_close(*gradients)


@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16])
def test_little_is_kept_for_the_backward_pass(vgg16_layers, dtype):
    """Of an image 1/5 (1/3 in half precision) of the values that autograd keeps, in bytes."""
    kept = []

    def pack(tensor):
        kept.append(tensor)
        return tensor

    def bytes_of(run):
        kept.clear()
        with (torch.autograd.graph.saved_tensors_hooks(pack, lambda x: x),
              torch.autocast('cpu', torch.bfloat16, dtype == torch.bfloat16)):
            result = run()
        weights = {weight.data_ptr() for weight in vgg16_layers.parameters()}
        found = {t.data_ptr(): t.numel() * t.element_size() for t in kept if t.data_ptr() not in weights}
        del result
        return sum(found.values())

    image = torch.rand(1, 3, 64, 64, requires_grad=True)
    vgg = VGGFeatures(copy.deepcopy(vgg16_layers), ['16'], use_input_norm=False)
    ours = bytes_of(lambda: vgg(image, image))
    theirs = bytes_of(lambda: under_autograd(vgg16_layers, image, ['16']))
    assert 0 < ours < theirs / (5 if dtype == torch.float32 else 3)


def test_no_second_derivative_is_promised(vgg16_layers):
    x = torch.rand(1, 3, 8, 8, requires_grad=True)
    feature = VGGFeatures(copy.deepcopy(vgg16_layers), ['16'])(x, x)['16'][0]
    gradient, = torch.autograd.grad(feature.square().sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match='once_differentiable'):
        gradient.sum().backward()
