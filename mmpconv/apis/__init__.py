"""What the command line offers, as Python functions."""
import importlib

__all__ = ['Inpainter', 'inpainting_models']

# Imported when they are asked for: most of what is here needs neither.
_LATE = {'Inpainter': 'inpainter', 'inpainting_models': 'models'}


def __getattr__(name: str):
    if name in _LATE:
        return getattr(importlib.import_module(f'.{_LATE[name]}', __name__), name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
