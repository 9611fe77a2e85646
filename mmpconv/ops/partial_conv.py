"""The partial convolution of Liu et al., "Image Inpainting for Irregular Holes Using Partial
Convolutions", ECCV 2018, arXiv 1804.07723, equations 1 and 2.
"""
import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from .check import check_operands
from .gradient import conv_of_valid, scale
from .holes import as_float_mask
from .partial_padding import CONV, padding_mask, partial_padding_conv
from .tracing import is_exporting
from .window import valid_channels, window_count


def partial_conv2d(input: Tensor, weight: Tensor, bias: Tensor | None = None, mask: Tensor | None = None,
                   stride: int | Sequence[int] = 1, padding: int | str | Sequence[int] = 0,
                   dilation: int | Sequence[int] = 1, groups: int = 1) -> tuple[Tensor, Tensor]:
    r"""Two-dimensional partial convolution: sees valid pixels only, and renormalises.

    For a window with ``numel = (C_in / groups) * kh * kw`` positions, ``count`` of them valid
    (a sum, for soft masks)::

        mask_out = min(count, 1)
        out      = (W * (x . m)) * numel * mask_out / count + b * mask_out    (0 where count = 0)

    Counts are computed in float32 (float64 for float64 input) whatever the dtype of the input, and
    the result is rounded once, so there is no epsilon and nothing to tune for half precision.

    Convention:
        Masks are 1 = valid, 0 = hole, from 0 to 1; that they are, and not NaN, is not checked, which would cost
        a pass over them and on a GPU a wait. Padding counts as hole. A mask of one channel is shared by
        all channels, with ``numel = kh * kw``; one of ``C_in`` channels is counted over the channels
        of each group. The mask is a constant: no gradient flows into it. What the holes hold never
        reaches the output, not even as NaN.

    Args:
        input: ``(N, C_in, H, W)``, floating point.
        weight: ``(C_out, C_in / groups, kh, kw)``.
        bias: ``(C_out,)``; added unscaled, where the window saw anything.
        mask: ``(N, 1, H, W)`` or ``(N, C_in, H, W)``, any real or boolean dtype; a batch size of 1
            is shared. None: only the padding is a hole (partial padding, arXiv 1811.11718).
        stride, padding, dilation, groups: See :func:`torch.nn.functional.conv2d`.

    Returns:
        tuple[Tensor, Tensor]: Output ``(N, C_out, H', W')`` and updated mask, ``(N, 1, H', W')`` or
        ``(N, C_out, H', W')`` as the mask was given (then a view where groups = 1: do not write to it);
        of batch size 1 where the mask was, or where there was none.

    Raises:
        ValueError: Ranks, channels, sizes or devices do not fit.
        TypeError: Dtypes do not fit.

    Example:
        >>> import torch
        >>> from mmpconv.ops import partial_conv2d
        >>> x = torch.tensor([[[[1., 9.], [1., 1.]]]])
        >>> mask = torch.tensor([[[[1., 0.], [1., 1.]]]])
        >>> partial_conv2d(x, torch.ones(1, 1, 2, 2), mask=mask)  # 3 valid ones, times 4 / 3
        (tensor([[[[4.]]]]), tensor([[[[1.]]]]))
    """
    return _partial_conv(2, input, weight, bias, mask, stride, padding, dilation, groups)


def partial_conv1d(input: Tensor, weight: Tensor, bias: Tensor | None = None, mask: Tensor | None = None,
                   stride: int | Sequence[int] = 1, padding: int | str | Sequence[int] = 0,
                   dilation: int | Sequence[int] = 1, groups: int = 1) -> tuple[Tensor, Tensor]:
    """One-dimensional partial convolution: :func:`partial_conv2d` on ``(N, C, L)``."""
    return _partial_conv(1, input, weight, bias, mask, stride, padding, dilation, groups)


def partial_conv3d(input: Tensor, weight: Tensor, bias: Tensor | None = None, mask: Tensor | None = None,
                   stride: int | Sequence[int] = 1, padding: int | str | Sequence[int] = 0,
                   dilation: int | Sequence[int] = 1, groups: int = 1) -> tuple[Tensor, Tensor]:
    """Three-dimensional partial convolution: :func:`partial_conv2d` on ``(N, C, D, H, W)``."""
    return _partial_conv(3, input, weight, bias, mask, stride, padding, dilation, groups)


def _partial_conv(spatial, input, weight, bias, mask, stride, padding, dilation, groups):
    check_operands(spatial, input, weight, bias, mask, groups)
    stride, dilation = _tuple(stride, spatial), _tuple(dilation, spatial)
    padding = padding if isinstance(padding, str) else _tuple(padding, spatial)
    kernel_size = weight.shape[2:]
    if mask is None:
        out = partial_padding_conv(input, weight, bias, stride, padding, dilation, groups)
        return out, padding_mask(input, kernel_size, stride, padding, dilation)
    return convolve(input, weight, bias, mask, stride, padding, dilation, groups)


def convolve(input: Tensor, weight: Tensor, bias: Tensor | None, mask: Tensor, stride: Sequence[int],
             padding: str | Sequence[int], dilation: Sequence[int], groups: int) -> tuple[Tensor, Tensor]:
    """:func:`partial_conv2d` in any number of dimensions, of operands that were checked."""
    float_mask = as_float_mask(mask, input)
    shared = mask.shape[1] == 1
    valid, channels = (float_mask, 1) if shared else (valid_channels(float_mask, groups), weight.shape[1])
    ratio, seen, mask_out = _ratio_and_mask(
        valid, channels, weight.shape[2:], stride, padding, dilation, weight.shape[0])
    out = conv_of_valid(input, weight, bias, float_mask, ratio, seen, stride, padding, dilation, groups)
    mask_out = mask_out.to(mask.dtype if mask.is_floating_point() else out.dtype)
    return out, mask_out if shared else per_output_channel(mask_out, out.shape[1])


