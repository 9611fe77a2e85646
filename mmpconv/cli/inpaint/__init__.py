"""``mmpconv inpaint``. Importing it imports neither torch nor a picture library."""
from .command_line import main

__all__ = ['main']
