"""Partial convolutions for inpainting and padding, as an OpenMMLab plugin.

Importing this is light: the operation, the layers, the conversion of padding, and what
of them a config of any MM* library can name. Networks, data and hooks are found through
:mod:`mmpconv.registry`.
"""
from . import compat

compat.install()

from .conversion import convert_padding  # noqa: E402
from .conversion.padded_model import PaddedModel  # noqa: E402
from .layers import PartialConv1d, PartialConv2d, PartialConv3d  # noqa: E402
from .registration import register  # noqa: E402
from .version import __version__  # noqa: E402

register()

__all__ = [
    'ConvertPaddingHook', 'PaddedModel', 'PartialConv1d', 'PartialConv2d', 'PartialConv3d', '__version__',
    'convert_padding'
]


def __getattr__(name: str):
    # MMEngine's hooks take as long to import as torch, and only a runner needs them.
    if name == 'ConvertPaddingHook':
        from .conversion.padding_hook import ConvertPaddingHook

        return ConvertPaddingHook
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
