"""The web page ``mmpconv serve``: an editor in the browser, with an interface for other programs."""
from .command_line import build_parser, main

__all__ = ['build_parser', 'main']
