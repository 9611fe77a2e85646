"""Checkpoints of NVIDIA's padded networks: keys of torchvision and of MMPretrain, and files of weights.

NVIDIA's ``pdresnet*`` and ``pdvgg*`` have torchvision's names. Padding has no weights: a network with zero
padding and the same one with partial padding have the same names.
"""
import io
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

from mmpconv.whole_files import write_bytes

from . import CheckpointError
from .fitting import some_names, weights_of
from .loading import load_from_local

_RESNET_BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
_VGG_CONVOLUTIONS = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
ARCHITECTURES = (*(f'resnet{depth}' for depth in _RESNET_BLOCKS),
                 *(f'vgg{depth}{norm}' for depth in _VGG_CONVOLUTIONS for norm in ('', '_bn')))

_LAYER = ('weight', 'bias')
_NORM = (*_LAYER, 'running_mean', 'running_var', 'num_batches_tracked')
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
    if architecture.startswith('resnet'):
        modules = _resnet_modules(int(architecture.removeprefix('resnet')))
    else:
        modules = _vgg_modules(int(architecture.removeprefix('vgg').removesuffix('_bn')), architecture.endswith('_bn'))
    return {f'{theirs}.{weight}': f'{ours}.{weight}' for theirs, ours, weights in modules for weight in weights}


@cache
def _inverse_names(architecture: str) -> dict[str, str]:
    return {ours: theirs for theirs, ours in _names(architecture).items()}


def _resnet_modules(depth: int) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Module of torchvision, module of MMPretrain, and its weights."""
    convolutions = 3 if depth >= 50 else 2
    modules = {'conv1': ('weight',), 'bn1': _NORM}
    for stage, blocks in enumerate(_RESNET_BLOCKS[depth], 1):
        for block in range(blocks):
            name = f'layer{stage}.{block}'
            for number in range(1, convolutions + 1):
                modules |= {f'{name}.conv{number}': ('weight',), f'{name}.bn{number}': _NORM}
            # A shortcut is a convolution where a stage changes the size or the number of channels.
            if block == 0 and (stage > 1 or convolutions == 3):
                modules |= {f'{name}.downsample.0': ('weight',), f'{name}.downsample.1': _NORM}
    yield from ((name, f'backbone.{name}', weights) for name, weights in modules.items())
    yield 'fc', 'head.fc', _LAYER


def _vgg_modules(depth: int, norm: bool) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """As :func:`_resnet_modules`. torchvision counts convolution, BatchNorm and ReLU, MMPretrain the three as one."""
    theirs = ours = 0
    for convolutions in _VGG_CONVOLUTIONS[depth]:
        for _ in range(convolutions):
            yield f'features.{theirs}', f'backbone.features.{ours}.conv', _LAYER
            if norm:
                yield f'features.{theirs + 1}', f'backbone.features.{ours}.bn', _NORM
            theirs, ours = theirs + 2 + norm, ours + 1
        theirs, ours = theirs + 1, ours + 1  # pooling
    for number in (0, 3, 6):
        yield f'classifier.{number}', f'backbone.classifier.{number}', _LAYER


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
