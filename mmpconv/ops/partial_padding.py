"""Partial padding: the partial convolution whose hole is the zero padding.

Liu et al., "Partial Convolution based Padding", arXiv 1811.11718.
"""
from collections.abc import Sequence
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from .tracing import is_tracing
from .window import explicit_padding, sides, window_count

CONV = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}


def partial_padding_ratio(size: Sequence[int], kernel_size: Sequence[int], stride: Sequence[int],
                          padding: str | Sequence[int], dilation: Sequence[int],
                          dtype: torch.dtype = torch.float32, device: torch.device | str = 'cpu') -> Tensor:
    """Positions of the kernel over positions inside the image, for each window.

    1 in the interior, larger at the border: 1.5 on an edge and 2.25 in a corner for
    a 3x3 kernel with padding 1. 0 for a window that lies in the padding altogether.

    Returns:
        Tensor: ``(*output size)``, shared between calls: do not write to it.
    """
    arguments = (tuple(size), tuple(kernel_size), tuple(stride),
                 padding if isinstance(padding, str) else tuple(padding), tuple(dilation), dtype,
                 torch.device(device))
    # A tracing compiler must not put its placeholders into the cache.
    return (_ratio if is_tracing() else _cached_ratio)(*arguments)


def _ratio(size, kernel_size, stride, padding, dilation, dtype, device) -> Tensor:
    # The window of an n-dimensional kernel is a product, so is the ratio.
    ratio = torch.ones((), dtype=dtype, device=device)
    for n, k, s, pad, d in zip(size, kernel_size, stride,
                               explicit_padding(padding, kernel_size, dilation), dilation):
        inside = F.pad(torch.ones(1, 1, n, dtype=dtype, device=device), pad)
        count = window_count(inside, [k], [s], [0], [d])[0, 0]
        ratio = ratio[..., None] * torch.where(count > 0, k / count, 0)
    return ratio


@lru_cache(maxsize=256)
def _cached_ratio(*arguments) -> Tensor:
    # A tensor made under inference mode could not take part in later training.
    with torch.inference_mode(False), torch.no_grad():
        return _ratio(*arguments)


def partial_padding_conv(input: Tensor, weight: Tensor, bias: Tensor | None, stride: Sequence[int],
                         padding: str | Sequence, dilation: Sequence[int], groups: int) -> Tensor:
    """Convolution with partial instead of zero padding; the bias is not scaled.

    Args:
        input: ``(N, C_in, *size)`` or ``(C_in, *size)``.
        weight: ``(C_out, C_in / groups, *kernel_size)``.
        bias: ``(C_out,)`` or None.
        padding: That of the convolution; or a tuple of two per dimension, for before and after.

    Returns:
        Tensor: that of the convolution with zero padding.
    """
    kernel_size, spatial = weight.shape[2:], weight.dim() - 2
    pads = explicit_padding(padding, kernel_size, dilation)
    if isinstance(padding, str) or not isinstance(padding[0], tuple):
        out = CONV[spatial](input, weight, None, stride, padding, dilation, groups)
    else:
        out = CONV[spatial](F.pad(input, sides(pads)), weight, None, stride, 0, dilation, groups)
    if any(pad != (0, 0) for pad in pads):
        ratio = partial_padding_ratio(input.shape[-spatial:], kernel_size, stride, padding, dilation,
                                      torch.promote_types(out.dtype, torch.float32), out.device)
        # In place: one rounding, in the ratio's precision, whatever the dtype of `out`.
        out.mul_(ratio)
        if bias is not None and any(max(pad) > d * (k - 1) or n < d for n, pad, k, d in zip(
                input.shape[-spatial:], pads, kernel_size, dilation)):
            # A window may lie beyond the border, or have the whole image between two taps.
            seen = (ratio > 0).to(out.dtype)
            return out.addcmul_(bias.to(out.dtype).view(-1, *[1] * spatial), seen)
    return out if bias is None else out.add_(bias.to(out.dtype).view(-1, *[1] * spatial))


def padding_mask(input: Tensor, kernel_size: Sequence[int], stride: Sequence[int],
                 padding: str | Sequence[int], dilation: Sequence[int]) -> Tensor:
    """Updated mask of partial padding: ``(1, 1, *output size)``, 0 where a window saw only padding."""
    ratio = partial_padding_ratio(input.shape[2:], kernel_size, stride, padding, dilation,
                                  torch.promote_types(input.dtype, torch.float32), input.device)
    return (ratio > 0).to(input.dtype)[None, None]
