"""The operation under torch.jit.script."""
import torch
import torch.nn.functional as F
from torch import Tensor

from .window import count_along, valid_channels


def scripted_pads(kernel_size: list[int], dilation: list[int], same: bool) -> list[int]:
    """Padding before and after each dimension of ``'same'``, or of ``'valid'``."""
    pads: list[int] = []
    for i in range(len(kernel_size)):
        total = dilation[i] * (kernel_size[i] - 1) if same else 0
        pads += [total // 2, total - total // 2]
    return pads


def scripted_both_sides(padding: list[int]) -> list[int]:
    """Padding before and after each dimension of one number for each."""
    pads: list[int] = []
    for pad in padding:
        pads += [pad, pad]
    return pads


def scripted_ratio(size: list[int], kernel_size: list[int], stride: list[int], padding: list[int],
                   dilation: list[int], like: Tensor) -> Tensor:
    """:func:`~mmpconv.ops.partial_padding_ratio`; ``padding`` before and after each dimension, the first one first."""
    dtype = torch.float64 if like.dtype == torch.float64 else torch.float32
    ratio = torch.ones([1], dtype=dtype, device=like.device)
    for i in range(len(size)):
        inside = F.pad(torch.ones([1, 1, size[i]], dtype=dtype, device=like.device),
                       [padding[2 * i], padding[2 * i + 1]])
        count = count_along(inside, 2, kernel_size[i], stride[i], dilation[i])[0, 0]
        share = torch.where(count > 0, count.reciprocal() * kernel_size[i], torch.zeros_like(count))
        ratio = share if i == 0 else ratio.unsqueeze(-1) * share
    return ratio


def scripted_padding(out: Tensor, bias: Tensor | None, size: list[int], kernel_size: list[int], stride: list[int],
                     padding: list[int], dilation: list[int]) -> tuple[Tensor, Tensor]:
    """Partial padding of a zero-padded convolution's output, and the updated mask, ``(*output size)``."""
    ratio = scripted_ratio(size, kernel_size, stride, padding, dilation, out)
    seen = (ratio > 0).to(out.dtype)
    out = out.mul_(ratio)
    if bias is not None:
        out = out.addcmul_(bias.to(out.dtype).view([-1] + [1] * len(size)), seen)
    return out, seen


def scripted_mask(mask: Tensor, input: Tensor) -> Tensor:
    """The mask as a constant in the precision of counts."""
    return mask.detach().to(torch.float64 if input.dtype == torch.float64 else torch.float32)


def scripted_hide(input: Tensor, mask: Tensor) -> Tensor:
    """:func:`~mmpconv.ops.holes.hide_holes`."""
    return (input * mask.to(input.dtype)).masked_fill(mask == 0, 0)


def scripted_renormalise(out: Tensor, bias: Tensor | None, mask: Tensor, channels: int, kernel_size: list[int],
                         stride: list[int], padding: list[int], dilation: list[int],
                         groups: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """The renormalised output of :func:`~mmpconv.ops.masked_conv`, and the updated mask, of ``dtype``."""
    spatial = len(kernel_size)
    shared = mask.size(1) == 1
    per_group = 1 if shared else channels // groups
    sides: list[int] = []
    numel = per_group
    for i in range(spatial):
        sides = [padding[2 * i], padding[2 * i + 1]] + sides
        numel *= kernel_size[i]
    count = F.pad(mask if shared else valid_channels(mask, groups), sides)
    for i in range(spatial):
        count = count_along(count, i + 2, kernel_size[i], stride[i], dilation[i])
    ratio = count.clamp(min=1).reciprocal() * numel
    mask_out = count.clamp(max=1)
    seen = mask_out.to(out.dtype)
    if count.size(1) > 1:
        times = out.size(1) // count.size(1)
        ratio, seen = ratio.repeat_interleave(times, 1), seen.repeat_interleave(times, 1)
    out = out.mul_(ratio)
    if bias is not None:
        out = out.addcmul_(bias.to(out.dtype).view([-1] + [1] * spatial), seen)
    if not shared:
        mask_out = mask_out.expand([-1, out.size(1)] + list(out.shape[2:])) if count.size(1) == 1 else seen
    return out, mask_out.to(dtype)
