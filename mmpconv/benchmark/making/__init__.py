"""Making and checking of frozen benchmarks."""
from .command_line import main

__all__ = ['main']
