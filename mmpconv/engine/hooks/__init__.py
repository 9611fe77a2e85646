from .check_finite import CheckFiniteHook
from .checkpoint import CheckpointHook
from .loss_csv import LossCsvHook
from .loss_weight import LossWeightHook
from .progress import ProgressBarHook, RuntimeInfoHook, UnreadableImagesHook
from .validation_sheet import ValidationSheetHook

__all__ = [
    'CheckFiniteHook', 'CheckpointHook', 'LossCsvHook', 'LossWeightHook', 'ProgressBarHook', 'RuntimeInfoHook',
    'UnreadableImagesHook', 'ValidationSheetHook'
]
