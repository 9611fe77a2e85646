"""Filling along lines: of eight directions, those along which the surroundings change least."""
import torch
import torch.nn.functional as F
from torch import Tensor

from .pyramid import LINES, SATURATION, SURFACE, at_least_two_channels, fill_levels, operands

# (down, right) from pixel to pixel of a line, in the order of `oriented_fills`.
DIRECTIONS = ((0, 1), (1, 0), (1, -1), (1, 1), (1, -2), (1, 2), (-2, 1), (2, 1))
# Variation is known at few pixels and wanted everywhere, so it is spread more smoothly than colours.
_SPREAD = 2.0
# Of neighbours that are `length` apart, the squared difference grows about so.
_GROWTH = 0.7
# How decidedly the direction of least variation is preferred, and how much the filling from all sides counts.
_SHARPNESS, _SMOOTH_SHARE = 7.0, 0.25


def oriented_fill(input: Tensor, mask: Tensor, noise: float = 1e-3) -> Tensor:
    """Fill holes along the lines along which the surroundings change least; without weights.

    The mean of :func:`oriented_fills`, weighted by ``softmax(oriented_logits(line_variation))``.

    Args:
        input: ``(N, C, H, W)``, floating point, any size from one pixel up, in [-1, 1].
        mask: ``(N, 1, H, W)``, 1 = valid, any real or boolean dtype, in [0, 1]; a batch size of 1 is shared.
        noise: Squared differences below this one say nothing about directions; the default is for [-1, 1].

    Returns:
        Tensor: ``(N, C, H, W)``, of the dtype of the input. Valid pixels come out as they went in.

    Raises:
        ValueError, TypeError: As :func:`mmpconv.ops.pyramid_fill`.
    """
    with torch.autocast(input.device.type, enabled=False):
        weights = oriented_logits(line_variation(input, mask), noise).softmax(1)[:, :, None]
        fills = oriented_fills(input, mask)
        # Relative to the first, so that where all agree they are met exactly.
        return fills[:, 0] + (weights.to(fills.dtype) * (fills - fills[:, :1])).sum(1)


def oriented_fills(input: Tensor, mask: Tensor, saturation: float = SATURATION) -> Tensor:
    r"""Fill holes along lines of eight directions: candidates among which a network may choose.

    Along an edge, the right colour in a hole is that of the same edge beyond it. So each filling is the pyramid of
    :func:`pyramid_fill` in one dimension, along the lines of one direction: rows, columns, the two diagonals, and the
    four slopes of 2 between them. Lines of which nothing is valid are filled as by :func:`pyramid_fill`.

    Args:
        input, mask, saturation: As in :func:`pyramid_fill`.

    Returns:
        Tensor: ``(N, 9, C, H, W)``: the fill of :func:`pyramid_fill`, then the eight. Pixels that are valid altogether
        are as they were in all of them.

    Raises:
        ValueError, TypeError: As :func:`pyramid_fill`.
    """
    x, valid = operands(input, mask, saturation)
    with torch.autocast(input.device.type, enabled=False):
        smooth = fill_levels(x, valid, saturation, SURFACE)[0]
        upright = torch.cat([x, valid.expand(x.shape[0], -1, -1, -1).to(x.dtype)], 1)
        lying = upright.transpose(2, 3)
        fills = [_along_columns(lying, saturation).transpose(2, 3), _along_columns(upright, saturation)]
        for image, turned, slopes in ((upright, False, (1, 2)), (lying, True, (2,))):
            mirrored = torch.stack([image, image.flip(3)], 1).flatten(0, 1)  # both signs of a slope at once
            for slope in slopes:
                lines = _along_columns(_shear(mirrored, slope), saturation)
                falling, rising = _unshear(lines, slope, image.shape[3]).unflatten(0, (-1, 2)).unbind(1)
                for fill in (falling, rising.flip(3)):
                    fills.append(fill.transpose(2, 3) if turned else fill)
        candidates = [smooth]
        for fill in fills:
            colors, reached = fill[:, :-1], fill[:, -1:]
            candidates.append(torch.where(reached > 0, colors, smooth))
        return torch.stack(candidates, 1).to(input.dtype)


