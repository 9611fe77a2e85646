"""Half precision, where 9 x 1024 positions of a window cannot be counted in the dtype itself."""
import pytest
import torch
import torch.nn.functional as F

import mmpconv
from mmpconv.ops import partial_conv2d

pytest.importorskip('mmagic')
assert mmpconv  # its import makes MMagic importable

from mmagic.models.editors.pconv.partial_conv import PartialConv2d as MMagicPartialConv2d  # noqa: E402

HALF = [torch.bfloat16, torch.float16]


def operands(channels, dtype):
    """Small integers, so that every sum of products is exact in float32, in whatever order.

    The mask has a hole, a part where a window has about 1 valid position in 1000, half, and all of them.
    The bias is large beside a sum of few products, as it is beside trained weights (1 / sqrt(9216)).
    """
    input = torch.randint(-2, 4, (1, channels, 12, 16)).to(dtype)
    weight = torch.randint(-2, 3, (8, channels, 3, 3)).to(dtype)
    share = torch.tensor([0., .001, .5, 1.]).repeat_interleave(4)
    mask = (torch.rand(1, channels, 12, 16) < share).to(dtype)
    return input, weight, (300 * torch.randn(8)).to(dtype), mask


def in_float64(input, weight, bias, mask):
    """The result, and how far rounding to ``dtype`` may take it.

    Three roundings, each of half an epsilon: of the sum, of its product with the ratio, and of the
    result with the bias. None of them is of a number larger than these two together.
    """
    input, weight, bias, m = (t.double() for t in (input, weight, bias.view(1, -1, 1, 1), mask))
    count = F.conv2d(m, torch.ones_like(weight[:1]), padding=1)
    renormalised = F.conv2d(input * m, weight, padding=1) * torch.where(count > 0, weight[0].numel() / count, 0)
    bias = bias * (count > 0)
    return renormalised + bias, 1.5 * torch.finfo(mask.dtype).eps * (renormalised.abs() + bias.abs())


def in_mmagic(input, weight, bias, mask, eps=1e-8):
    layer = MMagicPartialConv2d(*weight.shape[1::-1], 3, padding=1, multi_channel=True, eps=eps).to(weight)
    with torch.no_grad():
        layer.weight.copy_(weight)
        layer.bias.copy_(bias)
        return layer(input, mask)


@pytest.mark.parametrize('channels', [4, 64, 1024])
@pytest.mark.parametrize('dtype', HALF)
def test_half_precision_is_within_its_rounding_of_float64(dtype, channels):
    args = operands(channels, dtype)
    out, mask_out = partial_conv2d(*args, padding=1)
    expected, bound = in_float64(*args)
    assert out.dtype == mask_out.dtype == dtype
    assert ((out.double() - expected).abs() <= bound).all()


@pytest.mark.parametrize('channels', [4, 64, 1024])
@pytest.mark.parametrize('dtype', HALF)
def test_counts_and_ratio_are_not_rounded_to_half_precision(dtype, channels):
    """Where the sum itself needs no rounding, the result is the half-precision number nearest to float64."""
    _, _, bias, mask = operands(channels, dtype)
    input, weight = (torch.randint(-1, 2, shape).to(dtype) for shape in (mask.shape, (8, channels, 3, 3)))
    assert F.conv2d(input * mask, weight, padding=1).abs().max() <= 256  # the integers that bfloat16 has
    out, _ = partial_conv2d(input, weight, None, mask, padding=1)
    expected, _ = in_float64(input, weight, 0 * bias, mask)
    # Half an epsilon, and what float32 leaves of the ratio.
    assert ((out.double() - expected).abs() <= .501 * torch.finfo(dtype).eps * expected.abs()).all()


@pytest.mark.parametrize('dtype', HALF)
def test_a_mask_of_1024_channels_is_beyond_mmagics_half_precision(dtype):
    args = operands(1024, dtype)
    out, _ = in_mmagic(*args)
    expected, bound = in_float64(*args)
    error = (out.double() - expected).abs()
    # Its bias is renormalised with the sum and taken off again; 0 times infinity is NaN.
    assert (error > bound).any()
    assert error.isnan().any() == (dtype == torch.float16)


@pytest.mark.parametrize('eps', [1e-8, 1e-6, 1e-4])
def test_windows_without_a_valid_position_are_zero_in_fp16_where_the_peers_are_nan(eps):
    input, weight, bias, _ = operands(64, torch.float16)
    mask = torch.zeros_like(input)
    assert in_mmagic(input, weight, bias, mask, eps)[0].isnan().all()
    assert partial_conv2d(input, weight, bias, mask, padding=1)[0].eq(0).all()


@pytest.mark.parametrize('dtype', HALF)
def test_autocast_is_half_precision_with_exact_counts(dtype):
    args = operands(1024, dtype)
    with torch.autocast('cpu', dtype):
        out, mask_out = partial_conv2d(*(t.float() for t in args), padding=1)
    expected, bound = in_float64(*args)
    assert out.dtype == dtype and mask_out.dtype == torch.float32
    assert ((out.double() - expected).abs() <= bound).all()


@pytest.mark.parametrize('dtype', HALF)
def test_partial_padding_in_half_precision(dtype):
    input, weight, bias, mask = operands(64, dtype)
    expected, bound = in_float64(input, weight, bias, torch.ones_like(mask))
    out, _ = partial_conv2d(input, weight, bias, padding=1)
    assert out.dtype == dtype
    assert ((out.double() - expected).abs() <= bound).all()
    with torch.autocast('cpu', dtype):
        assert torch.equal(partial_conv2d(input.float(), weight.float(), bias.float(), padding=1)[0], out)


@pytest.mark.parametrize('dtype', HALF)
def test_gradients_in_half_precision_are_finite_and_near(dtype):
    *leaves, mask = operands(16, dtype)
    leaves[1] = leaves[1] / 16
    grads = []
    for precision in (dtype, torch.float64):
        copies = [leaf.detach().to(precision).requires_grad_() for leaf in leaves]
        partial_conv2d(*copies, mask, padding=1)[0].mean().backward()
        grads.append([copy.grad.double() for copy in copies])
    for half, full in zip(*grads):
        # Rounded as the gradient of the output, times the ratio, and as a sum.
        assert (half - full).norm() <= 1.5 * torch.finfo(dtype).eps * full.norm()


def test_float64_is_not_narrowed():
    input, weight, bias, mask = (t.double() for t in operands(4, torch.float32))
    out, mask_out = partial_conv2d(input + 1e-12, weight, bias, mask, padding=1)
    assert out.dtype == mask_out.dtype == torch.float64
    assert not torch.equal(out, partial_conv2d(input, weight, bias, mask, padding=1)[0])
    expected, _ = in_float64(input + 1e-12, weight, bias, mask)
    torch.testing.assert_close(out, expected, rtol=1e-13, atol=1e-12)
