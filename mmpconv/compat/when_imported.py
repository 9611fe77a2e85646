"""Does something when another package's module is imported: after it, or around it.

The defect: torch and MMEngine take seconds to import, and what this package declares to them (safe classes, names of
layers) has to be declared before anybody uses it, whoever imports first. ``mmpconv --help`` uses neither of them, and
``mmpconv doctor`` has to run where they are broken.

Delete when: both read such declarations from the metadata of installed packages (entry points).
"""
import importlib.abc
import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any


def when_imported(module: str, action: Callable[[], None]) -> None:
    """Call ``action`` now if the module is imported already, else right after it is. Asked twice, called once.

    Args:
        module: Its full name.
        action: What it raises, the import raises.
    """
    if sys.modules.get(module):
        action()
    else:
        around_import(module, _After(action))


def around_import(module: str, run: Callable[[ModuleType, Callable[[], None]], None]) -> None:
    """Let ``run`` do the import of a module. Asked twice, done once; nothing is done if it is imported already.

    Args:
        module: Its full name.
        run: Gets the module, which is still empty, and a function that fills it by running its code.
    """
    if not sys.modules.get(module) and (watch := _Watch(module, run)) not in sys.meta_path:
        sys.meta_path.insert(0, watch)


def stand_in(importer: str, module: str, name: str, thing: Any, if_installed: bool = False) -> None:
    """While a module is imported, let another one that is not imported yet be one that has a single thing.

    For modules that import a large one, or one that does not import, for something that they may never use.

    Args:
        importer: Its full name.
        module: Full name of the other.
        name, thing: What it has; it should import the real one when it is used.
        if_installed: Only where the other module is installed; the importer goes on without it elsewhere.
    """
    around_import(importer, _StandIn(module, name, thing, if_installed))


@dataclass(frozen=True)
class _StandIn:
    module: str
    name: str
    thing: Any
    if_installed: bool

    def __call__(self, importer: ModuleType, execute: Callable[[], None]) -> None:
        if self.module in sys.modules or self.if_installed and importlib.util.find_spec(self.module) is None:
            execute()
            return
        sys.modules[self.module] = ModuleType(self.module)
        setattr(sys.modules[self.module], self.name, self.thing)
        try:
            execute()
        finally:
            del sys.modules[self.module]


@dataclass(frozen=True)
class _After:
    action: Callable[[], None]

    def __call__(self, module: ModuleType, execute: Callable[[], None]) -> None:
        execute()
        self.action()


@dataclass(frozen=True)
class _Watch(importlib.abc.MetaPathFinder):
    """Finds the module as the finders behind this one do; its loader then leaves the work to ``run``."""

    module: str
    run: Callable[[ModuleType, Callable[[], None]], None]

    def find_spec(self, fullname, path=None, target=None):
        if fullname != self.module:
            return None
        for finder in sys.meta_path[sys.meta_path.index(self) + 1:]:
            if spec := finder.find_spec(fullname, path, target):
                self._follow(spec)
                return spec
        return None

    def _follow(self, spec) -> None:
        execute = spec.loader.exec_module

        def exec_module(module):
            self.run(module, lambda: execute(module))
            if self in sys.meta_path:
                sys.meta_path.remove(self)

        spec.loader.exec_module = exec_module
