"""The network that a checkpoint says it is of."""
import difflib
from collections.abc import Mapping

import torch
from torch import nn

import mmpconv.models.inpainting  # noqa: F401  (registers the networks)
from mmpconv.checkpoints import CheckpointError
from mmpconv.checkpoints.fitting import fit_of, weights_of
from mmpconv.checkpoints.network_config import NetworkConfig, config_of, only_types
from mmpconv.configs import build_model, type_name
from mmpconv.errors import LaunchError
from mmpconv.registry import MODELS

_LAYERS = {'Conv2d', 'Conv', 'BN', 'BN2d', 'SyncBN', 'GN', 'LN', 'LN2d', 'IN', 'IN2d', 'ReLU', 'LeakyReLU', 'PReLU',
           'ReLU6', 'ELU', 'GELU', 'SiLU', 'Swish', 'HSwish', 'Tanh', 'Sigmoid', 'PConv', 'PartialConv2d',
           'DataPreprocessor'}
_LARGEST = 1 << 16  # of any whole number in the config of a network


def own_settings(own: NetworkConfig, content: Mapping, checkpoint: str) -> dict:
    """The part of a checkpoint's own config that is built: the inpaintor without its losses.

    Nothing but networks and layers of this package, and the layers of mmcv, can be named there; and nothing is built
    before names and shapes are known to be those of the weights.

    Args:
        own: What the checkpoint says. content: What it holds. checkpoint: How errors call it.

    Raises:
        CheckpointError: It is no inpaintor of this package, names something else, cannot be built, or its weights are
            of another network.
    """
    if type_name(own.model) != 'PConvInpaintor':
        raise CheckpointError(f'{checkpoint} is of a {type_name(own.model) or "model without a type"}; holes of photos '
                              'are filled by a PConvInpaintor')
    parts = {key: own.model.get(key) or {} for key in ('data_preprocessor', 'encdec')}
    settings = only_types(dict(type='PConvInpaintor', **parts, disc=None), _known_types(), checkpoint)
    weights = weights_of(content, checkpoint)
    for name, number in _whole_numbers(settings):
        if number > (len(weights) if 'layers' in name or 'depth' in name else _LARGEST):
            raise CheckpointError(f'the config in {checkpoint} has {name} = {number:.6g}, which its {len(weights)} '
                                  'weights cannot be of; give the config of its network as model')
    if told := fit_of(_without_values(settings, f'the network of {checkpoint}'), weights).sentence():
        raise CheckpointError(f'the weights of {checkpoint} do not fit the network that it says they are of: {told}. '
                              'Give the config of its network as model')
    return settings


def require_same_network(settings: Mapping, content: Mapping, checkpoint: str, model: str) -> None:
    """Refuse a model that contradicts what a checkpoint says of its network, where that can be read and built.

    Args:
        settings: Config of the inpaintor. content: What the checkpoint holds. checkpoint: How errors call it.
        model: How errors call the model.

    Raises:
        CheckpointError: They are not of the same layers, or take other colours.
    """
    try:
        own = config_of(content, checkpoint)
        theirs = own and own_settings(own, content, checkpoint)
    except CheckpointError:  # then shapes and names have to do
        return
    if theirs is None:
        return
    named, said = (_written(config, checkpoint) for config in (settings, theirs))
    if named != said:
        first = [line[2:].strip() for line in difflib.ndiff(said, named) if line[:2] in ('- ', '+ ')][:2]
        raise CheckpointError(f'{model} is not the network of {checkpoint}, which says of itself that it is another '
                              f'one ({" / ".join(first)[:200]}); leave the model out, or give its own')


def _known_types() -> set[str]:
    networks = {name for name, kind in MODELS.module_dict.items()
                if kind.__module__.startswith(('mmpconv.models.inpainting', 'mmpconv.models.oriented_unet'))}
    return networks | _LAYERS


def _whole_numbers(config, name: str = ''):
    if isinstance(config, Mapping):
        for key, value in config.items():
            yield from _whole_numbers(value, str(key))
    elif isinstance(config, (list, tuple)):
        for value in config:
            yield from _whole_numbers(value, name)
    elif isinstance(config, (int, float)) and abs(config) > 1:
        yield name, abs(config)


def _without_values(settings: Mapping, name: str) -> nn.Module:
    """The model with names and shapes only, which costs no memory."""
    try:
        with torch.device('meta'):
            return build_model(settings, 'mmpconv', name)
    except LaunchError as error:
        raise CheckpointError(str(error)) from error


def _written(settings: Mapping, checkpoint: str) -> list[str]:
    """All layers with their settings, and how colours are normalised, as lines that can be compared."""
    built = _without_values(settings, f'the network of {checkpoint}')
    layers = repr(built.generator).replace('SyncBatchNorm', 'BatchNorm2d')
    colors = dict(settings.get('data_preprocessor') or {})
    mean, std = (_each_channel(colors.get(name, 127.5)) for name in ('mean', 'std'))
    return [f'colours: mean {mean}, deviation {std}, order {colors.get("output_channel_order")}', *layers.splitlines()]


def _each_channel(values) -> list[float]:
    values = [float(value) for value in (values if isinstance(values, (list, tuple)) else [values])]
    return values * 3 if len(values) == 1 else values
