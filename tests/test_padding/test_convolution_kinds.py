"""Subclasses of torch's convolutions: which are converted, what they compute then, and which are left alone."""
import copy
import io
import pickle

import pytest
import torch
import torchvision
from reference import partial_conv
from torch import nn
from torch.ao.nn import qat
from torch.nn.utils import parametrizations, parametrize
from torch.testing import assert_close

from mmpconv import PartialConv2d, convert_padding
from mmpconv.layers import PConv

pytest.importorskip('mmcv')
from mmcv.cnn import build_conv_layer
from mmengine.model.weight_init import initialize

MODES = ['partial', 'reflect', 'replicate']


class Centred(nn.Conv2d):
    """Somebody's convolution with a weight of its own, which leaves the convolution to torch."""

    def forward(self, input):
        return self._conv_forward(input, self.weight - self.weight.mean(), self.bias)


class Doubled(Centred):
    """Somebody's convolution that hands over to its parent."""

    def forward(self, input):
        return super().forward(2 * input)


class Rounded(nn.Conv2d):
    """Somebody's convolution that convolves by itself."""

    def forward(self, input):
        return nn.functional.conv2d(input, self.weight.round(), self.bias, self.stride, self.padding)


class Shifted(nn.Conv2d):
    """Somebody's convolution that is none."""

    def _conv_forward(self, input, weight, bias):
        return super()._conv_forward(input, weight, bias).roll(1, -1)


def standardised(weight):
    flat = weight.flatten(1)
    return ((flat - flat.mean(1, keepdim=True)) / (flat.std(1, keepdim=True) + 1e-5)).view_as(weight)


def adaptively_standardised(weight):
    flat = weight.flatten(1)
    flat = (flat - flat.mean(1, keepdim=True)) / (flat.var(1, keepdim=True) + 1e-5).sqrt()
    return (3 * flat + .5).view_as(weight)


def adaptive():
    layer = build_conv_layer(dict(type='ConvAWS'), 3, 4, 3, padding=1)
    layer.weight_gamma.fill_(3)
    layer.weight_beta.fill_(.5)
    return layer


# Name: the layer, and the weight it convolves with.
SUBCLASSES = {
    'weight standardisation of mmcv': (lambda: build_conv_layer(dict(type='ConvWS'), 3, 4, 3, padding=1), standardised),
    'adaptive weight standardisation of mmcv': (adaptive, adaptively_standardised),
    'wrapper of mmcv': (lambda: build_conv_layer(dict(type='mmengine.Conv'), 3, 4, 3, padding=1), lambda w: w),
    'own weight': (lambda: Centred(3, 4, 3, padding=1), lambda w: w - w.mean()),
    'parent': (lambda: Doubled(3, 4, 3, padding=1), lambda w: 2 * (w - w.mean())),
}


@pytest.mark.parametrize('mode', MODES)
@pytest.mark.parametrize('name', SUBCLASSES)
def test_a_subclass_keeps_its_weight_and_changes_its_padding(name, mode):
    make, weight_of = SUBCLASSES[name]
    layer, input = make().double(), torch.randn(2, 3, 6, 5).double()
    cls, zero = type(layer), layer(input)
    report = convert_padding(layer, mode)
    expected, _ = partial_conv(input, weight_of(layer.weight.detach()), layer.bias.detach(), padding=1,
                               padding_mode='zeros' if mode == 'partial' else mode)
    assert_close(layer(input), expected, rtol=1e-11, atol=1e-11)
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert isinstance(other, cls)
        assert torch.equal(other(input), layer(input))
        convert_padding(other, 'zeros')
        assert torch.equal(other(input), zero)
    report.undo()
    assert type(layer) is cls and torch.equal(layer(input), zero)


