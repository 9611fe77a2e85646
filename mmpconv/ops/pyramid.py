"""A pyramid of partial convolutions with a fixed kernel: it fills holes without a single weight."""
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from .check import check_mask
from .tracing import is_exporting

# How soon a coarse pixel that is partly valid counts as valid altogether.
SATURATION = 6.0
# Else a lone pixel would count less from level to level, down to denormal numbers, with which a CPU is slow.
_LEAST = 2.0**-20
# Binomial, of stride 2: each pixel counts in two windows, so that nothing is lost between them.
_KERNEL = (1 / 8, 3 / 8, 3 / 8, 1 / 8)
# In an exported program, which does not know the size of its images: holes of up to 2^11 pixels are filled.
EXPORTED_LEVELS = 11
SURFACE, LINES = (2, 2), (2, 1)


def pyramid_fill(input: Tensor, mask: Tensor, saturation: float = SATURATION) -> Tensor:
    r"""Fill holes smoothly from what surrounds them, from coarse to fine.

    On the way down each level is a partial convolution of stride 2 with the kernel ``w = [1 3 3 1] x [1 3 3 1] / 64``,
    until a single pixel is left; on the way up, what is not valid comes from the coarser level::

        den          = w * valid                                     (* the convolution, padded by one pixel)
        coarse       = w * (valid . x) / den                         (0 where den = 0)
        coarse valid = min(1, max(2^-20, saturation . den))          (0 where den = 0)
        fill         = valid . x + (1 - valid) . bilinear(coarse fill)

    Time and memory are linear in the number of pixels. Valid pixels come out as they went in.

    Convention:
        Masks are 1 = valid, 0 = hole; soft masks blend. The mask is a constant: no gradient flows into it. What the
        holes hold never reaches the output, not even as NaN. An image of which nothing is valid becomes 0.

    Args:
        input: ``(N, C, H, W)``, floating point, any size from one pixel up.
        mask: ``(N, 1, H, W)``, any real or boolean dtype, in [0, 1]; a batch size of 1 is shared.
        saturation: How soon a coarse pixel that is partly valid counts as valid altogether, above 0.

    Returns:
        Tensor: ``(N, C, H, W)``, of the dtype of the input.

    Raises:
        ValueError: Ranks, channels, sizes or devices do not fit, or ``saturation`` is not above 0.
        TypeError: Dtypes do not fit.

    Example:
        >>> import torch
        >>> from mmpconv.ops import pyramid_fill
        >>> pyramid_fill(torch.tensor([[[[1., 9.], [3., 2.]]]]), torch.tensor([[[[1., 0.], [1., 1.]]]]))
        tensor([[[[1., 2.], [3., 2.]]]])
    """
    x, valid = operands(input, mask, saturation)
    # Autocast would round the image to the precision of convolutions.
    with torch.autocast(input.device.type, enabled=False):
        return fill_levels(x, valid, saturation, SURFACE)[0].to(input.dtype)


def operands(input: Tensor, mask: Tensor, saturation: float) -> tuple[Tensor, Tensor]:
    """Image, 0 where nothing is valid, and mask in the precisions that are computed in."""
    if input.dim() != 4:
        raise ValueError(f'input has {input.dim()} dimensions, shape {tuple(input.shape)}, but must be (N, C, H, W); '
                         'use input[None] for one image')
    if not input.is_floating_point():
        raise TypeError(f'input is {input.dtype} but must be floating point; pass input.float()')
    check_mask(mask, input, multi_channel=False)
    if not saturation > 0:
        raise ValueError(f'saturation is {saturation} but must be above 0')
    # In half precision the weights of lone pixels would vanish after a few levels.
    dtype = torch.float32 if input.dtype == torch.float16 else input.dtype
    valid = mask.detach().to(torch.promote_types(dtype, torch.float32))
    return torch.where(valid > 0, input, 0).to(dtype), valid


