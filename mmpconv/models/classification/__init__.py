"""torchvision's ResNets and VGGs with partial padding, and VGGs of any width."""
from .narrow_vgg import NarrowVGG
from .partially_padded import (
    pdresnet18,
    pdresnet34,
    pdresnet50,
    pdresnet101,
    pdresnet152,
    pdvgg11,
    pdvgg11_bn,
    pdvgg13,
    pdvgg13_bn,
    pdvgg16,
    pdvgg16_bn,
    pdvgg19,
    pdvgg19_bn,
)

__all__ = [
    'NarrowVGG', 'pdresnet18', 'pdresnet34', 'pdresnet50', 'pdresnet101', 'pdresnet152', 'pdvgg11', 'pdvgg11_bn',
    'pdvgg13', 'pdvgg13_bn', 'pdvgg16', 'pdvgg16_bn', 'pdvgg19', 'pdvgg19_bn'
]
