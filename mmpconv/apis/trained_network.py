"""An inpaintor as a function of pictures: what is run, what is exported, and what is handed on."""
import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from torch import nn

import mmpconv.models.inpainting  # noqa: F401  (registers the networks)
from mmpconv.checkpoints import CheckpointError, DownloadError, write_safetensors
from mmpconv.checkpoints.fitting import build_trained_model, fit_of, weights_of
from mmpconv.checkpoints.loading import read_checkpoint, sha256_of
from mmpconv.checkpoints.network_config import NetworkConfig, config_of, only_types
from mmpconv.configs import build_model, read_model_config, type_name
from mmpconv.engine.resume import require_checkpoint
from mmpconv.errors import LaunchError
from mmpconv.models.inpainting.pconv_inpaintor import PConvInpaintor
from mmpconv.registry import MODELS

from .models import inpainting_models, shipped_model
from .torch_network import PictureNetwork

CHECKPOINT_SUFFIXES = ('.pth', '.pt', '.ckpt', '.safetensors')
_TO_FILL = dict(type='mmpconv.PConvInpaintor', loss_composed_percep=None, loss_out_percep=False)


def load_picture_network(model: str | None, checkpoint: str | None = None) -> PictureNetwork:
    """Load a trained inpaintor on the CPU, ready to fill.

    Args:
        model: Path of a config, ``package::path``, or the name of one that this package ships. None: what the
            checkpoint says of its network itself, as MMEngine's and this package's safetensors files do. Or the file
            of such a checkpoint.
        checkpoint: File or URL. Default: the published weights of a shipped config.

    Raises:
        LaunchError: There is no such config or checkpoint, or the config is not one of an inpaintor that this package
            runs.
        CheckpointError: The checkpoint cannot be loaded, is not safe to load, is of another network, or does not say of
            which.
    """
    if model is not None and model.lower().endswith(CHECKPOINT_SUFFIXES):
        if checkpoint:
            raise LaunchError(f'{model} and {checkpoint} are both checkpoints; give one of them')
        model, checkpoint = None, model
    if model is None:
        if not checkpoint:
            raise LaunchError('neither a model nor a checkpoint is given; give one of them')
        return _network_of_checkpoint(checkpoint)
    if model.lower().endswith('.pt2'):
        raise LaunchError(f'{model} is a program of torch.export, the reading of which can run anything; give the '
                          '.onnx file of the network, or its checkpoint')
    shipped = shipped_model(model)
    if shipped:
        model, checkpoint = str(shipped.config), checkpoint or shipped.weights
    elif not model.endswith('.py'):
        names = ', '.join(entry.name for entry in inpainting_models() if entry.weights)
        raise LaunchError(f'{model} is no model; give the path of a .py config, of a checkpoint or of an exported '
                          f'.onnx file, package::path of a config, or the name of one that is shipped, as {names}')
    if not checkpoint:
        raise LaunchError(f'{model} was given without a checkpoint, and there are no published weights of it; '
                          'give the path or the URL of a .pth file')
    config = read_model_config(model)
    if type_name(config.model) != 'PConvInpaintor':
        raise LaunchError(f'{model} is the config of a {type_name(config.model)}; holes of photos are filled by a '
                          'PConvInpaintor')
    # MMagic's own inpaintor, too, is run as this package's: that takes photos of any size, and is faster.
    settings = {**config.model, **_TO_FILL}
    try:
        content = _read(checkpoint, f'the checkpoint of {model}')
    except DownloadError as error:
        raise DownloadError(f'{error}. Or leave the model out (mmpconv inpaint without --model): the network in the '
                            'package needs no download') from error
    _require_same_network(settings, content, checkpoint, model)
    inpaintor = build_trained_model(settings, content, checkpoint, 'mmpconv', f'the model of {model}')
    return _picture_network(inpaintor, config)


def untrained_network(config: str) -> PictureNetwork:
    """The network of a config, see :func:`~mmpconv.configs.load_config`, with random weights, in training mode.

    Raises:
        LaunchError: There is no such config, or its network cannot be built.
    """
    settings = read_model_config(config)
    inpaintor = build_model({**settings.model, **_TO_FILL}, 'mmpconv', f'the model of {config}')
    return _picture_network(inpaintor, settings).train().requires_grad_(True)


def publish(source: str, target: Path, note: str = '') -> str:
    """Write the weights of a training's checkpoint in half precision, with the config of their network.

    Optimizer, losses, random state and the history of the training stay behind. Averaged weights (``EMAHook``) are
    what MMEngine's checkpoints have as their weights, so these are written.

    Args:
        source: Checkpoint of an inpaintor that ``mmpconv train`` has written.
        target: ``.safetensors`` file to write.
        note: A line on where the weights come from.

    Returns:
        str: SHA-256 of the file.

    Raises:
        LaunchError: ``target`` has another suffix.
        CheckpointError: The checkpoint cannot be read, does not say of which network it is, or cannot be written.
    """
    if target.suffix != '.safetensors':
        raise LaunchError(f'{target} is to be written as safetensors; give a name that ends in .safetensors')
    network = load_picture_network(None, source)
    own = config_of(read_checkpoint(source), source)
    model = {key: own.model[key] for key in ('type', 'data_preprocessor', 'encdec')}
    weights = {f'generator.{key}': value for key, value in network.generator.state_dict().items()}
    write_safetensors(target, weights, model, size=network.size, channel_order='rgb' if network.rgb else 'bgr',
                      dtype=torch.float16, metadata=dict(note=note))
    return sha256_of(str(target))