def line_variation(input: Tensor, mask: Tensor) -> Tensor:
    """Variation of colours from pixel to pixel along each direction, in the holes as around them.

    The squared difference of two neighbours along a line, the mean of the channels, where both are valid; spread over
    the rest by :func:`mmpconv.ops.pyramid_fill`.

    Args:
        input, mask: As in :func:`oriented_fill`.

    Returns:
        Tensor: ``(N, 8, H, W)``, in the order of :data:`DIRECTIONS`, float32 or wider, not below 0.

    Raises:
        ValueError, TypeError: As :func:`mmpconv.ops.pyramid_fill`.
    """
    x, valid = operands(input, mask, _SPREAD)
    with torch.autocast(input.device.type, enabled=False):
        n, c, h, w = x.shape
        steps = x.new_zeros(len(DIRECTIONS), 1, 5, 5)
        for step, (down, right) in zip(steps, DIRECTIONS):
            step[0, 2, 2], step[0, 2 + down, 2 + right] = -1, 1
        lengths = x.new_tensor([(down**2 + right**2)**(_GROWTH / 2) for down, right in DIRECTIONS])
        # By colour, so that all are of one channel.
        change = _convolve(x.reshape(n * c, 1, h, w), steps).square().unflatten(0, (n, c)).mean(1)
        # 1 where both neighbours are valid; nothing is, beyond the border.
        both = (_convolve(valid, steps.abs().to(valid.dtype)) - 1).clamp(min=0).expand(n, -1, -1, -1)
        spread = fill_levels((change / lengths[:, None, None]).flatten(0, 1)[:, None].to(valid.dtype),
                             both.flatten(0, 1)[:, None], _SPREAD, SURFACE)[0]
        return spread.unflatten(0, (n, len(DIRECTIONS)))[:, :, 0].clamp(min=0)


def _convolve(x: Tensor, steps: Tensor) -> Tensor:
    x = at_least_two_channels(x)
    return F.conv2d(x, F.pad(steps, (0, 0, 0, 0, 0, x.shape[1] - 1)), padding=2)


def oriented_logits(variation: Tensor, noise: float = 1e-3) -> Tensor:
    """Logits of the weights of :func:`oriented_fills`: the less colours change along a direction, the more it counts.

    Args:
        variation: ``(N, 8, H, W)``, see :func:`line_variation`.
        noise: As in :func:`oriented_fill`.

    Returns:
        Tensor: ``(N, 9, H, W)``.
    """
    relative = variation / (variation.mean(1, keepdim=True) + noise)
    return -_SHARPNESS * torch.cat([torch.full_like(relative[:, :1], _SMOOTH_SHARE), relative], 1)


def _along_columns(image: Tensor, saturation: float) -> Tensor:
    """Columns filled, each by itself; the last channel is the mask, and becomes 0 where a column has nothing valid."""
    filled, coarsest = fill_levels(image[:, :-1], image[:, -1:], saturation, LINES)
    # The coarsest level is one row; that of an exported program may be more, and there are no such large holes.
    reached = coarsest.amax(2, keepdim=True).to(filled.dtype)
    return torch.cat([filled, reached.expand(-1, -1, image.shape[2], -1)], 1)


def _shear(image: Tensor, slope: int) -> Tensor:
    """Row ``i`` moved right by ``slope * i``, so that lines of this slope become columns."""
    n, c, h, w = image.shape
    wide = F.pad(image, (0, slope * h)).reshape(n, c, h * (w + slope * h))
    return wide[..., :h * (w + slope * h - slope)].reshape(n, c, h, w + slope * h - slope)


def _unshear(image: Tensor, slope: int, width: int) -> Tensor:
    n, c, h, wide = image.shape
    return F.pad(image.reshape(n, c, h * wide), (0, slope * h)).reshape(n, c, h, wide + slope)[..., :width]
