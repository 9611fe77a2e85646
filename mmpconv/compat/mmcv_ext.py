"""``mmcv._ext`` for installations that have mmcv-lite.

The defect: ``mmagic.models`` and ``mmseg.models`` import ``mmcv.ops``, which
needs the compiled module ``mmcv._ext``; mmcv-lite does not have it, and the
full mmcv has no wheel on PyPI. None of the models here calls such an operation.

What is done: a finder at the *end* of ``sys.meta_path`` (so that a compiled
extension always wins) provides a module in which every operation raises a clear
error when it is called.

Delete when: MMagic and MMSegmentation import without ``mmcv.ops``.
"""
import importlib.abc
import importlib.machinery
import sys
from types import ModuleType

_NAME = 'mmcv._ext'


class MissingOpError(NotImplementedError):
    """An operation of the full mmcv was called, but mmcv-lite is installed."""


def _missing_op(name: str):

    def op(*args, **kwargs):
        raise MissingOpError(
            f"the compiled operation '{name}' of mmcv was called, but mmcv-lite has no compiled "
            "operations; install the full mmcv: pip uninstall mmcv-lite && pip install 'mmcv==2.1.0' "
            '--no-build-isolation (builds from source, 10 minutes or more)')

    op.__name__ = op.__qualname__ = name
    return op


class _MissingExtension(ModuleType):
    """Stands for ``mmcv._ext``: has every operation, can run none."""

    def __getattr__(self, name: str):
        if name.startswith('__'):
            raise AttributeError(name)
        return _missing_op(name)


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):

    def find_spec(self, fullname, path=None, target=None):
        # MMEngine and mmcv probe for the extension with `find_loader`, hence a real spec.
        return importlib.machinery.ModuleSpec(_NAME, self) if fullname == _NAME else None

    def create_module(self, spec):
        return _MissingExtension(spec.name)

    def exec_module(self, module):
        pass


def install() -> None:
    """Provide ``mmcv._ext`` where it is missing. Idempotent; imports nothing."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())
