"""Metrics of inpainting by hole ratio and of segmentation at the border, simple fillings, statistics of paddings."""
import importlib

from .baselines import BASELINES
from .hole_bins import GROUPS, HOLE_BINS, bin_of, touches_border
from .image_metrics import IMAGE_METRICS, image_metrics

__all__ = [
    'BASELINES', 'BorderIoUMetric', 'FID', 'GROUPS', 'HOLE_BINS', 'IMAGE_METRICS', 'InpaintingMetric', 'LPIPS',
    'bin_of', 'image_metrics', 'touches_border'
]

# Imported when they are asked for: torchvision, MMagic and MMSegmentation take seconds, and statistics of paddings need
# none of them.
_LATE = {'BorderIoUMetric': 'border_iou_metric', 'FID': 'perceptual_metrics', 'InpaintingMetric': 'inpainting_metric',
         'LPIPS': 'perceptual_metrics'}


def __getattr__(name: str):
    if name in _LATE:
        return getattr(importlib.import_module(f'.{_LATE[name]}', __name__), name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
