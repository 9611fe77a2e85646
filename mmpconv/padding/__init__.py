"""Padding of models that are built already, and keys of checkpoints."""
from .convert import PaddingReport, convert_padding

__all__ = ['PaddingReport', 'convert_padding']
