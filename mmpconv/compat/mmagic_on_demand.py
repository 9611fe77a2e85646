"""MMagic's methods and transforms, each imported when it is asked for.

The defect: ``import mmagic.models`` and ``import mmagic.datasets.transforms`` of MMagic 1.2.0 import all of its sixty
methods at once, and with them diffusers, transformers, albumentations, pandas and the statistics of SciPy. That takes
longer than to import torch. And since its diffusion models use what those packages have moved since (diffusers after
0.24, albumentations after 1.3), nothing of MMagic imports beside current ones, PConv neither.

What is done: of the packages named below, ``__init__`` is read instead of run. It says which of their modules has which
name; that module is imported when somebody asks for the name, as an attribute or, as configs do, in MMagic's registry.
A name that ``__init__`` does not say (``sd``, the models of diffusers) makes the registry import all that can be
imported.

Delete when: MMagic imports its methods on demand, or imports with the current versions of what they need.
"""
import ast
import importlib
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import ModuleType

from .when_imported import around_import, when_imported

# Package: MMagic's registry that its modules fill.
_REGISTRY_OF = {
    'mmagic.models.archs': 'MODELS', 'mmagic.models.editors': 'MODELS', 'mmagic.datasets.transforms': 'TRANSFORMS'}
_REMEDY = ('MMagic 1.2.0 was made for diffusers 0.24.0, transformers 4.35.2, huggingface_hub 0.25 and albumentations '
           '1.3; to use it, install those in an environment of its own')
# By package; those that are in force.
_POSTPONED = {}


def install() -> None:
    """Postpone what MMagic imports. Idempotent; imports nothing; without effect on packages imported already."""
    for package in _REGISTRY_OF:
        around_import(package, _Names.postpone)
    when_imported('mmagic.models', _export_editors)
    when_imported('mmagic.registry', _look_up_on_demand)


class _Names:
    """The names that a package gives away, by what its ``__init__`` says.

    Args:
        package: The package, empty as yet.
        execute: Fills it, by running its ``__init__``.
    """

    def __init__(self, package: ModuleType, execute: Callable[[], None]):
        self.package, self.execute = package, execute
        body = ast.parse(package.__spec__.loader.get_source(package.__name__)).body
        imports = {f'{package.__name__}.{line.module}': [alias.name for alias in line.names] for line in body
                   if isinstance(line, ast.ImportFrom) and line.level == 1}
        self.modules = list(imports)
        self.module_of = {name: module for module, names in imports.items() for name in names if name != '*'}
        # What it defines itself cannot be had without running it; archs wraps each model of diffusers.
        self.own = {line.name for line in body if isinstance(line, (ast.FunctionDef, ast.ClassDef))}

    @classmethod
    def postpone(cls, package: ModuleType, execute: Callable[[], None]) -> None:
        """Runs instead of the package's ``__init__``."""
        names = _POSTPONED[package.__name__] = cls(package, execute)
        package.__getattr__ = names.__getitem__
        package.__dir__ = lambda: sorted({*vars(package), *names.module_of, *names.own})

    def __contains__(self, name: str) -> bool:
        return name in self.module_of

    def __getitem__(self, name: str):
        if name in self.module_of:
            return getattr(_import(self.module_of[name], name), name)
        if name in self.own:
            self.execute()
            return vars(self.package)[name]
        raise AttributeError(f'module {self.package.__name__!r} has no attribute {name!r}')

    def import_all(self) -> Iterator[ImportError]:
        """Import all that can be imported, and give the errors of what cannot."""
        for module in self.modules:
            try:
                _import(module, module)
            except ImportError as error:
                yield error
        for name in self.own:
            with suppress(Exception):  # what cannot be imported was given above
                self[name]


def _import(module: str, name: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except Exception as error:
        # Of any kind: from an AttributeError, importlib would conclude that there is no such name.
        raise ImportError(f'{name} of MMagic does not import here ({module}: {error}). {_REMEDY}',
                          name=module) from error


def _export_editors() -> None:
    """``mmagic.models`` gives away the names of ``mmagic.models.editors``."""
    models = importlib.import_module('mmagic.models')
    models.__getattr__ = lambda name: getattr(models.editors, name)


def _look_up_on_demand() -> None:
    registries = importlib.import_module('mmagic.registry')
    for name in dict.fromkeys(_REGISTRY_OF.values()):
        packages = [package for package, registry in _REGISTRY_OF.items() if registry == name]
        _Table.replace_in(getattr(registries, name), packages)


class _Table(dict):
    """The entries of a registry by name; a name that it has not is looked for in packages that are imported on demand.

    Args:
        registry: The registry whose table it is. Lookups from the registries below it read the table itself,
            which is why it is replaced, and not the registry's method.
        packages: Names of the packages.
    """

    def __init__(self, registry, packages: list[str]):
        super().__init__(registry.module_dict)
        self._parent, self._packages = registry.parent, packages
        self._errors = None  # of importing all; None: not tried yet
        self._thread = threading.local()

    @classmethod
    def replace_in(cls, registry, packages: list[str]) -> None:
        """Give a registry such a table."""
        table, register = cls(registry, packages), registry._register_module

        def register_module(*args, **kwargs):
            with table.registering():
                register(*args, **kwargs)

        registry._module_dict, registry._register_module = table, register_module

    @contextmanager
    def registering(self) -> Iterator[None]:
        """To register a name is not to ask for what has it."""
        self._thread.registering = True
        try:
            yield
        finally:
            self._thread.registering = False

    def __contains__(self, name: str) -> bool:
        if super().__contains__(name):
            return True
        return not getattr(self._thread, 'registering', False) and self._fetch(name)

    def _fetch(self, name: str) -> bool:
        for package in self._packages:
            importlib.import_module(package)
        packages = [_POSTPONED[package] for package in self._packages if package in _POSTPONED]
        for package in packages:
            if name in package:
                package[name]
                return super().__contains__(name)
        if self._parent is not None and name in self._parent.module_dict:
            return False
        if self._errors is None:
            self._errors = []  # what is imported may look names up itself
            self._errors = [error for package in packages for error in package.import_all()]
        if self._errors and not super().__contains__(name):
            warnings.warn(f'{name!r} was looked for in all of MMagic, but {len(self._errors)} of its modules do not '
                          f'import here. The first: {self._errors[0]}', stacklevel=2)
            self._errors = []  # said once
        return super().__contains__(name)
