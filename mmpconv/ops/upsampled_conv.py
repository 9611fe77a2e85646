"""Convolution of an upsampled map and a skip connection, without making the upsampled map."""
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from .exporting import is_exporting

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
