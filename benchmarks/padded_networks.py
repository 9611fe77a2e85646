"""Classification networks that differ in their padding only, and what is timed of them."""
import torch
import torch.nn.functional as F
import torchvision
from torch import Tensor, nn

from mmpconv import convert_padding

ZERO, OURS, NVIDIA = 'zero padding', 'mmpconv', "NVIDIA's definition"
NETWORKS = (ZERO, OURS, NVIDIA, 'reflect padding', 'replicate padding')
DEPTHS = (18, 34, 50, 101, 152)


class NvidiaPartialPadding2d(nn.Conv2d):
    """NVIDIA's definition of partial padding, written afresh from its description.

    ``out = (W * x) * ratio + b``: the ratio comes from a convolution of ones with ones, is kept for the
    next input of this shape, and multiplies the whole output, out of place. With a bias, which the
    convolution has added by then, this takes four passes over the output.
    """
    _shape = None

    def forward(self, input: Tensor) -> Tensor:
        """Output ``(N, C_out, H', W')`` of ``(N, C_in, H, W)``."""
        if self._shape != input.shape:
            self._shape, (self._ratio, self._seen) = input.shape, self._ratio_of(input)
        out = super().forward(input)
        if self.bias is None:
            return out * self._ratio
        bias = self.bias.view(1, -1, 1, 1)
        return ((out - bias) * self._ratio + bias) * self._seen

    @torch.no_grad()
    def _ratio_of(self, input: Tensor) -> tuple[Tensor, Tensor]:
        ones = input.new_ones(1, 1, *self.kernel_size)
        count = F.conv2d(input.new_ones(1, 1, *input.shape[2:]), ones, None, self.stride, self.padding, self.dilation)
        seen = count.clamp(0, 1)
        return ones.numel() / (count + 1e-8) * seen, seen


def build(name: str, depth: int) -> nn.Module:
    """torchvision's ResNet of a depth with one of ``NETWORKS``, and the same random weights for all of them."""
    torch.manual_seed(0)
    network = torchvision.models.get_model(f'resnet{depth}', weights=None)
    if name == NVIDIA:
        # Every convolution, the 1x1 ones too, as in the networks that come with NVIDIA's layer.
        for layer in network.modules():
            if type(layer) is nn.Conv2d:
                layer.__class__ = NvidiaPartialPadding2d
    elif name != ZERO:
        convert_padding(network, 'partial' if name == OURS else name.split()[0])
    return network


def inference(network: nn.Module, images: Tensor) -> Tensor:
    """Forward pass without gradients. The network is in evaluation mode."""
    with torch.no_grad():
        return network(images)


def training_step(network: nn.Module, images: Tensor) -> None:
    """Forward and backward pass. The network is in training mode."""
    network.zero_grad(set_to_none=True)
    network(images).logsumexp(1).mean().backward()


# What is timed, and whether in training mode.
CASES = {'inference': (inference, False), 'training step': (training_step, True)}
