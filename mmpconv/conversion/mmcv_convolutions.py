"""Partial padding for the convolutions of mmcv that pad and convolve by themselves.

Each is mixed in before the class of mmcv that its docstring names. mmcv itself is not needed.
"""
import torch.nn.functional as F
from torch import Tensor

from ..layers import PartialPadding
from ..ops import partial_padding_conv
from ..ops.window import sides


class StandardisedWeight(PartialPadding):
    """``ConvWS2d``: weight standardisation (arXiv 1903.10520)."""

    def forward(self, x: Tensor) -> Tensor:
        """``(N, C_in, H, W)`` to ``(N, C_out, H', W')``."""
        dims = tuple(range(1, self.weight.dim()))
        deviation, mean = (statistic.reshape(-1, 1, 1, 1) for statistic in (
            self.weight.std(dims), self.weight.mean(dims)))
        return self._conv_forward(x, (self.weight - mean) / (deviation + self.eps), self.bias)


class AdaptivelyStandardisedWeight(PartialPadding):
    """``ConvAWS2d``: weight standardisation around the statistics of a pretrained weight."""

    def forward(self, x: Tensor) -> Tensor:
        """``(N, C_in, H, W)`` to ``(N, C_out, H', W')``."""
        return self._conv_forward(x, self._get_weight(self.weight), self.bias)


class AdaptivePadding(PartialPadding):
    """``Conv2dAdaptivePadding``: TensorFlow's "same" padding, which depends on the size of the input."""

    def forward(self, x: Tensor) -> Tensor:
        """``(N, C_in, H, W)`` to ``(N, C_out, ceil(H / stride), ceil(W / stride))``."""
        return self._conv_forward(x, self.weight, self.bias)

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        # Whole strides that cover the input, the odd position at the end.
        totals = [max(-(-n // s) * s - s + d * (k - 1) + 1 - n, 0) for n, k, s, d in zip(
            input.shape[2:], self.kernel_size, self.stride, self.dilation)]
        pads = tuple((total // 2, total - total // 2) for total in totals)
        if self.padding_mode == 'zeros':
            return partial_padding_conv(input, weight, bias, self.stride, pads, self.dilation, self.groups)
        input = F.pad(input, sides(pads), mode=self.padding_mode)
        return F.conv2d(input, weight, bias, self.stride, 0, self.dilation, self.groups)


# By name, because mmcv need not be installed.
MIXINS = {
    'mmcv.cnn.bricks.conv_ws.ConvWS2d': StandardisedWeight,
    'mmcv.cnn.bricks.conv_ws.ConvAWS2d': AdaptivelyStandardisedWeight,
    'mmcv.cnn.bricks.conv2d_adaptive_padding.Conv2dAdaptivePadding': AdaptivePadding,
}
