from .progress_bar import ProgressBarHook
from .unreadable_images import UnreadableImagesHook

__all__ = ['ProgressBarHook', 'UnreadableImagesHook']
