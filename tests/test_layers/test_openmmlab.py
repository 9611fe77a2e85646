"""The layers inside MM* libraries: configs of convolutions, and spectral norm with a mask."""
import subprocess
import sys

import pytest
import torch
from patience import PATIENCE
from torch.nn.utils import parametrizations, spectral_norm
from torch.testing import assert_close

import mmpconv
from mmpconv import PartialConv1d, PartialConv2d, PartialConv3d

pytest.importorskip('mmagic')
assert mmpconv  # its import makes MMagic importable

from mmcv.cnn import build_conv_layer  # noqa: E402
from mmengine.registry import DefaultScope  # noqa: E402


def random_mask(n=9):
    return (torch.rand(2, 1, n, n) > .5).float()


@pytest.mark.parametrize('scope', ['mmengine', 'mmpconv', 'mmagic', 'mmseg', 'mmpretrain'])
@pytest.mark.parametrize('prefix', ['', 'mmpconv.'])
@pytest.mark.parametrize('name, layer', [('PartialConv1d', PartialConv1d), ('PartialConv2d', PartialConv2d),
                                         ('PartialConv3d', PartialConv3d)])
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
'''], check=True, timeout=PATIENCE)


@pytest.mark.parametrize('normalise', [spectral_norm, parametrizations.spectral_norm])
@pytest.mark.parametrize('within_a_network', [False, True])
def test_spectral_norm_reaches_the_masked_convolution(normalise, within_a_network):
    """The hook, or the parametrisation, makes the weight that the layer uses."""

    def convolve(layer):
        if within_a_network:
            return layer.forward_masked(input * mask, 3 * mask)[0]
        return layer(input, mask)

    layer = PartialConv2d(3, 8, 3, padding=1)
    with torch.no_grad():
        layer.weight.mul_(100)
    layer, input, mask = normalise(layer), torch.randn(2, 3, 9, 9), random_mask()
    for _ in range(30):  # power iterations
        convolve(layer)
    layer.eval()
    out = convolve(layer)
    assert abs(torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() - 1) < 1e-2
    plain = PartialConv2d(3, 8, 3, padding=1)
    with torch.no_grad():
        plain.weight.copy_(layer.weight)
        plain.bias.copy_(layer.bias)
    assert_close(out, plain(input, mask))
