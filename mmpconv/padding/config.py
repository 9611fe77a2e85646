"""Padding by config, where there is MMEngine: a hook, and a config made of another one."""
import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from mmengine.config import Config, ConfigDict
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from torch import nn

from mmpconv.configs import build_model, read_model_config
from mmpconv.errors import LaunchError, one_line
from mmpconv.whole_files import write_text

from .convert import PaddingReport, PatternError, convert_padding

_TORCHVISION = 'torchvision:'
_OPTIONS = {'include': '--only', 'exclude': '--skip'}
_TEMPLATE = """\
# The model of the config below with {mode} padding; `mmpconv convert-padding` wrote this.
_base_ = {base!r}

custom_imports = dict(imports={imports!r})
model = dict(
    _delete_=True,
    type='PaddedModel',
{arguments}    model={{{{_base_.model}}}})
"""


class ConvertPaddingHook(Hook):
    """Changes the padding of the runner's model before it trains, validates or tests.

    For ``custom_hooks``. Where only the config builds the model (``init_model`` of MMSegmentation, say), no
    hook runs: :func:`~mmpconv.padding.model.PaddedModel` works there too.

    Args:
        mode, include, exclude: See :func:`~mmpconv.convert_padding`.
    """

    # Before hooks that copy the model, such as the EMA hook.
    priority = 'VERY_HIGH'

    def __init__(self, mode: str = 'partial', include: str | Sequence[str] | None = None,
                 exclude: str | Sequence[str] | None = None):
        self.mode, self.include, self.exclude = mode, include, exclude

    def before_run(self, runner) -> None:
        """Convert; after the first time there is nothing to do.

        Raises:
            ValueError: See :func:`~mmpconv.convert_padding`.
        """
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        runner.logger.info(convert_padding(model, self.mode, self.include, self.exclude))


def report_padding(name: str, mode: str, only: Sequence[str] | None, skip: Sequence[str] | None) -> PaddingReport:
    """Report of what a conversion does to the model of a config.

    Args:
        name: Path of a config, ``package::path``, or ``torchvision:NAME``.
        mode, only, skip: ``mode``, ``include`` and ``exclude`` of :func:`~mmpconv.convert_padding`.

    Raises:
        LaunchError: There is no such config, its model cannot be built, or there is nothing to convert.
    """
    model = _torchvision_model(name) if name.startswith(_TORCHVISION) else _model_of(read_model_config(name), name)
    return _convert(model, name, mode, only, skip)


def write_padded_config(name: str, out: str, mode: str, only: Sequence[str] | None,
                        skip: Sequence[str] | None) -> None:
    """Write a config that inherits from another one and converts the padding of its model, after trying it.

    Args:
        name, mode, only, skip: See :func:`report_padding`.
        out: The file to write.

    Raises:
        LaunchError: It cannot be written there, or the base config cannot be inherited from. Nothing is written then.
    """
    path = Path(out)
    if name.startswith(_TORCHVISION):
        raise LaunchError(f'{name} is no config, so that none can inherit from it; leave -o out, and convert the model '
                          'by mmpconv.convert_padding(model)')
    if path.suffix != '.py' or '.' in path.stem:
        raise LaunchError(f'-o is {out}; MMEngine reads configs whose name ends in .py and has no other dot')
    if path.exists():
        raise LaunchError(f'{out} is there already; give another name, or remove it')
    config = read_model_config(name)
    imports = [*_imports_of(config), *([] if 'mmpconv' in _imports_of(config) else ['mmpconv'])]
    arguments = ''.join(f'    {key}={value!r},\n' for key, value in (
        ('mode', mode), ('include', only), ('exclude', skip)) if value)

    def text(base: str) -> str:
        return _TEMPLATE.format(mode=mode, base=base, imports=imports, arguments=arguments)

    _try(text(base_path(name, None)), name, config, mode, only, skip)
    write_text(path, text(base_path(name, path.parent)))


def _try(text: str, name: str, config: Config, mode: str, only, skip) -> None:
    """Load the new config and build its model: it has to be the old one's, converted."""
    expected = _convert(_model_of(config, name), name, mode, only, skip)
    with TemporaryDirectory() as folder:
        path = Path(folder) / 'padded.py'
        write_text(path, text)
        try:
            padded = Config.fromfile(path)
        except Exception as error:  # configs are programs
            raise LaunchError(f'a config cannot inherit from {name}: {type(error).__name__}: {one_line(error)}; '
                              f'{_hook(mode)}') from error
    model = _model_of(padded, name)
    again = convert_padding(model, mode, only, skip)
    if again.converted or set(again.unchanged) != {c.name for c in expected.converted} | set(expected.unchanged):
        raise LaunchError(f'the model of the new config is not that of {name} with {mode} padding; {_hook(mode)}')


def _hook(mode: str) -> str:
    return f"put custom_hooks = [dict(type='mmpconv.ConvertPaddingHook', mode={mode!r})] into it instead"


def _model_of(config: Config, name: str) -> nn.Module:
    """The model of a config, without pretrained weights."""
    return build_model(_without_weights(config.model), config.get('default_scope') or 'mmengine',
                       f'the model of {name}')


def _without_weights(node):
    """A part of a config, of which nothing is downloaded that only stands for the values of weights.

    Most models load weights when they are initialised, which here they are not; wrappers of timm do when built.
    """
    if isinstance(node, dict):
        return ConfigDict({key: False if key == 'pretrained' and value is True else _without_weights(value)
                           for key, value in node.items()})
    return [*map(_without_weights, node)] if isinstance(node, list) else node


def _torchvision_model(name: str) -> nn.Module:
    import torchvision

    network = name.removeprefix(_TORCHVISION)
    try:
        return torchvision.models.get_model(network, weights=None)
    except ValueError as error:
        raise LaunchError(f'torchvision has no model {network!r}; its function torchvision.models.list_models() lists '
                          'them') from error


def _convert(model: nn.Module, name: str, mode: str, only, skip) -> PaddingReport:
    try:
        return convert_padding(model, mode, only, skip)
    except PatternError as error:
        raise LaunchError(f'{name}: {_OPTIONS[error.argument]} {error.message}') from error
    except (TypeError, ValueError) as error:
        raise LaunchError(f'{name}: {error}') from error


def _imports_of(config: Config) -> list[str]:
    imports = (config.get('custom_imports') or {}).get('imports') or []
    return [imports] if isinstance(imports, str) else list(imports)


def base_path(name: str, folder: Path | None) -> str:
    """Reference of a config to its base: as given for one of a package, else relative to a folder, or absolute."""
    if '::' in name:
        return name
    path = os.path.abspath(os.path.expanduser(name))
    return path if folder is None else os.path.relpath(path, os.path.abspath(folder))
