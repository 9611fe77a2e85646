"""Hiding, convolving and scaling in one step of autograd, whose backward pass makes two maps instead of four."""
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.autograd import forward_ad

from .holes import hide_holes, without_copies
from .partial_padding import CONV
from .tracing import is_tracing
from .window import explicit_padding


def scale(out: Tensor, bias: Tensor | None, ratio: Tensor, seen: Tensor) -> Tensor:
    """``out * ratio + bias * seen``, in place.

    So there is one rounding, in the ratio's precision, whatever the dtype of ``out``.

    Args:
        out: ``(N, C_out, *size)``, a convolution without bias.
        bias: ``(C_out,)`` or None.
        ratio, seen: ``(N, 1 or C_out, *size)``, see :func:`mmpconv.ops.partial_conv2d`: ``numel / count`` and
            ``mask_out``.
    """
    out = out.mul_(ratio)
    if bias is not None:
        out = out.addcmul_(bias.to(out.dtype).view(-1, *[1] * (out.dim() - 2)), seen.to(out.dtype))
    return out


def conv_of_valid(input: Tensor, weight: Tensor, bias: Tensor | None, mask: Tensor, ratio: Tensor, seen: Tensor,
                  stride: Sequence[int], padding: str | Sequence[int], dilation: Sequence[int],
                  groups: int) -> Tensor:
    """``scale(conv(hide_holes(input, mask), weight), bias, ratio, seen)``.

    For maps above 32 MB, for which the system clears fresh memory each time, it is the fresh maps of the backward pass
    that cost: here they are the gradient of the convolution and that of its input; masks and ratio multiply in place.
    """
    pads = explicit_padding(padding, weight.shape[2:], dilation)
    geometry = stride, [before for before, _ in pads], dilation, groups
    if _has_gradient(input, weight, bias) and all(before == after for before, after in pads):
        return _ConvOfValid.apply(input, weight, bias, mask, ratio, seen, *geometry)[0]
    out = CONV[weight.dim() - 2](hide_holes(input, mask), weight, None, stride, padding, dilation, groups)
    return scale(out, bias, ratio, seen)


def _has_gradient(*operands: Tensor | None) -> bool:
    """True if autograd records, and nothing that knows torch's own operations only."""
    operands = [operand for operand in operands if operand is not None]
    return (torch.is_grad_enabled() and any(operand.requires_grad for operand in operands)
            and not is_tracing() and not torch.is_autocast_enabled(operands[0].device.type)
            and not torch._C._are_functorch_transforms_active()  # torch.func; there is no public question
            and all(forward_ad.unpack_dual(operand).tangent is None for operand in operands))


class _ConvOfValid(torch.autograd.Function):
    """Arguments of :func:`conv_of_valid`, of which the padding is one number per dimension.

    The features without holes are a second output, which nobody takes: a second derivative needs them as a function
    of the input, and asks for their gradient.
    """

    @staticmethod
    def forward(ctx, input, weight, bias, mask, ratio, seen, stride, padding, dilation, groups):
        hidden = hide_holes(input, mask)
        out = CONV[weight.dim() - 2](hidden, weight, None, stride, padding, dilation, groups)
        ctx.save_for_backward(hidden, weight, without_copies(mask).to(input.dtype), ratio, seen)
        ctx.has_bias, ctx.geometry = bias is not None, (stride, padding, dilation, False, [0] * len(stride), groups)
        ctx.set_materialize_grads(False)
        return scale(out, bias, ratio, seen), hidden

    @staticmethod
    def backward(ctx, grad, grad_hidden):
        hidden, weight, mask, ratio, seen = ctx.saved_tensors
        grad_weight = grad_bias = None
        if grad is not None:
            if ctx.has_bias:
                grad = grad * seen.to(grad.dtype)
                grad_bias = grad.sum([0, *range(2, grad.dim())])
                grad = grad.mul_(torch.where(seen > 0, ratio / seen, 0))
            else:
                grad = (grad * ratio).to(grad.dtype)
            grad_input, grad_weight, _ = torch.ops.aten.convolution_backward(
                grad, hidden, weight, None, *ctx.geometry, [*ctx.needs_input_grad[:2], False])
            if grad_hidden is None:
                grad_hidden = grad_input
            elif grad_input is not None:
                grad_hidden = grad_hidden + grad_input
        grad_input = None
        if grad_hidden is not None and ctx.needs_input_grad[0]:
            grad_input = grad_hidden.mul_(mask) if grad is not None else grad_hidden * mask
        return grad_input, grad_weight, grad_bias, *[None] * 7
