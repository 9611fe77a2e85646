"""Configs of this package as bases of others: ``_base_ = ['mmpconv::oriented_unet/...py']``, from any folder.

The defects: MMEngine 0.10 finds ``package::path`` for the libraries of a table of its own only, and, of what pip has
installed as editable, for none.

What is done: paths of this package are found here; MMEngine finds those of others.

Delete when: MMEngine takes any installed package, editable or not.
"""
import importlib.util
from pathlib import Path

from mmpconv.errors import LaunchError

from .when_imported import when_imported


def install() -> None:
    """Have MMEngine ask here first. Idempotent; imports nothing."""
    when_imported('mmengine.config.config', _ask_here_first)


def _ask_here_first() -> None:
    from mmengine.config.config import Config

    theirs = Config._get_cfg_path

    def place(name: str, file: str) -> tuple[str, str | None]:
        package, _, path = name.partition('::')
        return (str(shipped_file(package, path)), package) if package == 'mmpconv' and path else theirs(name, file)

    Config._get_cfg_path = staticmethod(place)


def shipped_file(package: str, path: str) -> Path:
    """A config, or another file beside the configs, of an installed MM* package.

    Args:
        package: Its name.
        path: Relative to its folder of configs.

    Raises:
        LaunchError: There is no such package or file.
    """
    spec = importlib.util.find_spec(package) if package.isidentifier() else None
    if spec is None or not spec.submodule_search_locations:
        raise LaunchError(
            f"the config '{package}::{path}' needs the package '{package}', which is not installed")
    home = Path(spec.submodule_search_locations[0])
    # An installed MM* package has its configs in .mim, a source checkout beside the package.
    for configs in (home / '.mim' / 'configs', home.parent / 'configs'):
        if (configs / path).is_file():
            return configs / path
    raise LaunchError(
        f"package '{package}' ships no config {path}; its configs are in {home / '.mim' / 'configs'}")
