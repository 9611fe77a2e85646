"""The partial convolution as plain loops over numbers: no convolution, no padding, no broadcasting.

Follows arXiv 1804.07723, equations 1 and 2, in float64. Slow, and meant to be checked by reading.
"""
from itertools import product

import torch
import torch.nn.functional as F
from torch import Tensor


def partial_conv(input: Tensor, weight: Tensor, bias: Tensor | None = None, mask: Tensor | None = None,
                 stride=1, padding=0, dilation=1, groups: int = 1,
                 padding_mode: str = 'zeros') -> tuple[Tensor, Tensor]:
    """Output ``(N, C_out, *size)`` and updated mask ``(N, C_out, *size)``, for any number of dimensions.

    ``mask`` has one channel (shared), as many as the input (counted per group), or is None (all valid).
    """
    kernel_size, size, dims = weight.shape[2:], input.shape[2:], weight.dim() - 2
    stride, dilation = _per_dim(stride, dims), _per_dim(dilation, dims)
    if padding == 'same':  # as long as the input, the odd position at the end
        before = [d * (k - 1) // 2 for d, k in zip(dilation, kernel_size)]
        out_size = list(size)
    else:
        before = _per_dim(padding, dims)
        out_size = [(n + 2 * p - d * (k - 1) - 1) // s + 1
                    for n, p, d, k, s in zip(size, before, dilation, kernel_size, stride)]
    mask = torch.ones(1, 1, *size) if mask is None else mask
    x, w, m = input.double().tolist(), weight.double().tolist(), mask.double()
    m = m.expand(input.shape[0], -1, *size).tolist()
    shared = mask.shape[1] == 1
    channels_in, channels_out = weight.shape[1], weight.shape[0]
    numel = kernel_size.numel() * (1 if shared else channels_in)

    out = torch.zeros(input.shape[0], channels_out, *out_size, dtype=torch.float64)
    mask_out = torch.zeros_like(out)
    for n, o, place in product(range(input.shape[0]), range(channels_out), product(*map(range, out_size))):
        first = o // (channels_out // groups) * channels_in
        total = count = 0.
        for tap in product(*map(range, kernel_size)):
            where = [_source(i * s - p + t * d, length, padding_mode)
                     for i, s, p, t, d, length in zip(place, stride, before, tap, dilation, size)]
            if None in where:
                continue
            for c in range(channels_in):
                valid = _at(m[n][0 if shared else first + c], where)
                if not shared or c == 0:
                    count += valid
                if valid:
                    total += _at(w[o][c], tap) * _at(x[n][first + c], where) * valid
        if count > 0:
            seen = min(count, 1.)
            mask_out[(n, o, *place)] = seen
            out[(n, o, *place)] = (total * numel * seen / count
                                   + (0. if bias is None else float(bias[o]) * seen))
    return out, mask_out


def _source(i: int, length: int, padding_mode: str) -> int | None:
    """Index of the pixel that position ``i`` of the padded image shows; None: a zero."""
    if 0 <= i < length:
        return i
    return {'zeros': None, 'replicate': min(max(i, 0), length - 1), 'circular': i % length,
            'reflect': -i if i < 0 else 2 * (length - 1) - i}[padding_mode]


def _at(nested: list, where) -> float:
    for i in where:
        nested = nested[i]
    return nested


def _per_dim(value, dims: int) -> list[int]:
    return [value] * dims if isinstance(value, int) else list(value)


def published_formula(input: Tensor, weight: Tensor, bias: Tensor | None, mask: Tensor, stride=1, padding=0,
                      dilation=1) -> tuple[Tensor, Tensor]:
    """The same in two dimensions as the peers compute it, for networks: the mask is convolved with ones."""
    ones = torch.ones_like(weight) if mask.shape[1] > 1 else weight.new_ones(1, 1, *weight.shape[2:])
    count = F.conv2d(mask, ones, None, stride, padding, dilation)
    seen = count.clamp(max=1)
    out = F.conv2d(input * mask, weight, None, stride, padding, dilation)
    out = out * torch.where(count > 0, ones[0].numel() * seen / count.where(count > 0, 1), 0)
    return out if bias is None else out + bias.view(1, -1, 1, 1) * seen, seen