@pytest.mark.parametrize('mode', MODES)
@pytest.mark.parametrize('size', [(7, 5), (8, 8), (9, 4)], ids=str)
@pytest.mark.parametrize('kernel, stride, dilation', [(3, 1, 1), (3, 2, 1), (5, 2, 1), ((2, 5), (2, 3), 1), (3, 1, 2)])
def test_tensorflows_same_padding_of_mmcv(kernel, stride, dilation, size, mode):
    """Padded by hand, the odd position at the end; for partial padding the loops get it as a mask."""
    layer = build_conv_layer(dict(type='Conv2dAdaptivePadding'), 4, 2, kernel, stride, dilation=dilation,
                             groups=2).double()
    input = torch.randn(2, 4, *size).double()
    zero = layer(input)
    convert_padding(layer, mode)
    totals = [max((-(-n // s) - 1) * s + d * (k - 1) + 1 - n, 0)
              for n, s, d, k in zip(size, layer.stride, layer.dilation, layer.kernel_size)]
    pads = [side for total in reversed(totals) for side in (total // 2, total - total // 2)]
    padded = nn.functional.pad(input, pads, **({} if mode == 'partial' else dict(mode=mode)))
    mask = nn.functional.pad(torch.ones(1, 1, *size), pads, value=float(mode != 'partial'))
    expected, _ = partial_conv(padded, layer.weight.detach(), layer.bias.detach(), mask, stride, 0, dilation, groups=2)
    assert_close(layer(input), expected, rtol=1e-11, atol=1e-11)
    assert layer(input).shape[2:] == tuple(-(-n // s) for n, s in zip(size, layer.stride))
    convert_padding(layer, 'zeros')
    assert torch.equal(layer(input), zero)


@pytest.mark.parametrize('mode', MODES)
@pytest.mark.parametrize('make', [nn.Conv2d, lambda *args, **kwargs: SUBCLASSES['weight standardisation of mmcv'][0]()],
                         ids=['plain', 'of mmcv'])
@pytest.mark.parametrize('normalise', [parametrizations.spectral_norm, parametrizations.weight_norm,
                                       nn.utils.spectral_norm], ids=['spectral', 'weight', 'spectral by hook'])
@torch.no_grad()
def test_parametrisations_are_put_on_and_taken_off_in_any_order(normalise, make, mode):
    layer, input = make(3, 4, 3, padding=1), torch.randn(1, 3, 6, 6)
    cls = type(layer)
    layer = normalise(layer).eval()
    layer(input)
    zero, weight = layer(input), layer.weight.detach()
    report = convert_padding(layer, mode)
    assert torch.equal(layer.weight, weight)
    plain = cls(3, 4, 3, padding=1)
    plain.load_state_dict({'weight': weight, 'bias': layer.bias})
    convert_padding(plain, mode)
    assert torch.equal(layer(input), plain(input)) and not torch.equal(layer(input), zero)
    other = copy.deepcopy(layer)
    assert torch.equal(other(input), plain(input))
    convert_padding(other, 'zeros')
    assert torch.equal(other(input), zero)
    report.undo()
    assert torch.equal(layer(input), zero)
    convert_padding(layer, mode)
    if parametrize.is_parametrized(layer):
        bare = parametrize.remove_parametrizations(layer, 'weight')
        assert bare is layer and type(bare) is type(plain)
        assert_close(bare(input), plain(input))
        convert_padding(bare, 'zeros')
        assert type(bare) is cls


QUANTISED = 'quantised or about to be, with zero padding: convert the float model, which keeps it in floating point'


def quantised():
    return torch.ao.nn.quantized.Conv2d(3, 4, 3, padding=1)


def in_training_for_quantisation():
    return qat.Conv2d(3, 4, 3, padding=1, qconfig=torch.ao.quantization.get_default_qat_qconfig())


def deformable_of_mmcv():
    from mmcv.ops import DeformConv2d
    return DeformConv2d(3, 4, 3, padding=1)


def mmagics_partial_convolution():
    from mmagic.models.editors.pconv.partial_conv import PartialConv2d as MMagicPartialConv2d
    return MMagicPartialConv2d(3, 4, 3, padding=1)


@pytest.mark.parametrize('make, reason', [
    (lambda: nn.ConvTranspose2d(3, 4, 3, padding=1), 'transposed: its padding crops the output'),
    (lambda: nn.Conv2d(3, 4, 3, padding=1, padding_mode='circular'), 'circular: beyond the border lies the other side'),
    (lambda: nn.LazyConv2d(4, 3, padding=1), 'without weights yet: run the model once, then convert'),
    (lambda: nn.ReflectionPad2d(1), 'a padding layer: the convolution behind it does not pad by itself'),
    (lambda: torchvision.ops.DeformConv2d(3, 4, 3, padding=1), 'not a convolution of torch.nn'),
    (deformable_of_mmcv, 'not a convolution of torch.nn'),
    (quantised, QUANTISED), (in_training_for_quantisation, QUANTISED),
    (lambda: PartialConv2d(3, 4, 3, padding=1, return_mask=True), 'a partial convolution that takes masks'),
    (lambda: PConv(3, 4, 3, padding=1), 'a partial convolution that takes masks'),
    (mmagics_partial_convolution, 'of a class that computes something of its own'),
    (lambda: Rounded(3, 4, 3, padding=1), 'of a class that computes something of its own'),
    (lambda: Shifted(3, 4, 3, padding=1), 'of a class that computes something of its own'),
], ids=['transposed', 'circular', 'lazy', 'padding layer', 'deformable', 'deformable of mmcv', 'quantised', 'qat',
        'returns a mask', 'PConv', 'of MMagic', 'convolves by itself', 'other _conv_forward'])
@pytest.mark.parametrize('mode', MODES)
def test_what_computes_something_else_is_left_alone_and_listed(make, reason, mode):
    odd = make()
    cls, attributes = type(odd), {key: value for key, value in vars(odd).items() if not key.startswith('_')}
    report = convert_padding(nn.ModuleDict(dict(odd=odd, even=nn.Conv2d(3, 4, 3, padding=1))), mode)
    assert [c.name for c in report.converted] == ['even']
    assert [(module.name, module.layer, module.reason) for module in report.left_alone] == [
        ('odd', cls.__name__, reason)]
    assert type(odd) is cls
    assert {key: value for key, value in vars(odd).items() if not key.startswith('_')} == attributes


@pytest.mark.parametrize('name', [*SUBCLASSES, 'tensorflow', 'plain'])
@pytest.mark.parametrize('mode', MODES)
def test_mmengine_initialises_converted_convolutions_as_before(name, mode):
    """It finds layers by the names of their class and of its bases."""
    make = {**{key: value[0] for key, value in SUBCLASSES.items()}, 'plain': lambda: nn.Conv2d(3, 4, 3, padding=1),
            'tensorflow': lambda: build_conv_layer(dict(type='Conv2dAdaptivePadding'), 3, 4, 3)}[name]
    weights = []
    for converted in (False, True):
        layer = nn.Sequential(make())
        if converted:
            convert_padding(layer, mode)
        torch.manual_seed(0)
        initialize(layer, [dict(type='Kaiming', layer=['Conv2d', 'Conv', 'Centred'])])
        weights.append(layer[0].weight.detach().clone())
    assert torch.equal(*weights)
    assert weights[0].abs().max() > .5, 'Kaiming initialisation was applied'


def test_a_state_dict_of_either_loads_into_the_other():
    layer, other = adaptive(), adaptive()
    convert_padding(layer)
    file = io.BytesIO()
    torch.save(layer.state_dict(), file)
    file.seek(0)
    other.load_state_dict(torch.load(file))
    assert torch.equal(other.weight, layer.weight)
    layer.load_state_dict(other.state_dict())
