"""Gradients against finite differences, and what must have none."""
import pytest
import torch
from torch.autograd import gradcheck

from mmpconv.ops import partial_conv2d, partial_conv3d


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


def test_gradients_with_a_soft_mask():
    *leaves, mask = operands(2)
    assert gradcheck(lambda x, w, b: partial_conv2d(x, w, b, mask * .3, padding=1)[0], leaves)


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
