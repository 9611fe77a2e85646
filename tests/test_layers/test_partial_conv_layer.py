"""The layers: NVIDIA's and MMagic's signatures, every padding mode, and compilers."""
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from reference import partial_conv
from torch import nn
from torch.testing import assert_close

from mmpconv import PartialConv2d, PartialConv3d
from mmpconv.layers import PConv

MODES = ['zeros', 'reflect', 'replicate', 'circular']


def random_mask(channels, size=(6, 7)):
    mask = (torch.rand(2, channels, *size) > .6).double()
    mask[:, :, :4, :4] = 0
    return mask


def check(layer, input, mask):
    out, mask_out = layer(input, mask, return_mask=True)
    if mask is None:  # padding that shows pixels leaves nothing to renormalise: the loops count it as valid
        shape = (len(input), layer.out_channels) if layer.multi_channel else (1, 1)
        assert mask_out.shape == (*shape, *out.shape[2:])
    expected, expected_mask = partial_conv(
        input, layer.weight.detach(), None if layer.bias is None else layer.bias.detach(), mask, layer.stride,
        layer.padding, layer.dilation, layer.groups, layer.padding_mode)
    assert_close(out, expected, rtol=1e-11, atol=1e-11)
    assert_close(mask_out.expand_as(out), expected_mask, rtol=1e-11, atol=1e-11)
    assert torch.equal(layer(input, mask, return_mask=False), out)


@st.composite
def padded_layers(draw):
    """A layer, and an image that its padding fits."""
    pair = lambda low, high: draw(st.tuples(st.integers(low, high), st.integers(low, high)))  # noqa: E731
    torch.manual_seed(draw(st.integers(0, 1000)))
    mode, kernel, padding, groups = draw(st.sampled_from(MODES)), pair(1, 3), pair(0, 2), draw(st.integers(1, 2))
    same = draw(st.booleans())
    layer = PartialConv2d(4, 4, kernel, 1 if same else pair(1, 2), 'same' if same else padding, pair(1, 2), groups,
                          bias=draw(st.booleans()), padding_mode=mode, multi_channel=draw(st.booleans())).double()
    return layer, torch.randn(draw(st.integers(0, 2)), 4, *pair(5, 7)).double()


@given(padded_layers(), st.booleans())
def test_every_padding_mode_is_the_sum_over_windows(case, masked):
    layer, input = case
    mask = None
    if masked:
        mask = (torch.rand(len(input), 4 if layer.multi_channel else 1, *input.shape[2:]) > .6).double()
    check(layer, input, mask)


@pytest.mark.parametrize('masked', [True, False])
@pytest.mark.parametrize('mode', ['zeros', 'replicate', 'circular'])
def test_three_dimensions(mode, masked):
    layer = PartialConv3d(4, 4, (3, 2, 3), (2, 1, 1), (1, 0, 1), groups=2, padding_mode=mode, multi_channel=True)
    layer = layer.double()
    check(layer, torch.randn(2, 4, 4, 3, 5).double(), random_mask(4, (4, 3, 5)) if masked else None)


@pytest.mark.parametrize('multi_channel', [True, False])
@pytest.mark.parametrize('masked', [True, False])
def test_what_is_returned_follows_return_mask(masked, multi_channel):
    input = torch.randn(2, 4, 6, 7)
    mask = random_mask(4 if multi_channel else 1).float() if masked else None
    for by_default in (True, False):
        layer = PartialConv2d(4, 8, 3, multi_channel=multi_channel, return_mask=by_default)
        assert isinstance(layer(input, mask), tuple) == by_default
        assert isinstance(layer(input, mask, return_mask=not by_default), tuple) != by_default
    out, mask_out = layer(input, mask, return_mask=True)
    # One mask for all where none was given, as NVIDIA's.
    assert mask_out.shape == (2 if masked or multi_channel else 1, 8 if multi_channel else 1, 4, 5)
    assert out.shape == (2, 8, 4, 5)


def test_nvidias_signature():
    layer = PartialConv2d(4, 8, 3, 1, 1, 1, 1, True, multi_channel=True, return_mask=True)
    assert layer.multi_channel and layer.return_mask
    assert 'multi_channel=True, return_mask=True' in repr(layer)
    assert 'multi_channel' not in repr(PartialConv2d(4, 8, 3))


