"""Classification networks: torchvision's ResNets and VGGs with partial padding, and VGGs of any width."""
from collections.abc import Callable

from torch import Tensor, nn
from torchvision import models
from torchvision.models.vgg import cfgs, make_layers

from mmpconv.padding import convert_padding

_CONFIGURATIONS = {11: 'A', 13: 'B', 16: 'D', 19: 'E'}
_WIDTH = 64  # of the first convolution of a VGG

__all__ = [
    'NarrowVGG', 'pdresnet18', 'pdresnet34', 'pdresnet50', 'pdresnet101', 'pdresnet152', 'pdvgg11', 'pdvgg11_bn',
    'pdvgg13', 'pdvgg13_bn', 'pdvgg16', 'pdvgg16_bn', 'pdvgg19', 'pdvgg19_bn'
]


class NarrowVGG(nn.Module):
    """The convolutions of a VGG with BatchNorm, narrower or wider than VGG's, without the last pooling.

    MMPretrain's VGG has one width, 64 channels and more, which is a lot for small photos on a CPU. The layers and
    their initialisation are torchvision's; whatever classifies comes after them (a neck that averages, a linear head).

    Args:
        depth: 11, 13, 16 or 19, as the VGG of that depth.
        width: Channels of the first convolution; the last have eight times as many.

    Raises:
        ValueError: Another depth, or no channel.

    Example:
        >>> import torch
        >>> features, = NarrowVGG(11, width=16)(torch.rand(1, 3, 64, 64))
        >>> features.shape
        torch.Size([1, 128, 4, 4])
    """

    def __init__(self, depth: int, width: int = _WIDTH):
        super().__init__()
        if depth not in _CONFIGURATIONS:
            raise ValueError(f'depth is {depth} but must be one of {", ".join(map(str, _CONFIGURATIONS))}')
        if width < 1:
            raise ValueError(f'width is {width} but must be at least 1')
        *layers, pooling = cfgs[_CONFIGURATIONS[depth]]
        assert pooling == 'M'
        self.features = make_layers([entry if entry == 'M' else entry * width // _WIDTH for entry in layers],
                                    batch_norm=True)
        for module in self.features:
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode='fan_out', nonlinearity='relu')
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> tuple[Tensor]:
        """Features ``(N, 8 * width, H / 16, W / 16)``, alone in a tuple, of images ``(N, 3, H, W)``."""
        return self.features(x),


def _partially_padded(name: str) -> Callable[..., nn.Module]:
    """The constructor of torchvision's network ``name`` with partial padding."""

    def build(*args, **kwargs) -> nn.Module:
        network = getattr(models, name)(*args, **kwargs)
        convert_padding(network, 'partial')
        return network

    build.__name__ = build.__qualname__ = f'pd{name}'
    build.__doc__ = f"""``torchvision.models.{name}`` with partial instead of zero padding.

    Arguments, architecture and state-dict keys are torchvision's, so weights go both ways, and those of NVIDIA's
    ``pd{name}`` load too. Weights that torchvision offers were trained with zero padding: fine-tune them.

    Args:
        *args, **kwargs: See ``torchvision.models.{name}``, such as ``weights`` and ``num_classes``.
    """
    return build


pdresnet18, pdresnet34, pdresnet50, pdresnet101, pdresnet152 = (
    _partially_padded(f'resnet{depth}') for depth in (18, 34, 50, 101, 152))
pdvgg11, pdvgg13, pdvgg16, pdvgg19 = (_partially_padded(f'vgg{depth}') for depth in _CONFIGURATIONS)
pdvgg11_bn, pdvgg13_bn, pdvgg16_bn, pdvgg19_bn = (_partially_padded(f'vgg{depth}_bn') for depth in _CONFIGURATIONS)
