"""Scores methods of inpainting on a frozen benchmark, and shows how they compare."""
from .command_line import main

__all__ = ['main']
