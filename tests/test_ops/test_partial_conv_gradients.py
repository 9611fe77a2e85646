"""Gradients against finite differences, and what must have none."""
import pytest
import torch
from torch.autograd import forward_ad, gradcheck, gradgradcheck

from mmpconv.ops import gradient, partial_conv2d, partial_conv3d


def operands(dims, groups=1, mask_channels=1):
    size = {2: (4, 5), 3: (3, 4, 3)}[dims]
    input = torch.randn(2, 4, *size, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(4, 4 // groups, *[3] * dims, dtype=torch.float64, requires_grad=True)
    bias = torch.randn(4, dtype=torch.float64, requires_grad=True)
    mask = (torch.rand(2, mask_channels, *size) > .6).double() if mask_channels else None
    return input, weight, bias, mask


@pytest.mark.parametrize('groups', [1, 2, 4])
@pytest.mark.parametrize('mask_channels', [0, 1, 4], ids=['padding', 'shared', 'multi_channel'])
@pytest.mark.parametrize('dims, operation', [(2, partial_conv2d), (3, partial_conv3d)])
def test_gradients_of_input_weight_and_bias(dims, operation, mask_channels, groups):
    *leaves, mask = operands(dims, groups, mask_channels)
    # Padding 4 shows windows without any valid position.
    padding = 4 if dims == 2 else 1
    assert gradcheck(lambda x, w, b: operation(x, w, b, mask, 2, padding, 1, groups)[0], leaves)


@pytest.mark.parametrize('mask_channels', [1, 4])
def test_gradients_with_a_soft_mask(mask_channels):
    *leaves, mask = operands(2, mask_channels=mask_channels)
    assert gradcheck(lambda x, w, b: partial_conv2d(x, w, b, mask * .3, padding=1)[0], leaves)


@pytest.mark.parametrize('constant', [(), (0,), (1,), (2,)], ids=['all', 'input', 'weight', 'bias'])
@pytest.mark.parametrize('padding', [1, 'same'])
def test_second_derivatives(constant, padding):
    """Of the square, whose first derivative depends on the output."""
    *leaves, mask = operands(2, mask_channels=4)
    for i in constant:
        leaves[i].requires_grad_(False)
    assert gradgradcheck(lambda x, w, b: partial_conv2d(x, w, b, mask * .8, padding=padding)[0].square(), leaves)
    assert gradgradcheck(lambda x, w: partial_conv2d(x, w, None, mask, padding=padding)[0].square(), leaves[:2])


def test_torchs_transforms_and_forward_mode_agree_with_the_gradient():
    input, weight, bias, mask = operands(2)

    def total(x, m, w, b):
        return partial_conv2d(x[None], w, b, m[None], padding=1)[0].square().sum()

    grads = torch.func.vmap(torch.func.grad(total, (0, 2, 3)), (0, 0, None, None))(input, mask, weight, bias)
    (weight_grads, bias_grads), tangent = (grad.sum(0) for grad in grads[1:]), torch.randn_like(weight)
    out = partial_conv2d(input, weight, bias, mask, padding=1)[0].square().sum()
    expected = torch.autograd.grad(out, (input, weight, bias))
    for result, value in zip((grads[0], weight_grads, bias_grads), expected, strict=True):
        torch.testing.assert_close(result, value)
    with forward_ad.dual_level():
        dual = partial_conv2d(input, forward_ad.make_dual(weight, tangent), bias, mask, padding=1)[0].square().sum()
        torch.testing.assert_close(forward_ad.unpack_dual(dual).tangent, (expected[1] * tangent).sum())


@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16])
@pytest.mark.parametrize('memory_format', [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize('mask_channels', [1, 4])
def test_the_gradients_are_those_of_the_plain_operations_bit_by_bit(monkeypatch, mask_channels, memory_format, dtype):
    leaves = [leaf.detach().to(dtype) for leaf in operands(2)[:3]]
    leaves = [leaf.contiguous(memory_format=memory_format) if leaf.dim() == 4 else leaf for leaf in leaves]
    mask = operands(2, mask_channels=mask_channels)[3]
    grads = []
    for own in (True, False):
        if not own:
            monkeypatch.setattr(gradient, '_has_gradient', lambda *operands: False)
        for leaf in leaves:
            leaf.requires_grad_().grad = None
        partial_conv2d(*leaves, mask, padding=1)[0].square().sum().backward()
        grads.append([leaf.grad for leaf in leaves])
    for result, expected in zip(*grads, strict=True):
        assert torch.equal(result, expected) and result.stride() == expected.stride()


def test_the_mask_is_a_constant():
    input, weight, bias, mask = operands(2)
    mask.requires_grad_()
    out, mask_out = partial_conv2d(input, weight, bias, mask, padding=1)
    assert not mask_out.requires_grad
    out.sum().backward()
    assert mask.grad is None and input.grad is not None


def test_operands_without_gradient_are_left_unchanged():
    operands_ = [t.detach().clone() if t is not None else t for t in operands(2, mask_channels=4)]
    before = [t.clone() for t in operands_]
    partial_conv2d(*operands_, padding=1)
    partial_conv2d(*operands_[:3], padding=1)
    for operand, copy in zip(operands_, before):
        assert torch.equal(operand, copy)


def test_a_second_backward_is_possible():
    """Nothing that is saved for the gradient is overwritten by the arithmetic in place."""
    *leaves, mask = operands(2, mask_channels=4)
    out, _ = partial_conv2d(*leaves, mask, padding=1)
    out.square().sum().backward(retain_graph=True)
    first = [leaf.grad.clone() for leaf in leaves]
    out.square().sum().backward()
    for leaf, grad in zip(leaves, first):
        torch.testing.assert_close(leaf.grad, 2 * grad)
