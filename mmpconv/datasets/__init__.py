"""Masks, transforms and datasets of inpainting."""
from mmpconv.photos import UnreadableImageError

from .frozen_benchmark import BenchmarkError, BenchmarkSample, FrozenBenchmark
from .inpainting_benchmark import InpaintingBenchmark
from .inpainting_dataset import InpaintingDataset
from .transforms import Crop, GetMaskedImage, LoadImageFromFile, LoadMask

__all__ = [
    'BenchmarkError', 'BenchmarkSample', 'Crop', 'FrozenBenchmark', 'GetMaskedImage', 'InpaintingBenchmark',
    'InpaintingDataset', 'LoadImageFromFile', 'LoadMask', 'UnreadableImageError'
]