def test_convention_mmagics_layer_returns_a_mask_only_with_a_mask():
    layer, input, mask = PConv(4, 8, 3, padding=1, eps=1e-6), torch.randn(2, 4, 6, 7), random_mask(1).float()
    assert isinstance(layer(input, mask), tuple)
    assert torch.equal(layer(input, mask, return_mask=False), layer(input, mask)[0])
    zero_padded = nn.functional.conv2d(input, layer.weight, layer.bias, padding=1)
    assert torch.equal(layer(input), zero_padded) and torch.equal(layer(input, return_mask=True), zero_padded)


# Faults of the peers that users reported.


@pytest.mark.parametrize('multi_channel', [True, False])
def test_layers_stand_in_sequences(multi_channel):
    """A tuple would break ``nn.Sequential`` and every network that is built of convolutions."""
    network = nn.Sequential(PartialConv2d(3, 4, 3, padding=1, multi_channel=multi_channel), nn.ReLU(),
                            PartialConv2d(4, 5, 3, padding=1))
    assert network(torch.rand(1, 3, 8, 8)).shape == (1, 5, 8, 8)


def test_reflected_pixels_are_not_renormalised():
    """They are pixels, not holes."""
    layer = PartialConv2d(3, 4, 3, padding=1, padding_mode='reflect')
    plain = nn.Conv2d(3, 4, 3, padding=1, padding_mode='reflect')
    plain.load_state_dict(layer.state_dict())
    input = torch.randn(1, 3, 6, 6)
    assert torch.equal(layer(input), plain(input))
    out, mask = layer(input, torch.ones(1, 1, 6, 6), return_mask=True)
    assert_close(out, plain(input))
    assert mask.shape == (1, 1, 6, 6) and mask.eq(1).all()


def test_a_fully_masked_channel_of_a_depthwise_layer_is_a_hole_of_its_own():
    layer = PartialConv2d(4, 4, 3, groups=4, multi_channel=True, return_mask=True, bias=False)
    input, mask = torch.rand(1, 4, 6, 6), torch.ones(1, 4, 6, 6)
    mask[:, 1] = 0
    out, mask_out = layer(input, mask)
    assert mask_out[:, 1].eq(0).all() and out[:, 1].eq(0).all()
    clean = [0, 2, 3]
    assert mask_out[:, clean].eq(1).all()
    assert_close(out[:, clean], nn.functional.conv2d(input, layer.weight, groups=4)[:, clean])  # ratio 1


@pytest.mark.parametrize('layer', [
    PartialConv2d(3, 4, 3, padding=1), PartialConv2d(3, 4, 3, padding=1, multi_channel=True, return_mask=True),
    PConv(3, 4, 3, padding=1),
], ids=['padding', 'multi_channel', 'PConv'])
@pytest.mark.parametrize('masked', [True, False])
class TestCompilers:
    """Each at sizes of its own, so that nothing is in the cache yet."""

    @staticmethod
    def operands(layer, masked, size=9):
        mask = (torch.rand(2, 3 if layer.multi_channel else 1, size, size) > .5).float()
        return (torch.randn(2, 3, size, size), mask) if masked else (torch.randn(2, 3, size, size),)

    @staticmethod
    def assert_same(results, expected):
        for result, value in zip(*[r if isinstance(r, tuple) else (r,) for r in (results, expected)], strict=True):
            assert_close(result, value)

    def test_compile(self, layer, masked):
        torch._dynamo.reset()
        compiled = torch.compile(layer, backend='aot_eager', fullgraph=True)
        for size in (9, 11, 12):  # recompiled once, with dynamic sizes
            args = self.operands(layer, masked, size)
            self.assert_same(compiled(*args), layer(*args))
        self.assert_same(layer(*args), layer(*args))  # the cache holds no placeholders

    def test_export(self, layer, masked):
        args = self.operands(layer, masked, 13)
        self.assert_same(torch.export.export(layer, args).module()(*args), layer(*args))

    @pytest.mark.filterwarnings('ignore')
    def test_trace(self, layer, masked):
        args = self.operands(layer, masked, 14)
        self.assert_same(torch.jit.trace(layer, args)(*args), layer(*args))
