"""The demo: real photos in; a trained network, its metrics, pictures and a filled photo out."""
from .command_line import main

__all__ = ['main']
