"""Models by name, for the inpainter or as modules of torch; and that of the package, trained on.

Importing it imports neither torch nor an MM* library.
"""
import random
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path

from mmpconv.errors import LaunchError
from mmpconv.whole_files import write_text

from . import DEFAULT_MODEL
from .networks import CLASSICAL_MODELS, ClassicalNetwork, FillingNetwork, OnnxNetwork

_METAFILES = ('oriented_unet/metafile.yml', 'partial_conv/metafile.yml', 'unet/metafile.yml')


@dataclass(frozen=True)
class ShippedModel:
    """A config, and weights of it.

    Attributes:
        name: File name of the config without suffix.
        config: The file.
        weights: URL of published weights, ``mmpconv://FILE`` for those in this package; None: there are none.
        data: What it is trained on.
    """

    name: str
    config: Path
    weights: str | None
    data: str


@lru_cache
def inpainting_models() -> tuple[ShippedModel, ...]:
    """All of them, those with published weights first."""
    import yaml

    from mmpconv.compat.own_configs import shipped_file

    models = []
    for metafile in _METAFILES:
        path = shipped_file('mmpconv', metafile)
        for model in yaml.safe_load(path.read_text(encoding='utf-8'))['Models']:
            models.append(ShippedModel(model['Name'], path.with_name(Path(model['Config']).name), model.get('Weights'),
                                       model['Results'][0]['Dataset']))
    return tuple(sorted(models, key=lambda model: model.weights is None))


def shipped_model(name: str) -> ShippedModel | None:
    """The model of a name; None if it is not one."""
    return next((model for model in inpainting_models() if model.name == name), None)


def require_model(name: str) -> ShippedModel:
    """The model of a name.

    Raises:
        LaunchError: There is none; the message names those that are called alike.
    """
    model = shipped_model(name)
    if model is None:
        alike = get_close_matches(name, list_models(), 3, 0.4) or list_models('*', True)
        raise LaunchError(f'there is no model {name}; mmpconv models lists them all, such as {", ".join(alike)}')
    return model


def list_models(pattern: str = '*', with_weights: bool = False) -> list[str]:
    """Names of the inpainting networks that :func:`get_model` and :class:`~mmpconv.apis.Inpainter` take.

    Args:
        pattern: Those that match it; ``*`` and ``?`` stand for any characters.
        with_weights: Those alone that have weights, in this package or published.
    """
    return [model.name for model in inpainting_models()
            if fnmatch(model.name, pattern) and (model.weights or not with_weights)]


def get_model(name: str, pretrained: bool = True):
    """An inpainting network as a module of torch, on the CPU.

    Called with images ``(N, 3, H, W)``, RGB in [0, 1], and holes ``(N, 1, H, W)``, 1 = hole, it gives the images with
    their holes filled, and ``(N, 1, H, W)``, 0 where it is too shallow to have seen anything valid. Its attribute
    ``generator`` is the network that a config names. :class:`~mmpconv.apis.Inpainter` fills photos of any size.

    Args:
        name: One of :func:`list_models`.
        pretrained: With the weights of the package, or those published, which are downloaded once. Else weights are
            random, to be trained.

    Returns:
        PictureNetwork: Ready to fill, without gradients; untrained, in training mode and with gradients.

    Raises:
        LaunchError: There is no such model, or there are no weights of it.
        CheckpointError: The weights cannot be had.

    Example:
        >>> import torch
        >>> from mmpconv import get_model
        >>> network = get_model('oriented-unet_1xb4_photos-256x256')
        >>> filled, reached = network(torch.rand(1, 3, 64, 64), torch.zeros(1, 1, 64, 64))
    """
    model = require_model(name)
    if not pretrained:
        from .trained_network import untrained_network

        return untrained_network(str(model.config))
    if not model.weights:
        raise LaunchError(f'there are no published weights of {name}, only of {", ".join(list_models("*", True))}; '
                          'take one of those, or pretrained=False')
    return _picture_network(name, None)


def load_network(model: str | None, checkpoint: str | None, device: str, dtype: str, compile: bool) -> FillingNetwork:
    """What fills photos, of whatever kind; arguments and errors are those of :class:`~mmpconv.apis.Inpainter`."""
    if model is None and checkpoint is None:
        model = DEFAULT_MODEL
    is_onnx = model is not None and model.lower().endswith('.onnx')
    if is_onnx or model in CLASSICAL_MODELS:
        given = [name for name, value in (('checkpoint', checkpoint), ('compile', compile),
                                          ('dtype', dtype not in ('auto', 'float32'))) if value]
        if given:
            why = 'holds its weights and precision' if is_onnx else 'has no weights, and a precision of its own'
            raise LaunchError(f'{" and ".join(given)} cannot be given with {model}, which {why}', dict.fromkeys(given))
        return OnnxNetwork(model, device) if is_onnx else ClassicalNetwork(model, device)
    from .torch_network import TorchNetwork

    return TorchNetwork(_picture_network(model, checkpoint), device, dtype, compile)