def masked_conv(input: Tensor, weight: Tensor, bias: Tensor | None, valid: Tensor, channels: int,
                stride: Sequence[int], padding: str | Sequence[int], dilation: Sequence[int],
                groups: int) -> tuple[Tensor, Tensor]:
    """Partial convolution of features that are zero in the holes already, in any number of dimensions.

    This is the operation as networks use it: features are masked once, where they are produced, and
    a mask is the number of valid channels at each position, not one plane per channel. (The mask
    convolution of the published formula is as large as the feature convolution, and all its output
    channels are equal.)

    Args:
        input: ``(N, C_in, *size)``, zero in the holes.
        weight, bias, stride, padding, dilation, groups: Those of the convolution.
        valid: ``(N, 1 or groups, *size)``, valid channels from 0 to ``channels``, of float32 or wider.
        channels: Value of ``valid`` where there is no hole.

    Returns:
        tuple[Tensor, Tensor]: Output, and updated mask ``(N, 1 or groups, *output size)``.
    """
    out = CONV[weight.dim() - 2](input, weight, None, stride, padding, dilation, groups)
    return renormalise(out, bias, valid, channels, weight.shape[2:], stride, padding, dilation)


def renormalise(out: Tensor, bias: Tensor | None, valid: Tensor, channels: int, kernel_size: Sequence[int],
                stride: Sequence[int], padding: str | Sequence[int],
                dilation: Sequence[int]) -> tuple[Tensor, Tensor]:
    """:func:`masked_conv` of which the convolution without bias, ``out``, is there; it is written to."""
    ratio, seen, mask_out = _ratio_and_mask(valid, channels, kernel_size, stride, padding, dilation, out.shape[1])
    return scale(out, bias, ratio, seen), mask_out


@torch.no_grad()
def _ratio_and_mask(valid, channels, kernel_size, stride, padding, dilation, out_channels):
    """``numel / count`` and ``mask_out`` as they are multiplied with the output, and ``mask_out`` of one per group."""
    count = window_count(valid, kernel_size, stride, padding, dilation)
    # numel * min(count, 1) / count. Where count is 0 the convolution is 0 too.
    ratio = channels * math.prod(kernel_size) / count.clamp(min=1)
    mask_out = count.clamp(max=1)
    if count.shape[1] == 1:  # left to broadcasting: autograd would copy what is expanded
        return ratio, mask_out, mask_out
    return per_output_channel(ratio, out_channels), per_output_channel(mask_out, out_channels), mask_out


def per_output_channel(grouped: Tensor, channels: int) -> Tensor:
    """``(N, G, *size)`` as ``(N, channels, *size)``; a view where G = 1 or G = channels."""
    groups = grouped.shape[1]
    if groups in (1, channels):
        return grouped.expand(-1, channels, *grouped.shape[2:])
    return grouped.repeat_interleave(channels // groups, 1)


def _tuple(value, length: int) -> tuple:
    return (value,) * length if isinstance(value, int) else tuple(value)


# Below this many pixels times images, summing the kernel costs more than it saves (512 channels, 2 cores).
_MIN_PIXELS = 512


def upsample_concat(low: Tensor, skip: Tensor) -> Tensor:
    """``low``, upsampled to the size of ``skip`` by its nearest neighbours, beside ``skip``."""
    return torch.cat([F.interpolate(low, skip.shape[2:], mode='nearest'), skip], 1)


def upsampled_conv2d(low: Tensor, skip: Tensor, weight: Tensor, stride: Sequence[int], padding: Sequence[int],
                     dilation: Sequence[int], groups: int) -> Tensor:
    """``conv2d(upsample_concat(low, skip), weight)``, with 4 instead of 9 multiplications where it can.

    A 3x3 convolution of a map whose pixels were doubled meets each value in 2 x 2 places at most:
    it is a transposed convolution of the small map, of stride 2, whose 4x4 kernel is the 3x3 kernel
    summed over the doubled pixels. The results differ by float rounding. Done on a CPU, where it was
    measured (forward 1.4 to 8 times, with backward 1.3 to 6 times as fast for maps of 16 to 128 pixels).

    Args:
        low: ``(N, C_low, h, w)``.
        skip: ``(N, C_skip, H, W)``.
        weight: ``(C_out, (C_low + C_skip) / groups, kh, kw)``.
        stride, padding, dilation: Two numbers each.

    Returns:
        Tensor: ``(N, C_out, H', W')``.
    """
    n, channels, h, w = low.shape
    doubles = (weight.shape[2:] == (3, 3) and (*stride, *padding, *dilation, groups) == (1,) * 7
               and not is_exporting() and skip.shape[2:] == (2 * h, 2 * w))
    if not doubles or low.device.type != 'cpu' or n * h * w < _MIN_PIXELS:
        return F.conv2d(upsample_concat(low, skip), weight, None, stride, padding, dilation, groups)
    out = F.conv2d(skip, weight[:, channels:], padding=1)
    return out.add_(F.conv_transpose2d(low, _doubled_kernel(weight[:, :channels]), stride=2, padding=1))


def _doubled_kernel(weight: Tensor) -> Tensor:
    """The 3x3 kernel ``(C_out, C_in, 3, 3)`` as a transposed convolution's, ``(C_in, C_out, 4, 4)``."""
    kernel = F.pad(weight.flip(2, 3).transpose(0, 1), (1, 1, 1, 1))
    kernel = kernel[:, :, 1:] + kernel[:, :, :-1]
    return kernel[..., 1:] + kernel[..., :-1]
