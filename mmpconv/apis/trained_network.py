"""An inpaintor as a function of pictures: what is run, and what is exported."""
from collections.abc import Mapping

from mmpconv.checkpoints import CheckpointError, DownloadError
from mmpconv.checkpoints.fitting import build_trained_model
from mmpconv.checkpoints.loading import read_checkpoint
from mmpconv.checkpoints.network_config import config_of
from mmpconv.configs import build_model, read_model_config, type_name
from mmpconv.engine.resume import require_checkpoint
from mmpconv.errors import LaunchError
from mmpconv.models.inpainting.pconv_inpaintor import PConvInpaintor

from .models import inpainting_models, shipped_model
from .own_network import own_settings, require_same_network
from .picture_network import PictureNetwork

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
    if not shipped and not model.endswith('.py'):
        names = ', '.join(entry.name for entry in inpainting_models() if entry.weights)
        raise LaunchError(f'{model} is no model; give the path of a .py config, of a checkpoint or of an exported '
                          f'.onnx file, package::path of a config, or the name of one that is shipped, as {names}')
    if shipped:
        model, checkpoint = str(shipped.config), checkpoint or shipped.weights
    if not checkpoint:
        raise LaunchError(f'{model} was given without a checkpoint, and there are no published weights of it; '
                          'give the path or the URL of a .pth file')
    config = read_model_config(model)
    if type_name(config.model) != 'PConvInpaintor':
        raise LaunchError(f'{model} is the config of a {type_name(config.model)}; holes of photos are filled by a '
                          'PConvInpaintor')
    _require(checkpoint, f'the checkpoint of {model}')
    # MMagic's own inpaintor, too, is run as this package's: that takes photos of any size, and is faster.
    settings = {**config.model, **_TO_FILL}
    try:
        content = read_checkpoint(checkpoint)
    except DownloadError as error:
        raise DownloadError(f'{error}. Or leave the model out (mmpconv inpaint without --model): the network in the '
                            'package needs no download') from error
    require_same_network(settings, content, checkpoint, model)
    inpaintor = build_trained_model(settings, content, checkpoint, 'mmpconv', f'the model of {model}')
    return _picture_network(inpaintor, _loading_order(config), _training_size(config))


def untrained_network(model: str) -> PictureNetwork:
    """The network of a config with random weights, in training mode.

    Args:
        model: See :func:`load_picture_network`.

    Raises:
        LaunchError: There is no such config, or its network cannot be built.
    """
    shipped = shipped_model(model)
    config = read_model_config(str(shipped.config) if shipped else model)
    inpaintor = build_model({**config.model, **_TO_FILL}, 'mmpconv', f'the model of {model}')
    network = _picture_network(inpaintor, _loading_order(config), _training_size(config))
    return network.train().requires_grad_(True)


def _network_of_checkpoint(checkpoint: str) -> PictureNetwork:
    _require(checkpoint, 'the checkpoint')
    content = read_checkpoint(checkpoint)
    own = config_of(content, checkpoint)
    if own is None:
        raise CheckpointError(f'{checkpoint} does not say of which network its weights are; give the config of it as '
                              'model, or its name')
    settings = own_settings(own, content, checkpoint)
    inpaintor = build_trained_model(settings, content, checkpoint, 'mmpconv', f'the network of {checkpoint}')
    return _picture_network(inpaintor, own.channel_order or _loading_order(own.loaders),
                            own.size or _training_size(own.loaders))


def _require(checkpoint: str, what: str) -> None:
    require_checkpoint(checkpoint, what, 'give the path or the URL of a .pth or .safetensors file')


def _picture_network(inpaintor: PConvInpaintor, loading_order: str, size: int) -> PictureNetwork:
    order = inpaintor.data_preprocessor.output_channel_order or loading_order
    colors = inpaintor.data_preprocessor
    return PictureNetwork(inpaintor.generator, colors.mean, colors.std, order.lower() == 'rgb', size)


def _transforms(config: Mapping) -> list[dict]:
    """Those of the test data; of the training data where there are none."""
    for loader in ('test_dataloader', 'train_dataloader'):
        dataset = (config.get(loader) or {}).get('dataset')
        pipeline = dataset.get('pipeline') if isinstance(dataset, dict) else None
        if pipeline and isinstance(pipeline, (list, tuple)):
            return [transform for transform in pipeline if isinstance(transform, dict)]
    return []


def _loading_order(config: Mapping) -> str:
    loaders = [transform for transform in _transforms(config) if type_name(transform) == 'LoadImageFromFile']
    return str(loaders[0].get('channel_order', 'bgr')) if loaders else 'bgr'


def _training_size(config: Mapping) -> int:
    """Side of the photos that the last crop or resizing gives; 256 where a config does not say."""
    sizes = [transform.get('scale') or transform.get('crop_size') for transform in _transforms(config)
             if type_name(transform) in ('Resize', 'Crop')]
    sizes = [size for size in sizes if isinstance(size, (tuple, list)) and size
             and all(isinstance(side, (int, float)) and 1 <= side < 1 << 20 for side in size)]
    return int(min(sizes[-1])) if sizes else 256
