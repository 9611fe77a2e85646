"""Checkpoints of NVIDIA's padded networks: keys of torchvision and of MMPretrain, and files of weights.

NVIDIA's ``pdresnet*`` and ``pdvgg*`` have torchvision's names. Padding has no weights: a network with zero
padding and the same one with partial padding have the same names.
"""
import io
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import torch
from torch import Tensor, nn

from mmpconv.whole_files import write_bytes

from . import CheckpointError
from .fitting import some_names, weights_of
from .loading import load_from_local

ARCHITECTURES = (*(f'resnet{depth}' for depth in (18, 34, 50, 101, 152)),
                 *(f'vgg{depth}{norm}' for depth in (11, 13, 16, 19) for norm in ('', '_bn')))

_OPTIONAL = 'num_batches_tracked'  # files from before torch 0.4.1 do not have it
# What files hold besides weights: NVIDIA's mask kernels, and statistics for normalising images.
_MASK_KERNELS = ('.weight_maskUpdater', '.weight_mask_updater')
_PREPROCESSOR = 'data_preprocessor.'


class CheckpointKeysError(CheckpointError, ValueError):
    """Not the weights of a network whose names are known. The message says which names are not."""


def to_mmpretrain(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Name weights as MMPretrain's ``ImageClassifier`` does.

    Args:
        state_dict: Weights of one of :data:`ARCHITECTURES` under torchvision's names, also with the
            ``module.`` of a parallel model in front, or of one that wraps ``features`` only. NVIDIA's mask
            kernels are left out.

    Returns:
        dict[str, Tensor]: The same tensors, in the same order.

    Raises:
        CheckpointKeysError: A name is unknown or missing, or the names are MMPretrain's already.
    """
    return _rename(state_dict, 'torchvision', 'MMPretrain', _names)


def to_torchvision(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Name weights as torchvision and NVIDIA do: the inverse of :func:`to_mmpretrain`.

    Args:
        state_dict: Weights of an ``ImageClassifier`` under MMPretrain's names, with or without ``module.``.
            What belongs to its ``data_preprocessor`` is left out.

    Returns:
        dict[str, Tensor]: The same tensors, in the same order.

    Raises:
        CheckpointKeysError: As :func:`to_mmpretrain`.
    """
    return _rename(state_dict, 'MMPretrain', 'torchvision', _inverse_names)


def _rename(state_dict, source: str, target: str, names_of) -> dict[str, Tensor]:
    weights = {_unwrapped(str(key)): value for key, value in state_dict.items()}
    weights = {key: value for key, value in weights.items()
               if not key.startswith(_PREPROCESSOR) and not key.endswith(_MASK_KERNELS)}
    tables = [names_of(architecture) for architecture in ARCHITECTURES]
    likeness = [len(table.keys() & weights.keys()) / len(table.keys() | weights.keys()) for table in tables]
    nearest = likeness.index(max(likeness))
    table, architecture = tables[nearest], ARCHITECTURES[nearest]
    if not any(likeness):
        if any(set(table.values()) & weights.keys() for table in tables):
            raise CheckpointKeysError(f'the names are {target}\'s already, such as {some_names(weights)}; to change '
                                      f'them to {source}\'s, convert to {source.lower()}')
        raise CheckpointKeysError(f'no name is one of {source}\'s: given are {some_names(weights)}, accepted the '
                                  f'weights of {", ".join(ARCHITECTURES)}')
    unknown = [key for key in weights if key not in table]
    missing = [key for key in table if key not in weights and not key.endswith(_OPTIONAL)]
    if unknown or missing:
        faults = [f'{which} {some_names(keys)}' for which, keys in (('unknown', unknown), ('missing', missing)) if keys]
        raise CheckpointKeysError(f'the names are nearest to {source}\'s {architecture}, but {" and ".join(faults)}; '
                                  f'accepted are the complete weights of {", ".join(ARCHITECTURES)}')
    return {table[key]: value for key, value in weights.items()}


def _unwrapped(key: str) -> str:
    return key.removeprefix('module.').replace('features.module.', 'features.')


@cache
def _names(architecture: str) -> dict[str, str]:
    """MMPretrain's name of each weight, by torchvision's."""
    from torchvision.models import get_model

    with torch.device('meta'):
        network = get_model(architecture)
    if architecture.startswith('resnet'):
        return {key: f'{"head" if key.startswith("fc.") else "backbone"}.{key}' for key in network.state_dict()}
    ours, number = {}, 0
    for theirs, layer in enumerate(network.features):
        if isinstance(layer, (nn.Conv2d, nn.BatchNorm2d)):
            kind = 'conv' if isinstance(layer, nn.Conv2d) else 'bn'
            ours.update({f'features.{theirs}.{key}': f'features.{number}.{kind}.{key}' for key in layer.state_dict()})
        else:  # torchvision counts convolution, BatchNorm and ReLU, MMPretrain the three as one
            number += 1
    return {key: f'backbone.{ours.get(key, key)}' for key in network.state_dict()}


@cache
def _inverse_names(architecture: str) -> dict[str, str]:
    return {ours: theirs for theirs, ours in _names(architecture).items()}


def read_weights(source: Path, target: Path, force: bool) -> dict[str, Tensor]:
    """The weights of a checkpoint that is to be converted. No code that the file may hold is run.

    Args:
        source: A state dict, or a checkpoint with one under ``'state_dict'`` or ``'model'``.
        target: The file that will be written. force: Whether it may be there.

    Raises:
        CheckpointError: ``source`` cannot be read or holds something else; ``target`` is there, or cannot be written.
    """
    if target.exists() and not force:
        raise CheckpointError(f'{target} is there already; give another name, or --force to replace it')
    if target.is_dir() or not target.parent.is_dir():
        raise CheckpointError(f'{target} cannot be written: give the name of a file in a folder that exists')
    checkpoint = load_from_local(str(source), map_location='cpu')
    return weights_of(checkpoint if 'state_dict' in checkpoint else checkpoint.get('model', checkpoint), str(source))


def write_checkpoint(checkpoint: dict, target: Path) -> None:
    """Write a checkpoint, which appears when it is complete, or not at all.

    Raises:
        CheckpointError: It cannot be written.
    """
    content = io.BytesIO()  # of a disk that is full torch itself only says "unexpected pos"
    torch.save(checkpoint, content)
    try:
        write_bytes(target, content.getvalue())
    except OSError as error:
        raise CheckpointError(f'{target} cannot be written ({error.strerror or error}); give a file in another '
                              'folder') from error


TARGETS = {'mmpretrain': to_mmpretrain, 'torchvision': to_torchvision}


def convert_file(source: Path, target: Path, to: str, force: bool = False) -> int:
    """Write the weights of a checkpoint under the names of another library.

    No code that the file may hold is run. The new file appears when it is complete, or not at all. For
    MMPretrain it is ``dict(state_dict=...)``, for torchvision a plain state dict; optimizer, epoch and other
    things of a training run are left out.

    Args:
        source: Checkpoint of torchvision, NVIDIA or MMEngine, see :func:`read_weights`.
        target: The file to write, in a folder that exists.
        to: ``'mmpretrain'`` or ``'torchvision'``: whose names to give.
        force: Replace ``target`` if it is there.

    Returns:
        int: Number of weights written.

    Raises:
        CheckpointError: ``source`` cannot be read or has other weights, or ``target`` cannot be written.
    """
    weights = read_weights(source, target, force)
    try:
        weights = TARGETS[to](weights)
    except CheckpointKeysError as error:
        raise CheckpointKeysError(f'{source} cannot be converted: {error}') from None
    write_checkpoint({'state_dict': weights} if to == 'mmpretrain' else weights, target)
    return len(weights)
