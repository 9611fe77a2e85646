"""The web page ``mmpconv serve``: paint a hole in a photo, fill it, take it home. Importing it imports no Gradio."""
import os

# Gradio reads this when it is imported, and else asks api.gradio.app for news there and then.
os.environ['GRADIO_ANALYTICS_ENABLED'] = 'False'

from .command_line import build_parser, main

__all__ = ['build_parser', 'main']
