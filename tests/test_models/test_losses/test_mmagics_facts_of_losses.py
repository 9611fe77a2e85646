"""What MMagic's own tests of its losses pin, restated: each fact is held against MMagic's classes and against ours.

Losses of MMagic that this package has not rewritten are its own in a config of scope ``mmpconv``, too.
"""
from types import SimpleNamespace
from unittest import mock

import mmagic.models.losses
import pytest
import torch
from mmagic.registry import MODELS as MMAGIC

from mmpconv.models.losses import PerceptualStyleLoss
from mmpconv.registry import MODELS


@pytest.fixture(params=['theirs', 'ours'])
def whose(request):
    return request.param


@pytest.fixture
def build(whose):
    registry = {'theirs': MMAGIC, 'ours': MODELS}[whose]
    return lambda type, **arguments: registry.build(dict(type=type, **arguments))


def quarter(channels=1):
    """A batch ``(1, C, 64, 64)`` that is 1 in a quarter."""
    region = torch.zeros(1, channels, 64, 64)
    region[..., :32, :32] = 1
    return region


PIXELWISE = ['L1Loss', 'MSELoss', 'CharbonnierLoss']


@pytest.mark.parametrize('name', PIXELWISE)
def test_reductions_are_none_mean_and_sum(build, name):
    with pytest.raises(ValueError):
        build(name, reduction='InvalidValue')


@pytest.mark.parametrize('name', PIXELWISE)
def test_values_of_pixelwise_losses(build, name):
    more = dict(eps=1e-12) if name == 'CharbonnierLoss' else {}
    region = quarter()
    pred, target = region, region * 2
    mean = build(name, loss_weight=1.0, reduction='mean', **more)(pred, target)
    assert mean.shape == () and mean.item() == pytest.approx(0.25, rel=1e-5)
    each = build(name, loss_weight=0.5, reduction='none', **more)(pred, target, region)
    torch.testing.assert_close(each, region * 0.5)
    total = build(name, loss_weight=0.5, reduction='sum', **more)(pred, target, region)
    assert total.shape == () and total.item() == pytest.approx(512, rel=1e-5)


def test_sample_wise_means_are_averaged(build):
    region = torch.cat([quarter(), torch.zeros(1, 1, 64, 64)])
    target = region.clone()
    target[0] *= 2
    loss = build('L1Loss', loss_weight=1.0, reduction='mean', sample_wise=True)(region, target, region)
    assert loss.shape == () and loss.item() == 0.5


def test_total_variation_of_a_hole(build):
    pred, mask = torch.zeros(1, 1, 6, 6), torch.zeros(1, 1, 6, 6)
    mask[..., 2:4, 2:4] = 1
    pred[..., 3, :] = 1
    loss = build('MaskedTVLoss', loss_weight=1.0)(pred, mask)
    assert loss.shape == () and loss.item() == pytest.approx(1)


def test_the_psnr_of_what_is_wrong_by_one_is_zero_and_of_what_is_right_limited(build):
    one, zero = torch.ones(1, 1, 64, 64), torch.zeros(1, 1, 64, 64)
    loss = build('PSNRLoss', loss_weight=1.0)
    assert loss(one, zero).shape == () and loss(one, zero).item() == 0 and loss(zero, zero).item() == -80


@pytest.fixture
def perceptual(whose, vgg_file, vgg16_layers, mmagic_loss):
    """Builds the perceptual loss over a random VGG-16."""
    if whose == 'ours':
        return lambda **arguments: MODELS.build(dict(
            type='PerceptualLoss', vgg_type='vgg16', pretrained=vgg_file, channel_order='RGB',
            **dict(perceptual_weight=1., style_weight=1.) | arguments))
    return mmagic_loss


@pytest.fixture
def pair(photos):
    return photos[0].clone().requires_grad_(), photos[1]


