"""Networks and losses of inpainting, and classification networks with partial padding.

Names are imported when they are first used: the classification networks are torchvision's, `OrientedUNet` needs torch
only, the rest needs MMagic.
"""
from importlib import import_module

_HOMES = {
    'classification': ('NarrowVGG', 'pdresnet18', 'pdresnet34', 'pdresnet50', 'pdresnet101', 'pdresnet152', 'pdvgg11',
                       'pdvgg11_bn', 'pdvgg13', 'pdvgg13_bn', 'pdvgg16', 'pdvgg16_bn', 'pdvgg19', 'pdvgg19_bn'),
    'inpainting': ('MaskConvModule', 'MeanColor', 'PConvDecoder', 'PConvEncoder', 'PConvEncoderDecoder',
                   'PConvInpaintor', 'PlainConv2d', 'UNetEncoderDecoder'),
    'oriented_unet': ('OrientedUNet',),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
__all__ = [
    'MaskConvModule', 'MeanColor', 'NarrowVGG', 'OrientedUNet', 'PConvDecoder', 'PConvEncoder', 'PConvEncoderDecoder',
    'PConvInpaintor', 'PlainConv2d', 'UNetEncoderDecoder', 'pdresnet101', 'pdresnet152', 'pdresnet18', 'pdresnet34',
    'pdresnet50', 'pdvgg11', 'pdvgg11_bn', 'pdvgg13', 'pdvgg13_bn', 'pdvgg16', 'pdvgg16_bn', 'pdvgg19', 'pdvgg19_bn'
]


def __getattr__(name: str):
    if name not in _HOME_OF:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(import_module(f'.{_HOME_OF[name]}', __name__), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
