"""Puts what a config of any MM* library can name into MMEngine's root registries.

Layers and conversion know nothing of registries, so that they can be imported without MMEngine.
"""
from .conversion.padded_model import PaddedModel
from .layers import PartialConv1d, PartialConv2d, PartialConv3d

MODEL_TYPES = {
    'PartialConv1d': PartialConv1d,
    'PartialConv2d': PartialConv2d,
    'PartialConv3d': PartialConv3d,
    'PaddedModel': PaddedModel,
}


def register() -> None:
    """Register layers, wrapper and hook, if there is an MMEngine. Idempotent."""
    try:
        from mmengine.registry import HOOKS, MODELS
    except ImportError:
        return
    for name, module in MODEL_TYPES.items():
        MODELS.register_module(name, force=True, module=module)
    HOOKS.register_module('ConvertPaddingHook', force=True, module=_convert_padding_hook)


def _convert_padding_hook(*args, **kwargs):
    # MMEngine's hooks take as long to import as torch; only a runner needs them.
    from .conversion.padding_hook import ConvertPaddingHook

    return ConvertPaddingHook(*args, **kwargs)
