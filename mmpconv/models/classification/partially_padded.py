"""The networks of "Partial Convolution based Padding" (arXiv 1811.11718), under NVIDIA's names."""
from collections.abc import Callable

from torch import nn
from torchvision import models

from ...conversion import convert_padding


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
        *args, **kwargs: As of ``torchvision.models.{name}``, such as ``weights`` and ``num_classes``.
    """
    return build


pdresnet18 = _partially_padded('resnet18')
pdresnet34 = _partially_padded('resnet34')
pdresnet50 = _partially_padded('resnet50')
pdresnet101 = _partially_padded('resnet101')
pdresnet152 = _partially_padded('resnet152')
pdvgg11 = _partially_padded('vgg11')
pdvgg11_bn = _partially_padded('vgg11_bn')
pdvgg13 = _partially_padded('vgg13')
pdvgg13_bn = _partially_padded('vgg13_bn')
pdvgg16 = _partially_padded('vgg16')
pdvgg16_bn = _partially_padded('vgg16_bn')
pdvgg19 = _partially_padded('vgg19')
pdvgg19_bn = _partially_padded('vgg19_bn')
