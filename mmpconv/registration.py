"""Puts what a config of any MM* library can name without a prefix into MMEngine's root registries.

With the prefix ``mmpconv.`` MMEngine finds the same names as attributes of this package. Layers and conversion
know nothing of registries, so that they can be imported without MMEngine.
"""
from .layers import PartialConv1d, PartialConv2d, PartialConv3d
from .padding.model import PaddedModel, watch

MODEL_TYPES = {
    'PartialConv1d': PartialConv1d,
    'PartialConv2d': PartialConv2d,
    'PartialConv3d': PartialConv3d,
    'PaddedModel': PaddedModel,
}


def register() -> None:
    """Register layers, wrapper, hook and metric, and look at what ``conv_cfg`` makes, if there is an MMEngine.

    Idempotent.
    """
    try:
        from mmengine.registry import HOOKS, METRICS, MODELS
    except ImportError:
        return
    for name, module in MODEL_TYPES.items():
        MODELS.register_module(name, force=True, module=module)
    watch(MODELS)
    HOOKS.register_module('ConvertPaddingHook', force=True, module=_convert_padding_hook)
    METRICS.register_module('BorderIoUMetric', force=True, module=_border_iou_metric)


def _convert_padding_hook(*args, **kwargs):
    # Registered as a function, so that MMEngine's hooks are imported with the first one that is built.
    from .padding.config import ConvertPaddingHook

    return ConvertPaddingHook(*args, **kwargs)


def _border_iou_metric(*args, **kwargs):
    # Likewise: MMSegmentation, whose metric it extends, is there where segmentation is scored.
    from .evaluation import BorderIoUMetric

    return BorderIoUMetric(*args, **kwargs)
