"""The operation under torch.jit.script and torch.export."""
import torch
import torch.nn.functional as F
from torch import Tensor


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
    valid = mask
    if not shared and per_group > 1:
        if mask.stride(1) == 0:
            valid = (mask[:, :1] * per_group).expand([-1, groups] + list(mask.shape[2:]))
        else:
            valid = mask.unflatten(1, [groups, per_group]).sum(2)
    sides: list[int] = []
    numel = per_group
    for i in range(spatial):
        sides = [padding[2 * i], padding[2 * i + 1]] + sides
        numel *= kernel_size[i]
    count = F.pad(valid, sides)
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


def count_along(valid: Tensor, dim: int, kernel: int, stride: int, dilation: int) -> Tensor:
    """Sum of ``valid`` under each window of one dimension, without padding; for eager calls too.

    Sums of 1, 2, 4 neighbours and so on are each made of the one before, so that 7 positions take 4 additions.
    """
    size = (valid.size(dim) - dilation * (kernel - 1) - 1) // stride + 1
    total, offset, length = valid, 0, 1
    while length <= kernel:
        if length > 1:  # `valid` becomes the sums of `length` neighbours
            reach = length // 2 * dilation
            rest = valid.size(dim) - reach
            valid = valid.narrow(dim, 0, rest) + valid.narrow(dim, reach, rest)
        if kernel & length:
            part = valid.narrow(dim, offset * dilation, (size - 1) * stride + 1)
            if stride > 1:
                part = part.unfold(dim, 1, stride).squeeze(-1)
            total = part if offset == 0 else total + part
            offset += length
        length *= 2
    return total


def is_exporting() -> bool:
    """True while :func:`torch.export.export` is tracing: what is written down must not depend on sizes.

    (Before torch 2.7 there is no saying, and an exported program is good for its own sizes only.)
    """
    ask = getattr(torch.compiler, 'is_exporting', None)
    return ask is not None and ask()


def is_tracing() -> bool:
    """True while a compiler, an export or :func:`torch.jit.trace` records: it had better see plain operations."""
    return torch.compiler.is_compiling() or torch.jit.is_tracing()
