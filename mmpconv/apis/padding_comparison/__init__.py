"""Trains networks with several paddings and seeds, and compares their scores."""
from .command_line import main

__all__ = ['main']
