"""Modules over :mod:`mmpconv.ops`, usable with torch alone."""
from .partial_conv import PartialConv1d, PartialConv2d, PartialConv3d, PartialPadding, PConv

__all__ = ['PConv', 'PartialConv1d', 'PartialConv2d', 'PartialConv3d', 'PartialPadding']
