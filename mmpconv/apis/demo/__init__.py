"""The demo: photos filled at once by the network of the package, and again after it was trained on."""
from .command_line import main

__all__ = ['main']
