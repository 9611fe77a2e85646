"""``mmpconv doctor``. Runs where everything else is broken: what may be broken is imported in other processes."""
from .command_line import main

__all__ = ['main']
