"""Padding of models that are built already, and keys of checkpoints."""
from .padding import convert_padding
from .padding_report import PaddingReport

__all__ = ['PaddingReport', 'convert_padding']
