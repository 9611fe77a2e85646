"""The operation against plain loops in float64, over generated shapes and arguments."""
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import partial_conv
from torch.testing import assert_close

from mmpconv.ops import partial_conv2d, partial_conv3d

# Sums of at most 128 products of about 1, times a ratio of at most 128: 1e-16 * 128 * 128 in the worst case.
CLOSE = dict(rtol=1e-11, atol=1e-11)
OPERATION = {2: partial_conv2d, 3: partial_conv3d}


@st.composite
def cases(draw, dims):
    """Operands and arguments of a partial convolution of small, awkward shapes."""
    longest = {2: 8, 3: 4}[dims]
    per_dim = lambda low, high: st.tuples(*[st.integers(low, high)] * dims)  # noqa: E731
    kernel, dilation, stride = draw(per_dim(1, 4)), draw(per_dim(1, 3)), draw(per_dim(1, 3))
    padding = draw(st.one_of(per_dim(0, 3), st.integers(0, 2), st.just('same')))
    if padding == 'same':
        stride = 1
    size = draw(per_dim(1, longest))
    pads = [0] * dims if padding == 'same' else [padding] * dims if isinstance(padding, int) else padding
    if padding != 'same':  # at least one window
        size = tuple(max(n, d * (k - 1) + 1 - 2 * p) for n, d, k, p in zip(size, dilation, kernel, pads))
    groups, per_group = draw(st.integers(1, 3)), draw(st.integers(1, 2))
    channels, batch = groups * per_group, draw(st.integers(0, 2))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 1 << 20)))
    rand = lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64)  # noqa: E731
    input = rand(batch, channels, *size)
    if draw(st.booleans()):  # not contiguous
        input = rand(channels, batch, *size).transpose(0, 1)
    weight = rand(groups * draw(st.integers(1, 2)), per_group, *kernel)
    mask_channels = draw(st.sampled_from([0, 1, channels]))
    mask = None
    if mask_channels:
        mask = rand(batch, mask_channels, *size).sigmoid()
        valid = rand(*mask.shape).sigmoid() < draw(st.sampled_from([0., .3, .6, 1.]))
        mask = mask * valid if draw(st.booleans()) else valid.double()
    return dict(input=input, weight=weight, bias=rand(len(weight)) if draw(st.booleans()) else None, mask=mask,
                stride=stride, padding=padding, dilation=dilation, groups=groups)


def check(dims, case):
    out, mask_out = OPERATION[dims](**case)
    expected, expected_mask = partial_conv(**case)
    assert_close(out, expected, **CLOSE)
    if case['mask'] is None or case['mask'].shape[1] == 1:
        assert mask_out.shape == (1 if case['mask'] is None else len(case['mask']), 1, *out.shape[2:])
    assert_close(mask_out.expand_as(out), expected_mask, **CLOSE)


@settings(max_examples=250)
@given(cases(2))
def test_partial_conv2d_is_the_sum_over_windows(case):
    check(2, case)


@settings(max_examples=60)
@given(cases(3))
def test_partial_conv3d_is_the_sum_over_windows(case):
    check(3, case)


@pytest.mark.parametrize('shared', [True, False])
@pytest.mark.parametrize('arguments', [
    dict(kernel=(3, 2), stride=(2, 1), padding=(1, 0)),
    dict(kernel=(3, 3), padding='same', dilation=(1, 2)),
    dict(kernel=(2, 4), padding='same'),  # torch pads the end more
    dict(kernel=(5, 5), padding=2, stride=2),
    dict(kernel=(3, 3), padding=1, groups=4),  # depthwise
    dict(kernel=(3, 3), padding=1, groups=2),
    dict(kernel=(3, 3), padding=4, dilation=2, stride=3),
], ids=str)
def test_named_shapes_are_the_sum_over_windows(arguments, shared):
    arguments = dict(arguments)
    kernel, groups = arguments.pop('kernel'), arguments.get('groups', 1)
    input, mask = torch.randn(2, 4, 7, 6).double(), (torch.rand(2, 1 if shared else 4, 7, 6) > .5).double()
    check(2, dict(input=input, weight=torch.randn(8, 4 // groups, *kernel).double(),
                  bias=torch.randn(8).double(), mask=mask, **arguments))


# Where windows see only padding: beyond the border, and between the taps of a dilated kernel.
@pytest.mark.parametrize('size, kernel, padding, dilation', [
    ((3, 3), (3, 3), 4, 1), ((1, 1), (3, 3), 4, 3), ((2, 5), (2, 2), 2, 3),
    ((2, 2), (1, 1), 1, 1), ((1, 1), (2, 2), 2, 3), ((1, 2), (3, 3), 4, 3),
])
@pytest.mark.parametrize('masked', [True, False])
def test_windows_that_see_only_padding_give_zero_and_a_hole(size, kernel, padding, dilation, masked):
    case = dict(input=torch.randn(2, 3, *size).double(), weight=torch.randn(4, 3, *kernel).double(),
                bias=torch.randn(4).double(), mask=torch.ones(2, 1, *size).double() if masked else None,
                padding=padding, dilation=dilation)
    assert (partial_conv(**case)[1] == 0).any()
    check(2, case)


def test_hand_computed_windows():
    """3 x 3 image of 1 to 9 with its centre hidden, kernel of ones, bias 10."""
    input = torch.arange(1., 10).view(1, 1, 3, 3)
    mask = torch.ones(1, 1, 3, 3)
    mask[..., 1, 1] = 0
    out, mask_out = partial_conv2d(input, torch.ones(1, 1, 3, 3), torch.tensor([10.]), mask, padding=1)
    corner = lambda total: total * 9 / 3 + 10  # noqa: E731  (three valid pixels of nine)
    edge = lambda total: total * 9 / 5 + 10  # noqa: E731
    expected = torch.tensor([[corner(1 + 2 + 4), edge(1 + 2 + 3 + 4 + 6), corner(2 + 3 + 6)],
                             [edge(1 + 2 + 4 + 7 + 8), 40 * 9 / 8 + 10, edge(2 + 3 + 6 + 8 + 9)],
                             [corner(4 + 7 + 8), edge(4 + 6 + 7 + 8 + 9), corner(6 + 8 + 9)]])
    assert_close(out[0, 0], expected)
    assert mask_out.eq(1).all()
