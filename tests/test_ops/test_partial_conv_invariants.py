"""What holds for every mask."""
import pytest
import torch
import torch.nn.functional as F
from torch.testing import assert_close

from mmpconv.ops import partial_conv2d, partial_conv3d
from mmpconv.ops.holes import hide_holes


def random_mask(channels=1, batch=2):
    mask = (torch.rand(batch, channels, 9, 10) > .6).float()
    mask[:, :, 2:7, 3:8] = 0
    return mask


@pytest.mark.parametrize('value', [float('nan'), float('inf'), 1e38])
@pytest.mark.parametrize('mask_channels', [1, 4])
def test_hole_pixels_never_reach_the_output_nor_the_gradients(mask_channels, value):
    mask = random_mask(mask_channels)
    clean = torch.randn(2, 4, 9, 10)
    results = []
    for fill in (0., value):
        input = torch.where(mask.bool(), clean, fill).requires_grad_()
        weight = torch.linspace(-1, 1, 6 * 4 * 9).view(6, 4, 3, 3).requires_grad_()
        out, _ = partial_conv2d(input, weight, None, mask, padding=1)
        out.square().sum().backward()
        results.append((out, input.grad, weight.grad))
    for zero_filled, filled in zip(*results):
        assert torch.equal(filled, zero_filled)
    assert results[1][1][mask.expand_as(clean) == 0].eq(0).all()


@pytest.mark.parametrize('mask_channels', [1, 4])
@pytest.mark.parametrize('stride, padding, dilation', [(1, 1, 1), (2, 3, 1), (1, 2, 2)])
def test_a_constant_image_stays_constant_under_a_kernel_of_sum_one(mask_channels, stride, padding, dilation):
    mask = random_mask(mask_channels)
    weight = torch.full((3, 4, 3, 3), 1 / 36)
    out, mask_out = partial_conv2d(torch.full((2, 4, 9, 10), 5.), weight, None, mask, stride, padding, dilation)
    assert 0 < mask_out.mean() < 1
    assert_close(out, 5 * mask_out.expand_as(out))


def test_a_constant_image_stays_constant_without_a_mask():
    """Zero padding takes a corner down to 4 / 9."""
    image, weight = torch.ones(1, 1, 6, 6), torch.full((1, 1, 3, 3), 1 / 9)
    assert_close(F.conv2d(image, weight, padding=1)[0, 0, 0, 0], torch.tensor(4 / 9))
    assert_close(partial_conv2d(image, weight, padding=1)[0], image)


@pytest.mark.parametrize('operation, dims', [(partial_conv2d, 2), (partial_conv3d, 3)])
@pytest.mark.parametrize('mask_channels', [1, 4])
def test_a_mask_without_holes_is_partial_padding(operation, dims, mask_channels):
    input, weight, bias = torch.randn(2, 4, *[5] * dims), torch.randn(6, 4, *[3] * dims), torch.randn(6)
    out, mask_out = operation(input, weight, bias, torch.ones(2, mask_channels, *[5] * dims), 2, 2)
    padded, padded_mask = operation(input, weight, bias, None, 2, 2)
    assert_close(out, padded)
    assert len(padded_mask) == 1 and torch.equal(mask_out, padded_mask.expand_as(mask_out))


@pytest.mark.parametrize('mask_channels', [1, 4])
def test_the_mask_becomes_valid_where_the_window_saw_anything(mask_channels):
    mask = torch.zeros(1, mask_channels, 7, 7)
    mask[0, -1, 3, 3] = 1
    out, mask_out = partial_conv2d(torch.rand(1, 4, 7, 7), torch.rand(2, 4, 3, 3), torch.rand(2), mask, padding=1)
    expected = torch.zeros(7, 7)
    expected[2:5, 2:5] = 1
    assert mask_out.shape == (1, 1 if mask_channels == 1 else 2, 7, 7)
    assert mask_out.eq(expected).all()
    assert out.ne(0).eq(expected.bool()).all()  # 0, without bias, where nothing was seen


