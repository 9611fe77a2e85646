"""The block: against MMagic's, in every scope, and in the form that networks use."""
import pytest
import torch
from mmagic_peers import mask_conv_module, randomise
from mmengine.registry import DefaultScope
from torch import nn
from torch.testing import assert_close

from mmpconv import PartialConv2d
from mmpconv.layers import PConv
from mmpconv.models import MaskConvModule
from mmpconv.models.inpainting.mask_conv_module import PConvStage
from mmpconv.registry import MODELS

CLOSE = dict(rtol=1e-12, atol=1e-12)


def random_mask(channels=1):
    mask = (torch.rand(2, channels, 12, 13) > .4).double()
    mask[:, :, 2:9, 3:10] = 0
    return mask


@pytest.mark.parametrize('arguments', [
    dict(padding=1),
    dict(padding=1, norm_cfg=dict(type='BN')),
    dict(padding=1, bias=False, act_cfg=None),
    dict(padding=1, stride=2, norm_cfg=dict(type='BN'), act_cfg=dict(type='LeakyReLU', negative_slope=.2)),
    dict(padding=1, padding_mode='reflect', norm_cfg=dict(type='IN')),  # padded by mmcv, the mask too
    dict(padding=1, norm_cfg=dict(type='BN'), order=('act', 'norm', 'conv'), inplace=False),
    dict(padding=1, with_spectral_norm=True),
    dict(padding=2, dilation=2, groups=2),
], ids=str)
@pytest.mark.parametrize('multi_channel', [True, False])
@pytest.mark.parametrize('training', [True, False])
def test_agrees_with_mmagics_block(arguments, multi_channel, training):
    conv_cfg = dict(type='PConv', multi_channel=multi_channel)
    peer = randomise(mask_conv_module(4, 4, 3, conv_cfg=conv_cfg, **arguments)).double().train(training)
    ours = MaskConvModule(4, 4, 3, conv_cfg=conv_cfg, **arguments).double().train(training)
    ours.load_state_dict(peer.state_dict())
    # A mask that is equal in all channels: MMagic does not count per group.
    mask = random_mask().repeat(1, 4 if multi_channel else 1, 1, 1)
    input = torch.randn(2, 4, 12, 13).double()
    for result, expected in zip(ours(input.clone(), mask), peer(input.clone(), mask), strict=True):
        assert_close(result, expected, **CLOSE)
    switched = ours(input.clone(), mask, activate=False, norm=False, return_mask=False)
    assert_close(switched, peer(input.clone(), mask, activate=False, norm=False, return_mask=False), **CLOSE)


@pytest.mark.parametrize('scope', [None, 'mmengine', 'mmpconv', 'mmagic', 'mmseg', 'mmpretrain'])
@pytest.mark.parametrize('name, layer', [('PConv', PConv), ('PartialConv2d', PartialConv2d),
                                         ('mmpconv.PartialConv2d', PartialConv2d), (PartialConv2d, PartialConv2d)])
def test_it_can_be_built_in_any_scope(name, layer, scope):
    with DefaultScope.overwrite_default_scope(scope):
        block = MaskConvModule(3, 8, 3, conv_cfg=dict(type=name), norm_cfg=dict(type='BN'))
    assert type(block.conv) is layer and isinstance(block.norm, nn.BatchNorm2d)


def test_it_shadows_mmagics_in_our_scope():
    built = MODELS.build(dict(type='MaskConvModule', in_channels=3, out_channels=8, kernel_size=3,
                              conv_cfg=dict(type='PConv')))
    assert type(built) is MaskConvModule
    assert MODELS.get('PConv') is PConv


@pytest.mark.parametrize('name', ['Conv2d', 'nonsense', nn.Conv2d, None])
def test_a_convolution_without_masks_is_refused(name):
    with pytest.raises(ValueError, match=r"conv_cfg has type .*, but a block that passes a mask on needs one of "
                                         r"\['PConv', 'PartialConv2d', 'PlainConv2d'\]"):
        MaskConvModule(3, 8, 3, conv_cfg=dict(type=name))


@pytest.mark.parametrize('name', ['PConv', 'PartialConv2d'])
def test_without_a_mask_it_is_a_plain_block(name):
    block = MaskConvModule(3, 8, 3, padding=1, conv_cfg=dict(type=name), norm_cfg=dict(type='BN')).eval()
    input = torch.randn(2, 3, 9, 9)
    expected = block.activate(block.norm(block.conv(input)))
    assert torch.equal(block(input), expected)
    zero_padded = nn.functional.conv2d(input, block.conv.weight, padding=1)
    assert torch.equal(block.conv(input)[..., 1:-1, 1:-1], zero_padded[..., 1:-1, 1:-1])
    assert torch.equal(block.conv(input), zero_padded) == (name == 'PConv')


@pytest.mark.parametrize('padding_mode', ['zeros', 'reflect', 'circular'])
@pytest.mark.parametrize('two_maps', [True, False])
def test_a_stage_of_a_network_is_the_block_masked(two_maps, padding_mode):
    """One channel of counts in, one channel of validity out, and features that are zero in the holes."""
    stage = randomise(PConvStage(
        4, 8, 3, padding=1, norm_cfg=dict(type='BN'),
        conv_cfg=dict(type='PConv', multi_channel=True, padding_mode=padding_mode))).double().eval()
    low, skip = torch.randn(2, 1, 6, 6).double(), torch.randn(2, 3, 12, 12).double()
    low_mask, skip_mask = (torch.rand(2, 1, 6, 6) > .6).double(), (torch.rand(2, 1, 12, 12) > .6).double()
    skip_mask[:, :, :8], low_mask[:, :, :4] = 0, 0
    up, up_mask = (nn.functional.interpolate(t, scale_factor=2) for t in (low * low_mask, low_mask))
    input, mask = torch.cat([up, skip], 1), torch.cat([up_mask, skip_mask.expand(-1, 3, -1, -1)], 1)
    expected, expected_mask = MaskConvModule.forward(stage, input, mask)
    maps = (skip * skip_mask, low * low_mask) if two_maps else (input * mask, None)
    out, out_mask = stage(maps[0], mask.sum(1, keepdim=True), maps[1])
    assert 0 < expected_mask.mean() < 1
    assert_close(out, expected * expected_mask, **CLOSE)
    assert torch.equal(out_mask.expand_as(out), expected_mask)
