"""The convolution of an upsampled map against upsampling, then convolving."""
import pytest
import torch
import torch.nn.functional as F
from torch.autograd import gradcheck
from torch.testing import assert_close

from mmpconv import PartialConv2d
from mmpconv.ops import masked_conv, upsample_concat, upsampled_conv2d
from mmpconv.ops import partial_conv as upsampled_conv

ONCE = dict(stride=(1, 1), padding=(1, 1), dilation=(1, 1), groups=1)


@pytest.fixture
def always_fast(monkeypatch):
    """Take the fast path for small maps too, and fail where upsampling happens nevertheless."""
    monkeypatch.setattr(upsampled_conv, '_MIN_PIXELS', 0)


def direct(low, skip, weight, stride, padding, dilation, groups):
    up = F.interpolate(low, skip.shape[2:], mode='nearest')
    return F.conv2d(torch.cat([up, skip], 1), weight, None, stride, padding, dilation, groups)


@pytest.mark.parametrize('batch, low, skip', [(1, 3, 2), (2, 5, 1), (2, 1, 4)])
@pytest.mark.parametrize('size', [(1, 1), (1, 4), (3, 2), (8, 5)])
def test_doubling_is_done_by_a_transposed_convolution(always_fast, monkeypatch, size, batch, low, skip):
    maps = (torch.randn(batch, low, *size).double(), torch.randn(batch, skip, *(2 * n for n in size)).double())
    weight = torch.randn(6, low + skip, 3, 3).double()
    expected = direct(*maps, weight, **ONCE)
    monkeypatch.setattr(F, 'interpolate', None)  # the large map is never made
    assert_close(upsampled_conv2d(*maps, weight, **ONCE), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize('low_size, skip_size, change', [
    ((3, 4), (5, 8), {}), ((3, 4), (6, 7), {}), ((2, 2), (5, 3), {}), ((4, 4), (4, 4), {}), ((1, 1), (1, 1), {}),
    ((3, 4), (6, 8), dict(stride=(2, 2))), ((3, 4), (6, 8), dict(padding=(0, 1))),
    ((3, 4), (6, 8), dict(dilation=(2, 2))), ((3, 4), (6, 8), dict(groups=2)),
], ids=str)
def test_other_sizes_and_arguments_are_upsampled(always_fast, low_size, skip_size, change):
    arguments = {**ONCE, **change}
    maps = torch.randn(2, 2, *low_size).double(), torch.randn(2, 4, *skip_size).double()
    weight = torch.randn(4, 6 // arguments['groups'], 3, 3).double()
    assert torch.equal(upsampled_conv2d(*maps, weight, **arguments), direct(*maps, weight, **arguments))


def test_another_kernel_is_upsampled(always_fast):
    maps, weight = (torch.randn(1, 2, 3, 3), torch.randn(1, 2, 6, 6)), torch.randn(4, 4, 5, 5)
    assert torch.equal(upsampled_conv2d(*maps, weight, **ONCE), direct(*maps, weight, **ONCE))


def test_small_maps_are_upsampled():
    """Where summing the kernel costs more than it saves."""
    maps, weight = (torch.randn(1, 2, 4, 4), torch.randn(1, 2, 8, 8)), torch.randn(4, 4, 3, 3)
    assert torch.equal(upsampled_conv2d(*maps, weight, **ONCE), direct(*maps, weight, **ONCE))


def test_gradients(always_fast):
    maps = [torch.randn(2, 2, 2, 3).double().requires_grad_(), torch.randn(2, 1, 4, 6).double().requires_grad_()]
    weight = torch.randn(2, 3, 3, 3).double().requires_grad_()
    assert gradcheck(lambda *args: upsampled_conv2d(*args, **ONCE), (*maps, weight))


@pytest.mark.parametrize('pixels', [0, 1 << 30], ids=['fast', 'direct'])
def test_autocast(monkeypatch, pixels):
    monkeypatch.setattr(upsampled_conv, '_MIN_PIXELS', pixels)
    maps, weight = (torch.randn(1, 8, 8, 8), torch.randn(1, 4, 16, 16)), torch.randn(4, 12, 3, 3)
    with torch.autocast('cpu', torch.bfloat16):
        out = upsampled_conv2d(*maps, weight, **ONCE)
    assert out.dtype == torch.bfloat16
    expected = direct(*(t.double() for t in (*maps, weight)), **ONCE)
    # Each product of 108 has two factors rounded, and sums of up to four weights are rounded once more.
    magnitude = direct(*(t.double().abs() for t in (*maps, weight)), **ONCE)
    assert ((out.double() - expected).abs() <= 2 * torch.finfo(torch.bfloat16).eps * magnitude).all()


def test_a_layer_takes_a_map_to_be_upsampled(always_fast):
    low, skip, layer = torch.randn(2, 3, 4, 4), torch.randn(2, 2, 8, 8), PartialConv2d(5, 6, 3, padding=1)
    valid = 5 * (torch.rand(2, 1, 8, 8) > .8).float()
    out, mask = layer.forward_masked(skip, valid, low)
    expected, expected_mask = masked_conv(upsample_concat(low, skip), layer.weight, layer.bias, valid, 5, **ONCE)
    assert_close(out, expected, rtol=1e-5, atol=1e-4)
    assert torch.equal(mask, expected_mask)