def test_an_expanded_mask_gives_what_its_copy_gives():
    """The view is recognised and multiplied instead of summed."""
    input, weight, bias = torch.randn(2, 4, 9, 10), torch.randn(6, 2, 3, 3), torch.randn(6)
    view = random_mask().expand(-1, 4, -1, -1)
    for groups in (1, 2, 4):
        grouped = weight[:, :1].repeat(1, 4 // groups, 1, 1)[:groups * (6 // groups)]
        args = input, grouped, bias[:len(grouped)]
        out, mask_out = partial_conv2d(*args, view, padding=1, groups=groups)
        copied, copied_mask = partial_conv2d(*args, view.clone(), padding=1, groups=groups)
        assert_close(out, copied)
        assert torch.equal(mask_out, copied_mask)


def test_the_mask_of_a_first_layer_feeds_a_second():
    """The updated mask of a multi-channel layer is a view, which the next layer recognises."""
    input, mask = torch.randn(2, 4, 9, 10), random_mask(4)
    first, second = torch.randn(6, 4, 3, 3), torch.randn(3, 6, 3, 3)
    hidden, hidden_mask = partial_conv2d(input, first, None, mask, padding=1)
    assert hidden_mask.shape == hidden.shape and hidden_mask.stride(1) == 0
    out, _ = partial_conv2d(hidden, second, None, hidden_mask, padding=1)
    assert_close(out, partial_conv2d(hidden, second, None, hidden_mask.clone(), padding=1)[0])


@pytest.mark.parametrize('mask_channels', [1, 4])
@pytest.mark.parametrize('dtype', [torch.bool, torch.uint8, torch.int64, torch.float16, torch.float64])
def test_masks_of_any_dtype_mean_the_same(dtype, mask_channels):
    mask = random_mask(mask_channels)
    args = torch.randn(2, 4, 9, 10), torch.randn(6, 4, 3, 3), torch.randn(6)
    out, mask_out = partial_conv2d(*args, mask, padding=1)
    out_of_dtype, mask_of_dtype = partial_conv2d(*args, mask.to(dtype), padding=1)
    assert out_of_dtype.dtype == torch.float32 and torch.equal(out_of_dtype, out)
    assert mask_of_dtype.dtype == (dtype if dtype.is_floating_point else torch.float32)
    assert torch.equal(mask_of_dtype.float(), mask_out)


@pytest.mark.parametrize('mask_channels', [1, 4])
def test_one_mask_is_shared_by_the_batch(mask_channels):
    mask = random_mask(mask_channels, batch=1)
    args = torch.randn(3, 4, 9, 10), torch.randn(6, 4, 3, 3), torch.randn(6)
    out, mask_out = partial_conv2d(*args, mask, padding=1)
    repeated, repeated_mask = partial_conv2d(*args, mask.repeat(3, 1, 1, 1), padding=1)
    assert torch.equal(out, repeated) and torch.equal(mask_out.expand_as(repeated_mask), repeated_mask)
    assert len(mask_out) == 1  # as NVIDIA's


def test_convention_soft_masks_scale_input_and_bias_once():
    """A window with 0.25 valid positions: the mean of what it saw, and the bias, at a quarter."""
    input, weight = torch.full((1, 1, 3, 3), 8.), torch.full((1, 1, 3, 3), 1 / 9)
    mask = torch.zeros(1, 1, 3, 3)
    mask[..., 1, 1] = .25
    out, mask_out = partial_conv2d(input, weight, torch.tensor([4.]), mask)
    assert_close(out.item(), .25 * 8. + .25 * 4)
    assert mask_out.item() == .25


def test_soft_masks_spread():
    """What interpolating a mask costs: 0.1 everywhere is 0.9 after one 3x3 kernel."""
    _, mask_out = partial_conv2d(torch.ones(1, 1, 3, 3), torch.ones(1, 1, 3, 3), mask=torch.full((1, 1, 3, 3), .1))
    assert_close(mask_out.item(), .9)


@pytest.mark.parametrize('mask_channels, mask_format', [
    (1, torch.contiguous_format), (4, torch.contiguous_format), (4, torch.channels_last)])
def test_a_mask_keeps_the_memory_format(mask_channels, mask_format):
    input = torch.randn(2, 4, 9, 10).to(memory_format=torch.channels_last).requires_grad_()
    mask = random_mask(mask_channels).contiguous(memory_format=mask_format)
    weight, bias = torch.randn(6, 4, 3, 3), torch.randn(6)
    hidden = hide_holes(input, mask)
    assert hidden.is_contiguous(memory_format=torch.channels_last)
    out, _ = partial_conv2d(input, weight, bias, mask, padding=1)
    assert out.is_contiguous(memory_format=torch.channels_last) and not out.is_contiguous()
    assert_close(out, partial_conv2d(input.contiguous(), weight, bias, mask, padding=1)[0])


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize('mask_channels', [1, 4])
def test_hiding_keeps_every_valid_value_and_leaves_positive_zero_elsewhere(mask_channels, dtype):
    mask = random_mask(mask_channels).to(dtype)
    values = torch.tensor([torch.nan, torch.inf, -torch.inf, -0., 1.5], dtype=dtype)
    input = values[torch.randint(5, (2, 4, 9, 10))]
    hidden, valid = hide_holes(input, mask), mask.expand_as(input) != 0
    assert torch.equal(hidden[valid].nan_to_num(7), input[valid].nan_to_num(7))
    assert hidden[~valid].eq(0).all() and not hidden[~valid].signbit().any()


def test_holes_are_hidden_under_torchs_function_transforms():
    """Which cannot look at the bits of a number."""
    input, mask = torch.randn(3, 4, 9, 10), random_mask(1, batch=3)
    input = torch.where(mask == 0, torch.nan, input)
    expected = torch.where(mask == 0, 0, input)

    def one(image, hole):
        return hide_holes(image[None], hole[None])[0]

    def total(image, hole):
        return one(image, hole).sum()

    assert torch.equal(torch.func.vmap(one)(input, mask), expected)
    assert torch.equal(torch.func.vmap(torch.func.grad(total))(input, mask), mask.expand_as(input))


def test_holes_are_hidden_in_a_compiled_function():
    input, mask = torch.randn(2, 4, 9, 10), random_mask()
    input = torch.where(mask == 0, torch.nan, input).requires_grad_()
    hidden = torch.compile(hide_holes, backend='aot_eager', fullgraph=True)(input, mask)
    assert torch.equal(hidden, torch.where(mask == 0, 0, input))
    hidden.sum().backward()
    assert torch.equal(input.grad, mask.expand_as(input))


def test_the_gradient_of_the_bias_keeps_no_copy_of_the_mask_per_channel():
    """Autograd keeps one channel of ratio and mask, not one for each channel of the output."""
    input, mask = torch.randn(2, 4, 32, 32, requires_grad=True), (torch.rand(2, 1, 32, 32) > .5).float()
    weight, bias = torch.randn(64, 4, 3, 3), torch.randn(64, requires_grad=True)
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t.shape) or t, lambda t: t):
        out, _ = partial_conv2d(input, weight, bias, mask, padding=1)
    assert out.shape not in kept and (2, 1, 32, 32) in map(tuple, kept)
