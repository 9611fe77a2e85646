"""Checkpoint files under other names: what ``tools/model_converters/convert_keys.py`` does."""
import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ..checkpoints import CheckpointError
from .checkpoint_keys import CheckpointKeysError, to_mmpretrain, to_torchvision
from .weights_file import check_target, read_weights, write_checkpoint

TARGETS = {'mmpretrain': to_mmpretrain, 'torchvision': to_torchvision}


def convert_file(source: Path, target: Path, to: str, force: bool = False) -> int:
    """Write the weights of a checkpoint under the names of another library.

    No code that the file may hold is run. The new file appears when it is complete, or not at all. For
    MMPretrain it is ``dict(state_dict=...)``, for torchvision a plain state dict; optimizer, epoch and other
    things of a training run are left out.

    Args:
        source: A state dict, or a checkpoint with one under ``'state_dict'``: of torchvision, NVIDIA or MMEngine.
        target: The file to write, in a folder that exists.
        to: ``'mmpretrain'`` or ``'torchvision'``: whose names to give.
        force: Replace ``target`` if it is there.

    Returns:
        int: Number of weights written.

    Raises:
        CheckpointError: ``source`` cannot be read or has other weights, or ``target`` cannot be written.
    """
    check_target(target, force)
    weights = read_weights(source)
    try:
        weights = TARGETS[to](weights)
    except CheckpointKeysError as error:
        raise CheckpointKeysError(f'{source} cannot be converted: {error}') from None
    write_checkpoint({'state_dict': weights} if to == 'mmpretrain' else weights, target)
    return len(weights)


def main(argv: Sequence[str] | None = None) -> None:
    """Convert a file as the command line says.

    Args:
        argv: Arguments after the program's name. Defaults to those of this process.
    """
    parser = argparse.ArgumentParser(description='Give the weights of a checkpoint the names of another library: '
                                     'ResNet 18 to 152 and VGG 11 to 19, whatever their padding.')
    parser.add_argument('source', type=Path, help='checkpoint of torchvision, NVIDIA/partialconv or MMPretrain')
    parser.add_argument('target', type=Path, help='file to write')
    parser.add_argument('--to', choices=list(TARGETS), required=True, help='whose names to give')
    parser.add_argument('--force', action='store_true', help='replace the target if it is there')
    args = parser.parse_args(argv)
    try:
        count = convert_file(args.source, args.target, args.to, args.force)
    except CheckpointError as error:
        sys.exit(f'error: {error}')
    print(f'{count} weights with the names of {args.to} written to {args.target}')
