"""The operation against MMagic's layer, and against NVIDIA's formula written out here."""
import pytest
import torch
import torch.nn.functional as F
from torch.testing import assert_close

import mmpconv
from mmpconv import PartialConv2d
from mmpconv.ops import partial_conv2d

pytest.importorskip('mmagic')
assert mmpconv  # its import makes MMagic importable

from mmagic.models.editors.pconv.partial_conv import PartialConv2d as MMagicPartialConv2d  # noqa: E402

LAYERS = [
    dict(kernel_size=3),
    dict(kernel_size=3, padding=1),
    dict(kernel_size=7, padding=3, stride=2),
    dict(kernel_size=5, padding=2, stride=2, bias=False),
    dict(kernel_size=(3, 2), padding=(1, 0), stride=(2, 1)),
    dict(kernel_size=3, padding=2, dilation=2, bias=False),
    dict(kernel_size=(1, 5), padding=(0, 4), dilation=(1, 2)),
    dict(kernel_size=1),
    dict(kernel_size=3, padding='same'),
]
GROUPED = [dict(kernel_size=3, padding=1, groups=2), dict(kernel_size=3, padding=1, groups=4, bias=False)]
# MMagic's epsilon is a part of its formula; ours is the limit eps -> 0. In float32 1e-8 is gone in rounding.
EPS = {torch.float32: 1e-8, torch.float64: 1e-200}


def both_layers(dtype, multi_channel, **arguments):
    peer = MMagicPartialConv2d(4, 8, multi_channel=multi_channel, eps=EPS[dtype], **arguments).to(dtype)
    ours = PartialConv2d(4, 8, multi_channel=multi_channel, return_mask=True, **arguments).to(dtype)
    ours.load_state_dict(peer.state_dict())
    return peer, ours


def hide_a_block(mask):
    mask[:, :, 3:12, 4:13] = 0  # larger than every kernel: windows without a valid position
    return mask


def outcome(layer, input, mask, output_grad):
    """Output, updated mask, and all gradients."""
    input = input.clone().requires_grad_()
    out, mask_out = layer(input, mask)
    out.backward(output_grad[:, :, :out.shape[2], :out.shape[3]])
    return [out, mask_out, input.grad, *[p.grad for p in layer.parameters()]]


def assert_agree(ours, theirs):
    for value, expected in zip(ours, theirs, strict=True):
        # Sums in another order: rounding is relative to the terms, about as large as the largest result.
        assert_close(value, expected, rtol=0,
                     atol=32 * torch.finfo(value.dtype).eps * expected.abs().max().item())


@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
@pytest.mark.parametrize('multi_channel, arguments', [
    *[(multi_channel, arguments) for arguments in LAYERS for multi_channel in (False, True)],
    *[(False, arguments) for arguments in GROUPED]], ids=str)
def test_agrees_with_mmagic_forward_and_backward(dtype, multi_channel, arguments):
    peer, ours = both_layers(dtype, multi_channel, **arguments)
    mask = hide_a_block((torch.rand(2, 4 if multi_channel else 1, 16, 17) > .4).to(dtype))
    args = torch.randn(2, 4, 16, 17, dtype=dtype), mask, torch.randn(2, 8, 24, 24, dtype=dtype)
    assert_agree(outcome(ours, *args), outcome(peer, *args))


@pytest.mark.parametrize('multi_channel', [False, True])
def test_agrees_with_mmagic_on_soft_masks(multi_channel):
    peer, ours = both_layers(torch.float64, multi_channel, kernel_size=3, padding=1, bias=False)
    mask = hide_a_block(torch.rand(2, 4 if multi_channel else 1, 16, 17).double() ** 8)
    args = torch.randn(2, 4, 16, 17).double(), mask, torch.randn(2, 8, 24, 24).double()
    theirs = outcome(peer, *args)
    assert ((theirs[1] > 0) & (theirs[1] < 1)).any()
    assert_agree(outcome(ours, *args), theirs)


def test_agrees_with_mmagic_on_grouped_masks_that_are_equal_in_all_channels():
    peer, ours = both_layers(torch.float64, True, kernel_size=3, padding=1, groups=2)
    mask = hide_a_block((torch.rand(2, 1, 16, 17) > .4).double()).repeat(1, 4, 1, 1)
    args = torch.randn(2, 4, 16, 17).double(), mask, torch.randn(2, 8, 24, 24).double()
    assert_agree(outcome(ours, *args), outcome(peer, *args))


def test_convention_a_multi_channel_mask_is_counted_per_group():
    """MMagic counts all channels, also those that a group's kernels do not see."""
    peer, ours = both_layers(torch.float64, True, kernel_size=3, padding=1, groups=2)
    mask = torch.ones(1, 4, 8, 8).double()
    mask[:, :2] = 0
    input = torch.randn(1, 4, 8, 8).double()
    out, mask_out = ours(input, mask)
    assert mask_out[:, :4].eq(0).all() and out[:, :4].eq(0).all()
    assert_close(out[:, 4:], F.conv2d(input[:, 2:], ours.weight[4:], ours.bias[4:], padding=1)
                 .sub(ours.bias[4:].view(1, -1, 1, 1)).mul(ours(input, mask * 0 + 1)[1][:, 4:])
                 .mul(padding_ratio(8)).add(ours.bias[4:].view(1, -1, 1, 1)))
    assert peer(input, mask)[1].eq(1).all()


def padding_ratio(n):
    """Ratio of a 3x3 kernel with padding 1 over an ``n x n`` image."""
    edge = torch.ones(n).double()
    edge[[0, -1]] = 1.5
    return edge[:, None] * edge


def nvidia_formula(input, weight, bias, mask, multi_channel, stride, padding, dilation):
    """NVIDIA/partialconv as its README defines it, with a convolution of ones as large as the weight."""
    shape = weight.shape if multi_channel else (1, 1, *weight.shape[2:])
    ones = input.new_ones(shape)
    window = ones[0].numel()
    if mask is None:
        mask = input.new_ones(1, shape[1], *input.shape[2:])
    count = F.conv2d(mask, ones, None, stride, padding, dilation)
    ratio = window / (count + 1e-8)
    updated = count.clamp(0, 1)
    ratio = ratio * updated
    raw = F.conv2d(input * mask, weight, bias, stride, padding, dilation)
    if bias is None:
        return raw * ratio, updated
    bias = bias.view(1, -1, 1, 1)
    return ((raw - bias) * ratio + bias) * updated, updated


@pytest.mark.parametrize('masked', [True, False])
@pytest.mark.parametrize('multi_channel', [False, True])
@pytest.mark.parametrize('biased', [False, True])
@pytest.mark.parametrize('stride, padding, dilation', [(1, 1, 1), (2, 2, 2), ((2, 1), (1, 0), 1)])
def test_agrees_with_nvidias_formula(stride, padding, dilation, biased, multi_channel, masked):
    input, weight = torch.randn(2, 4, 16, 17).double(), torch.randn(8, 4, 3, 3).double()
    bias = torch.randn(8).double() if biased else None
    mask = hide_a_block((torch.rand(2, 4 if multi_channel else 1, 16, 17) > .4).double()) if masked else None
    out, mask_out = partial_conv2d(input, weight, bias, mask, stride, padding, dilation)
    expected, expected_mask = nvidia_formula(input, weight, bias, mask, multi_channel, stride, padding, dilation)
    # Its epsilon of 1e-8 over counts of at least 1.
    assert_close(out, expected, rtol=2e-8, atol=2e-7)
    assert_close(mask_out.expand_as(out), expected_mask.expand_as(out))
