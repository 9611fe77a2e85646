"""Masks, transforms and datasets of inpainting."""
from mmpconv.photos import UnreadableImageError

from .frozen_benchmark import BenchmarkError, BenchmarkSample, FrozenBenchmark, InpaintingBenchmark
from .inpainting_dataset import InpaintingDataset
from .load_mask import LoadMask
from .transforms import Crop, GetMaskedImage, LoadImageFromFile

__all__ = [
    'BenchmarkError', 'BenchmarkSample', 'Crop', 'FrozenBenchmark', 'GetMaskedImage', 'InpaintingBenchmark',
    'InpaintingDataset', 'LoadImageFromFile', 'LoadMask', 'UnreadableImageError'
]
