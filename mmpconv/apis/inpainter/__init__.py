"""Filling holes in photos of any size."""
from .inpainter import Inpainter

__all__ = ['Inpainter']