def _picture_network(model: str | None, checkpoint: str | None):
    if model == DEFAULT_MODEL and checkpoint is None:
        from .torch_network import network_of_the_package

        return network_of_the_package()
    from .trained_network import load_picture_network  # needs MM* libraries, whose import takes seconds

    return load_picture_network(model, checkpoint)


_LEAST = 4  # photos
_CONFIG = """\
# Written by `mmpconv train --photos {photos}`. It may be changed, and given to `mmpconv train` itself.
_base_ = ['mmpconv::oriented_unet/oriented-unet_finetune_1xb4_photos-256x256.py']

photos = {root!r}
train_dataloader = dict(
    batch_size={batch_size}, dataset=dict(data_root=photos, data_prefix=dict(gt=''), ann_file={train!r}))
val_dataloader = dict(dataset=dict(data_root=photos, data_prefix=dict(gt=''), ann_file={val!r}))
test_dataloader = val_dataloader

train_cfg = dict(max_iters={iterations}, val_interval={interval})
param_scheduler = [dict(type='CosineAnnealingLR', by_epoch=False, T_max={iterations})]
default_hooks = dict(checkpoint=dict(interval={interval}))
"""


def finetune(photos: str | Path, work_dir: str | Path = 'work_dirs/finetuned', iterations: int = 1000,
             batch_size: int = 4, resume: bool = False) -> Path:
    """Train the network of the package on, on a folder of photos: ``mmpconv train --photos``.

    Args:
        photos: Folder of photos, also in folders in it.
        work_dir: Where config, log, checkpoints and the result are written.
        iterations: Steps of the training; validated and saved five times.
        batch_size: Windows of 256 pixels at a time.
        resume: Go on from the last checkpoint there, where there is one.

    Returns:
        Path: ``finetuned.safetensors``, which ``Inpainter(checkpoint=...)`` takes.

    Raises:
        LaunchError: There is no such folder, it has fewer than 4 photos, or a number is out of range; or another
            training writes to ``work_dir``.
    """
    photos, work_dir = Path(photos), Path(work_dir)
    for name, value in (('iterations', iterations), ('batch_size', batch_size)):
        if value < 1:
            raise LaunchError(f'{name} is {value} but must be at least 1')
    if not photos.is_dir():
        raise LaunchError(f'there is no folder {photos}; give the folder of your photos')
    from mmpconv.datasets.inpainting_dataset import can_be_listed
    from mmpconv.photos.folders import photo_files

    found = [path for path in photo_files(photos) if can_be_listed(path)]
    if len(found) < _LEAST:
        raise LaunchError(f'{photos} has {len(found)} photos, but at least {_LEAST} are needed to train on: '
                          f'some hundred are better')
    # Importing them takes seconds, and what is wrong with the arguments is said before.
    from mmpconv.engine.launch import train, work_dir_of_its_own

    from .trained_network import publish

    with work_dir_of_its_own(work_dir):
        config = write_config(photos, found, work_dir, iterations, batch_size)
        train(Namespace(config=str(config), work_dir=str(work_dir), resume='auto' if resume else None,
                        cfg_options=None, launcher='none', local_rank=0, amp=False, auto_scale_lr=False), lock=False)
        target = work_dir / 'finetuned.safetensors'
        publish(str(work_dir / f'iter_{iterations}.pth'), target, f'trained on, on {photos}')
    return target


def write_config(photos: Path, found: Sequence[str], work_dir: Path, iterations: int, batch_size: int) -> Path:
    """Write the config, and the lists of photos, by which :func:`finetune` and ``mmpconv train`` train.

    A tenth of the photos, drawn at random and at most 50, is for validation.

    Args:
        photos, iterations, batch_size: See :func:`finetune`.
        found: Paths of the photos in their folder.
        work_dir: Where ``finetuned.py``, ``train.txt`` and ``val.txt`` are written, and the training will write.

    Returns:
        Path: The config.
    """
    held_out = set(random.Random(0).sample(found, max(1, min(50, len(found) // 10))))
    lists = {name: work_dir.absolute() / f'{name}.txt' for name in ('train', 'val')}
    for name, file in lists.items():
        write_text(file, ''.join(f'{path}\n' for path in found if (path in held_out) == (name == 'val')))
    config = work_dir / 'finetuned.py'
    write_text(config, _CONFIG.format(
        photos=photos, root=str(photos.absolute()), train=str(lists['train']), val=str(lists['val']),
        batch_size=batch_size, iterations=iterations, interval=max(1, iterations // 5)))
    return config
