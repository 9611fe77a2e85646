"""The command line ``mmpconv``. Importing it imports no subcommand."""
from .main import main

__all__ = ['main']
