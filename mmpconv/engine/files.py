"""Finding the files that a command line names."""
import importlib.util
import os.path as osp
import re
from pathlib import Path

from mmengine.config import Config

from mmpconv.errors import LaunchError


def load_config(name: str) -> Config:
    """Read a config file.

    Args:
        name: Path of a config, or ``package::path`` (for example
            ``mmpretrain::resnet/resnet18_8xb16_cifar10.py``) for one of the
            configs in an installed MM* package.

    Raises:
        LaunchError: There is no such package or file.
    """
    if '::' in name:
        package, _, path = name.partition('::')
        return Config.fromfile(shipped_file(package, path))
    path = osp.expanduser(name)
    if not osp.isfile(path):
        raise LaunchError(f'there is no config file {name}; give the path of a .py config, or package::path '
                          'for one that an installed MM* package ships')
    return Config.fromfile(path)


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


def config_stem(name: str) -> str:
    """Name of a config without folder and suffix."""
    return Path(name.rpartition('::')[2]).stem


def is_url(name: str) -> bool:
    """Whether MMEngine fetches this name (``https://``, ``torchvision://``...) rather than opens it."""
    return re.match(r'[\w:+-]+://', name) is not None


def how_to_make(checkpoint: str, config: str) -> str:
    """What to do when the checkpoint that a config starts from is absent.

    A checkpoint in ``work_dirs/NAME`` comes from the config ``NAME.py``, such as that of stage 1.
    """
    maker = Path(config).with_name(f'{Path(checkpoint).parent.name}.py')
    first = f'make it first with: python tools/train.py {maker}, or ' if maker.is_file() else ''
    return f'{first}give another one with --cfg-options load_from=FILE'


def require_checkpoint(name: str, what: str, remedy: str) -> None:
    """Check that a checkpoint is there before anything heavy is built. URLs are not fetched here.

    Args:
        name: Path or URL.
        what: How the error calls it.
        remedy: What the error advises to do.

    Raises:
        LaunchError: There is no such file.
    """
    if not is_url(name) and not osp.isfile(osp.expanduser(name)):
        raise LaunchError(f'{what} is {name}, and there is no such file; {remedy}')
