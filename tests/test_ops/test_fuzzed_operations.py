"""Random operations against the plain loops in float64: dtypes, strides, memory layouts, sizes of zero.

    python tests/test_ops/test_fuzzed_operations.py 1000

runs that many cases; the test runs a few. Each case has a number, which alone decides it.
"""
import random
import sys
from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

if __name__ == '__main__':
    sys.path.insert(0, str(Path(__file__).parents[1]))

from reference import partial_conv

from mmpconv.ops import partial_conv1d, partial_conv2d, partial_conv3d

OPERATIONS = {1: partial_conv1d, 2: partial_conv2d, 3: partial_conv3d}
# Each result is the sum of up to a hundred terms, rounded once at the end.
TOLERANCES = {torch.float64: 1e-12, torch.float32: 2e-5, torch.bfloat16: 6e-2, torch.float16: 8e-3}
MASK_DTYPES = [torch.float32, torch.float64, torch.float16, torch.bool, torch.uint8, torch.int64]


def laid_out_somehow(tensor, draw):
    """The same numbers, in another layout in memory."""
    layout = draw.choice(['contiguous', 'strided', 'transposed', 'channels last', 'offset'])
    if layout == 'strided':
        return torch.stack([tensor, torch.full_like(tensor, 7)], -1)[..., 0]
    if layout == 'transposed':
        return tensor.transpose(1, -1).contiguous().transpose(1, -1)
    if layout == 'channels last' and tensor.dim() in (4, 5):
        return tensor.contiguous(memory_format={4: torch.channels_last, 5: torch.channels_last_3d}[tensor.dim()])
    if layout == 'offset':
        return torch.cat([tensor[:1], tensor])[1:]
    return tensor


def case(number):
    """Operands and arguments of a case: ``(input, weight, bias, mask), arguments``."""
    draw = random.Random(number)
    torch.manual_seed(number)
    spatial = draw.choice([1, 2, 2, 2, 3])
    groups, dtype = draw.choice([1, 1, 2, 3]), draw.choice(list(TOLERANCES))
    if spatial == 3 and dtype == torch.bfloat16:
        dtype = torch.float32  # torch 2.11's own conv3d ends in a segmentation fault on some tiny volumes (case 878)
    channels, out_channels = groups * draw.randint(1, 3), groups * draw.randint(1, 2)
    kernel_size = [draw.randint(1, 3) for _ in range(spatial)]
    stride, dilation = ([draw.choice([1, 1, 2]) for _ in range(spatial)] for _ in range(2))
    padding = [draw.randint(0, 3) for _ in range(spatial)]
    if draw.random() < .15:
        stride, padding = 1, 'same'
    least = [1 if padding == 'same' else max(1, d * (k - 1) + 1 - 2 * p) for k, d, p in zip(
        kernel_size, dilation, padding if padding != 'same' else kernel_size)]
    size = [draw.randint(n, n + (3 if spatial == 3 else 5)) for n in least]
    batch = draw.choice([0, 1, 2, 2])
    input = torch.randn(batch, channels, *size).to(dtype)
    weight = torch.randn(out_channels, channels // groups, *kernel_size).to(dtype)
    bias = torch.randn(out_channels).to(dtype) if draw.random() < .7 else None
    mask = None
    if draw.random() < .85:
        mask = (torch.rand(draw.choice([batch, 1]), draw.choice([1, channels]), *size) < draw.choice([0, .3, .8, 1]))
        mask_dtype = draw.choice(MASK_DTYPES)
        mask = mask.to(mask_dtype)
        if mask_dtype.is_floating_point and draw.random() < .3:
            mask = mask * torch.rand(mask.shape).to(mask_dtype)
        if mask.shape[1] == 1 and draw.random() < .3:
            mask = mask.expand(-1, channels, *size)
        else:
            mask = laid_out_somehow(mask, draw)
        hole = mask.expand(batch, channels, *size) == 0
        input = torch.where(hole, draw.choice([0., torch.nan, torch.inf]), input)
    # Not the weight: torch's own convolution of some dtypes has no gradient for one that is not contiguous.
    return ((laid_out_somehow(input, draw), weight, bias, mask),
            dict(stride=stride, padding=padding, dilation=dilation, groups=groups))


def check(number):
    """Run a case; compare output, updated mask, and where they are finite the gradients' finiteness."""
    (input, weight, bias, mask), arguments = case(number)
    input, weight = input.requires_grad_(), weight.requires_grad_()
    out, mask_out = OPERATIONS[weight.dim() - 2](input, weight, bias, mask, **arguments)
    with torch.no_grad():
        expected, expected_mask = partial_conv(input, weight, bias, mask, **arguments)
    assert out.dtype == input.dtype and mask_out.shape[1] == (
        1 if mask is None or mask.shape[1] == 1 else weight.shape[0])
    tolerance = TOLERANCES[input.dtype]
    scale = 1 + (expected.abs().max().item() if expected.numel() else 0)
    assert_close(out.double(), expected, rtol=tolerance, atol=tolerance * scale)
    soft = 1e-2 if mask_out.dtype in (torch.float16, torch.bfloat16) else 1e-6
    assert_close(mask_out.double().expand_as(expected_mask), expected_mask, rtol=0, atol=soft)
    out.sum().backward()
    assert input.grad.isfinite().all() and weight.grad.isfinite().all()


@pytest.mark.filterwarnings('ignore:Using padding=.same.')
@pytest.mark.parametrize('start', range(0, 100, 20))
def test_random_operations_are_the_sum_over_windows(start):
    for number in range(start, start + 20):
        try:
            check(number)
        except Exception as error:
            raise AssertionError(f'case {number}: {case(number)[1]}') from error


if __name__ == '__main__':
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    for number in range(count):
        try:
            check(number)
        except Exception as error:
            raise SystemExit(f'case {number} failed: {type(error).__name__}: {error}') from error
    print(f'{count} random operations agree with the loops in float64')
