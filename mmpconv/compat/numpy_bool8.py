"""``np.bool8`` for MMagic, while it asks for it.

The defect: ``mmagic/utils/trans_utils.py`` of MMagic 1.2.0 names ``np.bool8`` in a table, once, when it is imported.
NumPy 2 calls that type ``np.bool_`` only, so that nothing of MMagic imports with it.

What is done: NumPy has the old name for as long as that one module is being imported.

Delete when: MMagic imports with NumPy 2.
"""
from collections.abc import Callable
from types import ModuleType

from .when_imported import around_import


def install() -> None:
    """Lend MMagic the name. Idempotent; imports nothing."""
    around_import('mmagic.utils.trans_utils', _with_bool8)


def _with_bool8(module: ModuleType, execute: Callable[[], None]) -> None:
    import numpy as np

    if hasattr(np, 'bool8'):
        execute()
        return
    np.bool8 = np.bool_
    try:
        execute()
    finally:
        del np.bool8
