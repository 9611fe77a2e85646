"""A module that stands for another one while somebody imports from it.

For defects of the kind that a package imports a large one, or one that does not import, for a single thing that it may
never use.
"""
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType


@contextmanager
def standing_in(module: str, **things: Callable) -> Iterator[None]:
    """For as long as this lasts, a module that is not imported yet is one that has these things only.

    Args:
        module: Its full name.
        things: By name; they should import the real ones when they are used.
    """
    if module in sys.modules:
        yield
        return
    sys.modules[module] = stand_in = ModuleType(module)
    vars(stand_in).update(things)
    try:
        yield
    finally:
        del sys.modules[module]
