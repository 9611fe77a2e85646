"""``Adafactor`` of transformers, imported when a config asks for it.

The defect: MMEngine 0.10 imports transformers whenever its runner is imported, to register one optimizer. That takes a
tenth of the time in which inpainting starts; and where transformers does not import because of another version of what
it needs, MMEngine's runner may not either.

What is done: while MMEngine registers it, a stand-in has that optimizer. It imports the real one when it is built.

Delete when: MMEngine imports transformers on demand.
"""
import importlib

from .when_imported import stand_in


def Adafactor(*args, **kwargs):
    """An optimizer of transformers: see there."""
    return importlib.import_module('transformers').Adafactor(*args, **kwargs)


def install() -> None:
    """Spare MMEngine the import. Idempotent; imports nothing."""
    stand_in('mmengine.optim.optimizer.builder', 'transformers', 'Adafactor', Adafactor, if_installed=True)
