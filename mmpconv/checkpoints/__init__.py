"""Checkpoints: read without running anything that they hold, as ``.pth`` or as safetensors, and held against a model.

:mod:`~mmpconv.checkpoints.loading` puts the safe loader in force in MMEngine; :mod:`mmpconv.registry` imports it.
"""
from .container import (
           CheckpointError,
           DownloadError,
           MissingCheckpointError,
           UnsafeCheckpointError,
           read_safetensors,
           write_safetensors,
)

__all__ = ['CheckpointError', 'DownloadError', 'MissingCheckpointError', 'UnsafeCheckpointError', 'read_safetensors',
           'write_safetensors']
