"""Partial convolutions for inpainting and padding, as an OpenMMLab plugin.

Importing this is light: the operation, the layers, and their registration for
``conv_cfg``. Networks, data and hooks are found through :mod:`mmpconv.registry`.
"""
from . import compat

compat.install()

from .layers import PartialConv2d, PartialConv3d  # noqa: E402
from .registration import register_layers  # noqa: E402
from .version import __version__  # noqa: E402

register_layers()

__all__ = ['PartialConv2d', 'PartialConv3d', '__version__']
