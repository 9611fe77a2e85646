"""Puts the layers into MMEngine's root registry, for ``conv_cfg`` in any MM* library.

The layers know nothing of registries, so that they can be imported without MMEngine.
"""
from .layers import PartialConv2d, PartialConv3d

CONV_LAYERS = {'PartialConv2d': PartialConv2d, 'PartialConv3d': PartialConv3d}


def register_layers() -> None:
    """Register :data:`CONV_LAYERS`, if there is an MMEngine. Idempotent."""
    try:
        from mmengine.registry import MODELS
    except ImportError:
        return
    for name, layer in CONV_LAYERS.items():
        MODELS.register_module(name, force=True, module=layer)
