"""Filling of holes in photos, from Python. Importing it imports neither torch nor an MM* library."""
import importlib

__all__ = ['Inpainter', 'finetune', 'get_model', 'inpainting_models', 'list_models']

DEFAULT_MODEL = 'oriented-unet_1xb4_photos-256x256'
# Which is better for what, in a line of help.
CHOICE = ("pconv_stage2_4xb2_places-256x256 (MMagic's weights, downloaded once) makes up more in large holes; "
          'oriented, pyramid, telea, navier-stokes and biharmonic need no weights')

# Imported when they are asked for: most of what is here needs neither.
_LATE = {'Inpainter': 'inpainter', 'finetune': 'models', 'get_model': 'models', 'inpainting_models': 'models',
         'list_models': 'models'}


def __getattr__(name: str):
    if name in _LATE:
        return getattr(importlib.import_module(f'.{_LATE[name]}', __name__), name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


def __dir__() -> list[str]:
    return [*globals(), *_LATE]
