"""Trains networks with several paddings and seeds, and compares their scores."""
from .command_line import command, main

__all__ = ['command', 'main']
