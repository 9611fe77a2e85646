"""Partial padding: its ratio, its cache, and that it is zero padding away from the border."""
import copy
import pickle

import pytest
import torch
import torch.nn.functional as F
from reference import partial_conv
from torch.testing import assert_close

from mmpconv import PartialConv2d
from mmpconv.ops import partial_padding_conv, partial_padding_ratio


def test_ratio_of_a_3x3_kernel_is_1_on_an_edge_1_5_in_a_corner_2_25():
    ratio = partial_padding_ratio((4, 5), (3, 3), (1, 1), (1, 1), (1, 1))
    assert ratio[1:-1, 1:-1].eq(1).all()
    assert ratio[0, 1:-1].eq(1.5).all() and ratio[1:-1, -1].eq(1.5).all()
    assert ratio[[0, 0, -1, -1], [0, -1, 0, -1]].eq(2.25).all()


@pytest.mark.parametrize('size, kernel, stride, padding, dilation', [
    ((7, 5), (3, 5), (2, 1), (1, 2), (1, 1)),
    ((5, 6), (4, 3), (1, 1), 'same', (1, 2)),
    ((6, 6), (3, 3), (1, 1), 'valid', (1, 1)),
    ((2, 9), (3, 3), (3, 2), (4, 3), (2, 1)),
    ((3, 2, 4), (3, 3, 2), (1, 2, 1), (1, 1, 1), (1, 1, 1)),
    ((9,), (3,), (2,), (2,), (1,)),
], ids=str)
def test_ratio_counts_the_positions_inside_the_image(size, kernel, stride, padding, dilation):
    """Of ones, a kernel of ones sums ``numel`` if renormalised."""
    ratio = partial_padding_ratio(size, kernel, stride, padding, dilation, torch.float64)
    expected, seen = partial_conv(torch.ones(1, 1, *size), torch.ones(1, 1, *kernel), None, None, stride,
                                  0 if padding == 'valid' else padding, dilation)
    convolve = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}[len(size)]
    counts = convolve(torch.ones(1, 1, *size).double(), torch.ones(1, 1, *kernel).double(), None, stride, padding,
                      dilation)
    assert_close(ratio * counts[0, 0], expected[0, 0])
    assert torch.equal(ratio > 0, seen[0, 0] > 0)


def test_the_interior_is_zero_padding_to_the_bit():
    input, conv = torch.randn(2, 3, 12, 13), torch.nn.Conv2d(3, 8, 3, padding=1, bias=False)
    out = partial_padding_conv(input, conv.weight, None, (1, 1), (1, 1), (1, 1), 1)
    assert torch.equal(out[:, :, 1:-1, 1:-1], conv(input)[:, :, 1:-1, 1:-1])
    assert not torch.isclose(out[:, :, 0], conv(input)[:, :, 0]).any()


def test_without_padding_it_is_the_convolution():
    input, conv = torch.randn(2, 3, 12, 13), torch.nn.Conv2d(3, 8, 3, stride=2)
    assert_close(partial_padding_conv(input, conv.weight, conv.bias, (2, 2), (0, 0), (1, 1), 1), conv(input))


def test_white_noise_is_louder_in_corners():
    """The other side of constants that stay constant: 2.25 * 2 / 3 of the standard deviation."""
    noise = torch.randn(4000, 1, 3, 3)
    out = partial_padding_conv(noise, torch.ones(1, 1, 3, 3), None, (1, 1), (1, 1), (1, 1), 1)
    assert_close(out[..., 0, 0].std() / out[..., 1, 1].std(), torch.tensor(1.5), rtol=.05, atol=0)


@pytest.mark.parametrize('biased', [False, True])
@pytest.mark.parametrize('padding', [1, 'same'])
def test_an_image_without_a_batch(padding, biased):
    layer = PartialConv2d(3, 4, 3, padding=padding, bias=biased)
    image = torch.randn(3, 5, 6)
    assert_close(layer(image), layer(image[None])[0])


def train_step(layer, input):
    layer.zero_grad()
    out = layer(input)
    out.sum().backward()
    return out.detach(), layer.weight.grad.clone()


def test_a_ratio_cached_in_inference_mode_serves_training():
    layer, input = PartialConv2d(3, 4, 3, padding=1), torch.randn(1, 3, 23, 29)  # a size of no other test
    with torch.inference_mode():
        inferred = layer(input)
    out, grad = train_step(layer, input)
    assert torch.equal(out, inferred)
    assert grad.ne(0).all()


def test_the_cache_survives_a_change_of_dtype():
    layer, input = PartialConv2d(3, 4, 7, padding=3), torch.randn(1, 3, 9, 9)  # 7 / 5 is no binary fraction
    layer(input)
    layer, input = layer.double(), input.double()
    out = layer(input)
    assert out.dtype == torch.float64
    expected, _ = partial_conv(input, layer.weight.detach(), layer.bias.detach(), padding=3)
    assert_close(out, expected, rtol=1e-13, atol=1e-13)


def test_a_masked_call_does_not_change_later_calls_without_a_mask():
    layer, input = PartialConv2d(3, 4, 3, padding=1), torch.randn(1, 3, 9, 9)
    before = layer(input)
    layer(input, (torch.rand(1, 1, 9, 9) > .5).float())
    assert torch.equal(layer(input), before)


def test_the_cache_is_not_written_to():
    """A gradient step, or arithmetic in place on outputs and masks, leaves later results alone."""
    layer, input = PartialConv2d(3, 4, 3, padding=1), torch.randn(1, 3, 9, 9)
    with torch.no_grad():
        first = layer(input)
        layer(input).mul_(7)
        out, mask = layer(input, return_mask=True)
        out += mask
        assert torch.equal(layer(input), first)


@pytest.mark.parametrize('duplicate', [copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))],
                         ids=['deepcopy', 'pickle'])
def test_layers_are_duplicated_after_use(duplicate):
    layer, input = PartialConv2d(3, 4, 3, padding=1, multi_channel=True), torch.randn(1, 3, 9, 9)
    expected = layer(input)
    other = duplicate(layer)
    assert torch.equal(other(input), expected)
    assert other.multi_channel and not other.return_mask