def _network_of_checkpoint(checkpoint: str) -> PictureNetwork:
    content = _read(checkpoint, 'the checkpoint')
    own = config_of(content, checkpoint)
    if own is None:
        raise CheckpointError(f'{checkpoint} does not say of which network its weights are; give the config of it as '
                              'model, or its name')
    settings = own_settings(own, content, checkpoint)
    inpaintor = build_trained_model(settings, content, checkpoint, 'mmpconv', f'the network of {checkpoint}')
    return _picture_network(inpaintor, own.loaders, own.channel_order, own.size)


def _read(checkpoint: str, what: str) -> dict:
    require_checkpoint(checkpoint, what, 'give the path or the URL of a .pth or .safetensors file')
    return read_checkpoint(checkpoint)


def _picture_network(inpaintor: PConvInpaintor, config: Mapping, channel_order: str | None = None,
                     size: int | None = None) -> PictureNetwork:
    """The network of an inpaintor; the loaders of data in its config say what is not given."""
    transforms = _transforms(config)
    loaded = [transform.get('channel_order', 'bgr') for transform in transforms
              if type_name(transform) == 'LoadImageFromFile']
    colors = inpaintor.data_preprocessor
    order = colors.output_channel_order or channel_order or str(loaded[0] if loaded else 'bgr')
    return PictureNetwork(inpaintor.generator, colors.mean, colors.std, order.lower() == 'rgb',
                          size or _training_size(transforms))


def _transforms(config: Mapping) -> list[dict]:
    """Those of the test data; of the training data where there are none."""
    for loader in ('test_dataloader', 'train_dataloader'):
        dataset = (config.get(loader) or {}).get('dataset')
        pipeline = dataset.get('pipeline') if isinstance(dataset, dict) else None
        if pipeline and isinstance(pipeline, (list, tuple)):
            return [transform for transform in pipeline if isinstance(transform, dict)]
    return []


def _training_size(transforms: list[dict]) -> int:
    """Side of the photos that the last crop or resizing gives; 256 where a config does not say."""
    sizes = [transform.get('scale') or transform.get('crop_size') for transform in transforms
             if type_name(transform) in ('Resize', 'Crop')]
    sizes = [size for size in sizes if isinstance(size, (tuple, list)) and size
             and all(isinstance(side, (int, float)) and 1 <= side < 1 << 20 for side in size)]
    return int(min(sizes[-1])) if sizes else 256


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
    networks = {name for name, kind in MODELS.module_dict.items()
                if kind.__module__.startswith(('mmpconv.models.inpainting', 'mmpconv.models.oriented_unet'))}
    parts = {key: own.model.get(key) or {} for key in ('data_preprocessor', 'encdec')}
    settings = only_types(dict(type='PConvInpaintor', **parts, disc=None), networks | _LAYERS, checkpoint)
    weights = weights_of(content, checkpoint)
    for name, number in _whole_numbers(settings):
        if number > (len(weights) if 'layers' in name or 'depth' in name else _LARGEST):
            raise CheckpointError(f'the config in {checkpoint} has {name} = {number:.6g}, which its {len(weights)} '
                                  'weights cannot be of; give the config of its network as model')
    if told := fit_of(_without_values(settings, checkpoint).state_dict(), weights).sentence():
        raise CheckpointError(f'the weights of {checkpoint} do not fit the network that it says they are of: {told}. '
                              'Give the config of its network as model')
    return settings


def _require_same_network(settings: Mapping, content: Mapping, checkpoint: str, model: str) -> None:
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


def _whole_numbers(config, name: str = '') -> Iterator[tuple[str, float]]:
    if isinstance(config, Mapping):
        for key, value in config.items():
            yield from _whole_numbers(value, str(key))
    elif isinstance(config, (list, tuple)):
        for value in config:
            yield from _whole_numbers(value, name)
    elif isinstance(config, (int, float)) and abs(config) > 1:
        yield name, abs(config)


def _without_values(settings: Mapping, checkpoint: str) -> nn.Module:
    """The model with names and shapes only, which costs no memory."""
    try:
        with torch.device('meta'):
            return build_model(settings, 'mmpconv', f'the network of {checkpoint}')
    except LaunchError as error:
        raise CheckpointError(str(error)) from error


def _written(settings: Mapping, checkpoint: str) -> list[str]:
    """All layers with their settings, and how colours are normalised, as lines that can be compared."""
    layers = repr(_without_values(settings, checkpoint).generator).replace('SyncBatchNorm', 'BatchNorm2d')
    colors = dict(settings.get('data_preprocessor') or {})
    mean, std = (_each_channel(colors.get(name, 127.5)) for name in ('mean', 'std'))
    return [f'colours: mean {mean}, deviation {std}, order {colors.get("output_channel_order")}', *layers.splitlines()]


def _each_channel(values) -> list[float]:
    values = [float(value) for value in (values if isinstance(values, (list, tuple)) else [values])]
    return values * 3 if len(values) == 1 else values
