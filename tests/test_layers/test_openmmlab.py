"""The layers inside MM* libraries: configs of convolutions, and what rewrites convolutions."""
import subprocess
import sys

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, spectral_norm
from torch.testing import assert_close

import mmpconv
from mmpconv import PartialConv2d, PartialConv3d

pytest.importorskip('mmagic')
assert mmpconv  # its import makes MMagic importable

from mmcv.cnn import ConvModule, build_conv_layer, fuse_conv_bn  # noqa: E402
from mmengine.registry import DefaultScope  # noqa: E402


def random_mask(n=9):
    return (torch.rand(2, 1, n, n) > .5).float()


@pytest.mark.parametrize('scope', ['mmengine', 'mmpconv', 'mmagic', 'mmseg', 'mmpretrain'])
@pytest.mark.parametrize('prefix', ['', 'mmpconv.'])
@pytest.mark.parametrize('name, layer', [('PartialConv2d', PartialConv2d), ('PartialConv3d', PartialConv3d)])
def test_conv_cfg_builds_the_layer_in_every_scope(name, layer, prefix, scope):
    with DefaultScope.overwrite_default_scope(scope):
        built = build_conv_layer(dict(type=prefix + name, multi_channel=True), 3, 8, 3, padding=1)
    assert type(built) is layer and built.multi_channel and built.out_channels == 8


@pytest.mark.slow
@pytest.mark.parametrize('library', ['mmengine', 'mmpretrain'])
def test_a_prefixed_name_needs_nothing_imported_beforehand(library):
    """Only mmcv, and a scope of a library that mmcv-lite can import (MMagic and MMSegmentation need us first)."""
    subprocess.run([sys.executable, '-W', 'ignore', '-c', f'''
import sys
from mmcv.cnn import ConvModule
from mmengine.registry import DefaultScope
assert not any(name.startswith("mmpconv") for name in sys.modules)
with DefaultScope.overwrite_default_scope({library!r}):
    block = ConvModule(3, 8, 3, conv_cfg=dict(type="mmpconv.PartialConv2d"))
assert type(block.conv).__module__ == "mmpconv.layers.partial_conv", type(block.conv)
'''], check=True, timeout=120)


def trained_batch_norm(block):
    """Statistics and parameters as after training."""
    for value in (block.norm.weight, block.norm.bias, block.norm.running_mean):
        nn.init.normal_(value)
    nn.init.uniform_(block.norm.running_var, .5, 2)
    return block.eval()


@pytest.mark.parametrize('bias', [True, False])
def test_fused_convolution_and_batch_norm_keep_partial_padding(bias):
    """Fusing scales the weight and shifts the bias, which partial padding must not scale."""
    block = trained_batch_norm(ConvModule(3, 8, 3, padding=1, bias=bias, norm_cfg=dict(type='BN'),
                                          conv_cfg=dict(type='PartialConv2d'))).double()
    input = torch.randn(2, 3, 9, 9).double()
    expected = block(input)
    fused = fuse_conv_bn(nn.Sequential(block))
    assert not any(isinstance(module, nn.BatchNorm2d) for module in fused.modules())
    assert_close(fused(input), expected, rtol=1e-12, atol=1e-12)


def test_mmcvs_efficient_convolution_and_batch_norm_keep_partial_padding():
    block = trained_batch_norm(ConvModule(3, 8, 3, padding=1, norm_cfg=dict(type='BN'),
                                          conv_cfg=dict(type='PartialConv2d'))).double()
    input = torch.randn(2, 3, 9, 9).double()
    expected = block(input)
    block.turn_on_efficient_conv_bn_eval(True)
    assert_close(block(input), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize('normalise', [spectral_norm, parametrizations.spectral_norm])
def test_spectral_norm_reaches_the_masked_convolution(normalise):
    """The hook, or the parametrisation, makes the weight that the layer uses."""
    layer = PartialConv2d(3, 8, 3, padding=1)
    with torch.no_grad():
        layer.weight.mul_(100)
    layer, input, mask = normalise(layer), torch.randn(2, 3, 9, 9), random_mask()
    for _ in range(30):  # power iterations
        layer(input, mask)
    layer.eval()
    out = layer(input, mask)
    assert abs(torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() - 1) < 1e-2
    plain = PartialConv2d(3, 8, 3, padding=1)
    with torch.no_grad():
        plain.weight.copy_(layer.weight)
        plain.bias.copy_(layer.bias)
    assert_close(out, plain(input, mask))


def test_weight_standardisation_is_renormalised():
    """Anything that calls the convolution with a weight of its own."""
    layer, input = PartialConv2d(3, 8, 3, padding=1), torch.ones(1, 3, 6, 6)
    weight = torch.full_like(layer.weight, 1 / 27)
    assert_close(layer._conv_forward(input, weight, None), torch.ones(1, 8, 6, 6))