def fill_levels(x: Tensor, valid: Tensor, saturation: float, stride: Sequence[int]) -> tuple[Tensor, Tensor]:
    """The pyramid itself, of operands as :func:`operands` gives them.

    Args:
        stride: What is halved from level to level: :data:`SURFACE`, or :data:`LINES` for each column by itself.

    Returns:
        tuple[Tensor, Tensor]: The filled image, and the validity of the coarsest level, 0 where it saw nothing.
    """
    longest = x.shape[2] if stride == LINES else max(x.shape[2:])
    levels = [(x, valid)]
    for _ in range(EXPORTED_LEVELS if is_exporting() else (max(longest, 1) - 1).bit_length()):
        levels.append(_coarser(*levels[-1], saturation, stride))
    filled, coarsest = levels.pop()
    for x, valid in reversed(levels):
        # Exact at both ends, so that valid pixels come out as they went in.
        filled = torch.lerp(_doubled(filled, x.shape[2:], stride), x, valid.to(x.dtype))
    return filled, coarsest


def _coarser(x: Tensor, valid: Tensor, saturation: float, stride: Sequence[int]) -> tuple[Tensor, Tensor]:
    if stride == LINES and not is_exporting():
        return _coarser_lines(x, valid, saturation)
    weights = torch.tensor(_KERNEL, dtype=valid.dtype, device=x.device)
    kernel = weights[:, None] * (weights if stride == SURFACE else weights.new_ones(1))
    # Two behind, so that an odd size has a window for its last pixel.
    pad = (1, 2, 1, 2) if stride == SURFACE else (0, 0, 1, 2)
    den = _by_channel(F.pad(valid, pad), kernel, stride)
    num = _by_channel(F.pad(x * valid.to(x.dtype), pad), kernel.to(x.dtype), stride)
    return _mean_and_validity(num, den, saturation)


def _by_channel(x: Tensor, kernel: Tensor, stride: Sequence[int] = (1, 1)) -> Tensor:
    """Convolve each channel with one kernel ``(kh, kw)``."""
    channels = x.shape[1]
    x = at_least_two_channels(x)
    return F.conv2d(x, kernel.expand(x.shape[1], 1, -1, -1), stride=stride, groups=x.shape[1])[:, :channels]


def at_least_two_channels(x: Tensor) -> Tensor:
    """For the input of a convolution: in an export a single channel is there twice.

    Of one channel torch looks how it is laid out, and what it finds in its example would hold for all sizes.
    """
    return x.expand(-1, 2, -1, -1) if x.shape[1] == 1 and is_exporting() else x


def _coarser_lines(x: Tensor, valid: Tensor, saturation: float) -> tuple[Tensor, Tensor]:
    """The same by sums of rows, where a convolution was measured to take three times as long."""
    rows = F.pad(torch.cat([x * valid.to(x.dtype), valid.to(x.dtype)], 1), (0, 0, 1, 2))
    first, second, third, fourth = (rows[:, :, start:start + 2 * ((x.shape[2] + 1) // 2) - 1:2] for start in range(4))
    total = (second + third).mul_(_KERNEL[1]).add_(first + fourth, alpha=_KERNEL[0])
    return _mean_and_validity(total[:, :-1], total[:, -1:], saturation)


def _mean_and_validity(num: Tensor, den: Tensor, saturation: float) -> tuple[Tensor, Tensor]:
    seen = den > 0
    mean = num * torch.where(seen, 1 / torch.where(seen, den, 1), 0).to(num.dtype)
    return mean, torch.where(seen, (saturation * den).clamp(_LEAST, 1.0), 0)


def _doubled(coarse: Tensor, size: Sequence[int], stride: Sequence[int]) -> Tensor:
    """Bilinear interpolation to twice the size, less the last row or column where ``size`` is odd."""
    if not is_exporting():
        if stride == SURFACE:
            return F.interpolate(coarse, scale_factor=2, mode='bilinear')[:, :, :size[0], :size[1]]
        before, after = (F.pad(coarse, pad, mode='replicate') for pad in ((0, 0, 1, -1), (0, 0, -1, 1)))
        pair = torch.stack([torch.lerp(coarse, before, 1 / 4), torch.lerp(coarse, after, 1 / 4)], 3)
        return pair.flatten(2, 3)[:, :, :size[0]]
    # The same in terms that do not depend on the size: pixels doubled, then averaged with the weights 1 2 1.
    weights = coarse.new_tensor([1 / 4, 1 / 2, 1 / 4])
    kernel = weights[:, None] * (weights if stride == SURFACE else weights.new_ones(1))
    pad = (1, 1, 1, 1) if stride == SURFACE else (0, 0, 1, 1)
    finer = F.pad(F.interpolate(coarse, size, mode='nearest'), pad, mode='replicate')
    return _by_channel(finer, kernel)
