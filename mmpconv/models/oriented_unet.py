"""A U-Net of partial convolutions that chooses among fillings along lines, and adds what lines cannot know.

Of torch only, so that the network of the package fills without an MM* library; it is registered with the others, by
:mod:`mmpconv.models.inpainting`.
"""
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from mmpconv.layers import PartialConv2d
from mmpconv.ops import line_variation, oriented_fills, oriented_logits
from mmpconv.ops.check import check_input, check_mask
from mmpconv.ops.holes import as_float_mask, hide_holes

_SLOPE = 0.2  # of the leaky ReLU


class OrientedUNet(nn.Module):
    """Takes the place of :class:`PConvEncoderDecoder`; learns from few photos, in hours on a CPU.

    :func:`mmpconv.ops.oriented_fills` gives nine fillings without weights: one from all sides, eight along lines, and
    :func:`mmpconv.ops.oriented_logits` how much each should count. The network corrects this, pixel by pixel, and adds
    a colour::

        filled = sum_k softmax(oriented_logits + logits)_k * fill_k + residual

    At first both are 0, so that training starts from :func:`mmpconv.ops.oriented_fill`, a good picture, and not from
    noise. What differs from the U-Net of arXiv 1804.07723: the first and the last layers work at full resolution; the
    decoder is told where the holes of a skip connection are, by their masks beside the features; residual blocks in the
    decoder; no normalisation, so that small batches do. The decoder pads partially. Figures: docs/model_card.md.

    Args:
        widths: Channels at full resolution, at half, and so on.
        blocks: Residual blocks in the decoder at each of these resolutions.
        in_channels: Channels of the image.

    Raises:
        ValueError: Fewer than 2 widths, or not as many blocks as widths.
    """

    def __init__(self, widths: Sequence[int] = (16, 32, 64, 128, 256, 256), blocks: Sequence[int] = (1, 1, 2, 2, 1, 1),
                 in_channels: int = 3):
        super().__init__()
        if len(widths) < 2 or len(blocks) != len(widths):
            raise ValueError(f'widths has {len(widths)} and blocks {len(blocks)} entries, but they must have the same '
                             'number, at least 2: one for each resolution')
        self.in_channels, self.num_fills = in_channels, 9
        encoder = [PartialConv2d(in_channels, widths[0], 3, padding=1)]
        encoder += [PartialConv2d(before, width, 3, 2, 1) for before, width in zip(widths, widths[1:])]
        self.encoder = nn.ModuleList(encoder)
        # Beside its features, each skip connection has its mask; the first also what `_evidence` gives.
        skips = [width + 1 for width in widths]
        skips[0] += in_channels + 2 * (self.num_fills - 1) + 1
        lows = [*widths[1:], 0]
        self.decoder = nn.ModuleList(
            PartialConv2d(low + skip, width, 3, padding=1) for low, skip, width in zip(lows, skips, widths))
        self.blocks = nn.ModuleList(
            nn.Sequential(*[_ResidualBlock(width) for _ in range(number)]) for width, number in zip(widths, blocks))
        self.out = PartialConv2d(widths[0], self.num_fills + in_channels, 3, padding=1)
        self._start_from_oriented_fill()

    def _start_from_oriented_fill(self) -> None:
        for layer in [*self.encoder, *self.decoder]:
            nn.init.kaiming_normal_(layer.weight, a=_SLOPE)
            nn.init.zeros_(layer.bias)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, x: Tensor, mask_in: Tensor) -> tuple[Tensor, Tensor]:
        """Fill the holes.

        Args:
            x: Image ``(N, C, H, W)`` of any size; what it holds in the holes has no effect.
            mask_in: ``(N, C, H, W)``, of which the first channel counts, or ``(N, 1, H, W)``; 1 = valid.

        Returns:
            tuple[Tensor, Tensor]: Filled image, of the same shape, and a mask of this shape: 0 where nothing of the
            image is valid, else 1.

        Raises:
            ValueError: Ranks, channels, sizes or devices do not fit.
            TypeError: Dtypes do not fit.
        """
        check_input(2, x, self.in_channels, self.encoder[0].weight)
        check_mask(mask_in, x)
        mask = as_float_mask(mask_in, x)[:, :1]
        x = hide_holes(x, mask)
        fills, variation = oriented_fills(x, mask), line_variation(x, mask).to(x.dtype)
        logits, residual = self._decode(self._encode(x, mask), _evidence(fills, variation)).split(
            [self.num_fills, self.in_channels], 1)
        weights = (oriented_logits(variation) + logits).softmax(1)
        filled = (weights[:, :, None] * fills).sum(1) + residual
        return filled, (mask.amax((1, 2, 3), keepdim=True) > 0).to(x.dtype).expand_as(x)

    def _encode(self, h: Tensor, mask: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Features of each resolution, 0 in their holes, and their masks ``(N, 1, H_i, W_i)``."""
        skips, seen = [], mask
        for layer in self.encoder:
            h, mask = layer.forward_masked(h, mask * h.shape[1])
            h = leaky_relu(h, _SLOPE) * mask.to(h.dtype)
            # At full resolution the decoder is told of the holes themselves, not of what the first layer left of them.
            skips.append((h, mask if skips else seen))
        return skips

    def _decode(self, skips: list[tuple[Tensor, Tensor]], evidence: Tensor) -> Tensor:
        h = None
        for i in reversed(range(len(skips))):
            features, mask = skips[i]
            beside = [mask.to(features.dtype).expand(features.shape[0], -1, -1, -1)]
            if i == 0:
                beside.append(evidence.to(features.dtype))
            skip = torch.cat([features, *beside], 1)
            layer = self.decoder[i]
            if h is None:
                h = layer(skip)
            else:  # the form that upsamples within the convolution; nothing is hidden from it
                everything = mask.new_full((1, 1, *skip.shape[2:]), layer.in_channels)
                h, _ = layer.forward_masked(skip, everything, h)
            h = self.blocks[i](leaky_relu(h, _SLOPE))
        # In half precision colours and weights would be rounded.
        return self.out(h).to(evidence.dtype)


class _ResidualBlock(nn.Module):

    def __init__(self, channels: int):
        super().__init__()
        self.conv1 = PartialConv2d(channels, channels, 3, padding=1)
        self.conv2 = PartialConv2d(channels, channels, 3, padding=1)
        nn.init.kaiming_normal_(self.conv1.weight, a=_SLOPE)
        nn.init.zeros_(self.conv1.bias)
        nn.init.zeros_(self.conv2.weight)
        nn.init.zeros_(self.conv2.bias)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv2(leaky_relu(self.conv1(leaky_relu(x, _SLOPE)), _SLOPE))


def _evidence(fills: Tensor, variation: Tensor) -> Tensor:
    """Input of the decoder at full resolution besides features: ``(N, C + 17, H, W)``.

    The filling from all sides; by how much the mean of the colours differs from it in each of the others; and how
    colours change along lines, relative to the mean of the directions, and this mean.
    """
    smooth, mean = fills[:, 0], variation.mean(1, keepdim=True)
    # Amplitudes, not squares, whose range is too large to learn from.
    along, overall = (variation / (mean + 1e-3)).sqrt(), mean.sqrt()
    return torch.cat([smooth, (fills[:, 1:] - smooth[:, None]).mean(2), along, overall], 1)
