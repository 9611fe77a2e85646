"""Partial convolutions for inpainting and padding, as an OpenMMLab plugin.

Importing this imports neither torch nor MMEngine: the operation, the layers, the conversion of padding are there when
they are first used, and what of them a config of any MM* library can name, as soon as MMEngine is. Networks, data and
hooks are found through :mod:`mmpconv.registry`.
"""
import importlib

from . import compat, moved
from .version import __version__

__all__ = [
    'ConvertPaddingHook', 'PaddedModel', 'PartialConv1d', 'PartialConv2d', 'PartialConv3d', '__version__',
    'convert_padding', 'get_model', 'list_models'
]

_HOMES = {
    'ConvertPaddingHook': '.padding.config',
    'PaddedModel': '.padding.model',
    'PartialConv1d': '.layers',
    'PartialConv2d': '.layers',
    'PartialConv3d': '.layers',
    'convert_padding': '.padding',
    'get_model': '.apis',
    'list_models': '.apis',
}
# `import mmpconv` is enough for `mmpconv.ops.partial_conv2d`.
_ROOMS = ('apis', 'checkpoints', 'conversion', 'datasets', 'engine', 'evaluation', 'layers', 'models', 'ops', 'padding',
          'photos', 'registry')


def __getattr__(name: str):
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name], __name__), name)
    if name in _ROOMS:
        return importlib.import_module(f'.{name}', __name__)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


def __dir__() -> list[str]:
    return sorted([*__all__, *_ROOMS])


def _register() -> None:
    from .registration import register

    register()


compat.install()
moved.install()
compat.when_imported('mmengine.registry', _register)
