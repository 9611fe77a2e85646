"""Modules over :mod:`mmpconv.ops`, usable with torch alone."""
from .partial_conv import PartialConv2d, PartialConv3d, PConv

__all__ = ['PConv', 'PartialConv2d', 'PartialConv3d']
