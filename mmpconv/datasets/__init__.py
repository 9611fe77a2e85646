"""Masks, transforms and datasets of inpainting."""
from .image_file import UnreadableImageError
from .inpainting_dataset import InpaintingDataset
from .transforms import Crop, GetMaskedImage, LoadImageFromFile, LoadMask

__all__ = [
    'Crop', 'GetMaskedImage', 'InpaintingDataset', 'LoadImageFromFile', 'LoadMask', 'UnreadableImageError'
]
