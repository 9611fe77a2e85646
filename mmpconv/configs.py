"""Configs by name, and the models that they describe."""
import os.path as osp
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from mmengine.config import Config, DictAction
from mmengine.registry import MODELS, DefaultScope
from torch import nn

from .compat.own_configs import shipped_file
from .errors import LaunchError, one_line


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


def read_model_config(name: str, options: dict | None = None) -> Config:
    """Read the config of a model.

    Args:
        name: See :func:`load_config`.
        options: See :func:`merge_options`.

    Raises:
        LaunchError: There is no such config, the changes do not fit it, or it has no model.
    """
    config = load_config(name)
    merge_options(config, options, name)
    if config.get('model') is None:
        raise LaunchError(f'{name} is not the config of a network: it has no model')
    return config


def read_options(options: Sequence[str]) -> dict:
    """Changes of a config from ``KEY=VALUE`` as MM* tools take them behind ``--cfg-options``.

    Raises:
        ValueError: One has another form.
    """
    for option in options:
        if '=' not in option:
            raise ValueError(f'{option!r} is not of the form KEY=VALUE')
    read = Namespace()
    DictAction(['--cfg-options'], 'options', nargs='+')(None, read, options)
    return read.options


def merge_options(config: Config, options: dict | None, name: str) -> None:
    """Change a config in place.

    Args:
        config: The config.
        options: New values by their place, as :func:`read_options` gives them; or None.
        name: How errors call the config.

    Raises:
        LaunchError: An option names a place that the config does not have.
    """
    try:
        config.merge_from_dict(options or {})
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise LaunchError(f'--cfg-options {options} does not fit {name}: {error}') from error


def config_stem(name: str) -> str:
    """Name of a config without folder and suffix."""
    return Path(name.rpartition('::')[2]).stem


def type_name(node: dict) -> str:
    """Name of a config's type without scope or module; the type may be a class, as in MMEngine's newer configs."""
    kind = node.get('type') or ''
    return (kind if isinstance(kind, str) else kind.__name__).rpartition('.')[2]


def build_model(model: dict, scope: str, name: str) -> nn.Module:
    """Build a model without weights, on torch's default device.

    Args:
        model: Its config. scope: In which its types are looked up. name: How errors call the model.

    Raises:
        LaunchError: It cannot be built.
    """
    with DefaultScope.overwrite_default_scope(scope):
        try:
            return MODELS.build(model)
        except Exception as error:  # whatever a model has against being built
            raise LaunchError(f'{name} cannot be built: {type(error).__name__}: {one_line(error)}') from error