def test_a_step_down_the_perceptual_gradient_makes_the_loss_less(perceptual, pair):
    x, gt = pair
    loss = perceptual(layer_weights={'0': 1.})
    percep, style = loss(x, gt)
    assert percep > 0 and style > 0
    percep.backward()
    with torch.no_grad():
        x -= 10 * x.grad
    assert loss(x, gt)[0] < percep


@pytest.mark.parametrize('arguments, present', [
    (dict(perceptual_weight=0.), (False, True)), (dict(style_weight=0., criterion='mse'), (True, False)),
    (dict(layer_weights_style={'1': 1.}), (True, True))], ids=str)
def test_a_term_without_weight_is_none_and_the_others_are_positive(perceptual, pair, arguments, present):
    terms = perceptual(layer_weights={'0': 1.}, **arguments)(*pair)
    assert tuple(term is not None for term in terms) == present
    assert all(term > 0 for term in terms if term is not None)


@pytest.mark.parametrize('arguments, error', [
    (dict(layer_weights={'0': 1.}, vgg_type='igccc', pretrained='torchvision://vgg19'), AssertionError),
    (dict(layer_weights={'0': 1.}, criterion='igccc'), NotImplementedError),
    (dict(layer_weights={'2': 1., '10': 1., '30': 1., '100': 1.}), AssertionError)], ids=str)
def test_what_the_perceptual_loss_refuses_and_how(whose, vgg16_layers, arguments, error):
    cls = {'theirs': mmagic.models.losses.PerceptualLoss, 'ours': PerceptualStyleLoss}[whose]
    arguments = dict(vgg_type='vgg16', pretrained='torchvision://vgg16') | arguments
    network = SimpleNamespace(features=vgg16_layers)
    with mock.patch('torchvision.models.vgg.vgg16', lambda pretrained: network), pytest.raises(error):
        cls(**arguments)


def test_features_are_those_of_the_layers_that_are_named(whose, vgg_file, vgg16_layers):
    taps, x = ['2', '9', '16'], torch.rand(1, 3, 32, 32)
    if whose == 'theirs':
        network = SimpleNamespace(features=vgg16_layers)
        with mock.patch('torchvision.models.vgg.vgg16', lambda pretrained: network):
            vgg = mmagic.models.losses.PerceptualVGG(taps, use_input_norm=False, vgg_type='vgg16',
                                                     pretrained='torchvision://vgg16')
        features = vgg(x)
    else:
        from mmpconv.models.losses import load_vgg
        features = {tap: pair[0] for tap, pair in load_vgg('vgg16', vgg_file, taps, use_input_norm=False)(x, x).items()}
    assert isinstance(features, dict) and set(features) == set(taps)
    for tap in taps:
        torch.testing.assert_close(features[tap], vgg16_layers[:int(tap) + 1](x))


def area_l1(build, whose, pred, target, weight):
    """MMagic's mean over a region, by its own name and by ours."""
    if whose == 'theirs':
        return build('L1Loss')(pred, target, weight=weight)
    return build('MaskedL1Loss', normalize='area')(pred, target, weight=weight)


@pytest.mark.parametrize('channels', [1, 3])
def test_a_mean_over_a_region_divides_by_its_elements(build, whose, channels):
    pred, target, weight = torch.rand(2, 3, 4, 4), torch.zeros(2, 3, 4, 4), torch.zeros(2, channels, 4, 4)
    weight[0, :, :3, :3], weight[1, :, :2, :2] = 1, 1
    expected = (pred * weight).sum() / ((9 + 4) * 3)
    torch.testing.assert_close(area_l1(build, whose, pred, target, weight), expected)


@pytest.mark.parametrize('weight', [torch.ones(4, 4), torch.ones(1, 2, 4, 4)], ids=['2-D', 'two channels'])
def test_weights_that_do_not_fit_are_assertion_errors(build, whose, weight):
    with pytest.raises(AssertionError):
        area_l1(build, whose, torch.rand(1, 3, 4, 4), torch.rand(1, 3, 4, 4), weight)
