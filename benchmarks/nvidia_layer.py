"""NVIDIA's definition of the layer, written afresh from its description: masks are convolved with ones."""
import torch
import torch.nn.functional as F
from torch import Tensor, nn


class NvidiaPartialConv2d(nn.Conv2d):
    """``out = (W * (x . m)) * numel / (count + eps) + b``, with ``count`` from a convolution of ones.

    Args:
        multi_channel: The mask has the channels of the input, and the ones are as large as the weights.
    """

    def __init__(self, *args, multi_channel: bool = False, eps: float = 1e-8, **kwargs):
        super().__init__(*args, **kwargs)
        self.eps = eps
        self.register_buffer('ones', torch.ones_like(self.weight) if multi_channel
                             else torch.ones(1, 1, *self.kernel_size))

    def forward(self, input: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Output and updated mask."""
        geometry = self.stride, self.padding, self.dilation
        with torch.no_grad():
            count = F.conv2d(mask, self.ones, None, *geometry)
            updated = count.clamp(0, 1)
            ratio = self.ones[0].numel() / (count + self.eps) * updated
        bias = self.bias.view(1, -1, 1, 1)
        out = F.conv2d(input * mask, self.weight, self.bias, *geometry)
        return ((out - bias) * ratio + bias) * updated, updated
