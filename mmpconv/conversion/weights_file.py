"""Reading and writing checkpoint files of weights: what the converters share."""
from collections.abc import Sequence
from pathlib import Path

import torch

from mmpconv.whole_files import whole_file

from ..checkpoints import CheckpointError
from ..checkpoints.loading import load_from_local
from .checkpoint_keys import CheckpointKeysError


def check_target(target: Path, force: bool) -> None:
    """Refuse a file that cannot be written, or is there and must not be replaced, before anything is read.

    Raises:
        CheckpointError: It is one of these.
    """
    if target.exists() and not force:
        raise CheckpointError(f'{target} is there already; give another name, or --force to replace it')
    if target.is_dir() or not target.parent.is_dir():
        raise CheckpointError(f'{target} cannot be written: give the name of a file in a folder that exists')


def read_weights(source: Path, places: Sequence[str] = ('state_dict',)) -> dict:
    """The state dict of a checkpoint file. No code that the file may hold is run.

    Args:
        source: The file.
        places: Entries under which a checkpoint may hold its state dict; without any of them it is one itself.

    Raises:
        CheckpointError: The file cannot be read, or holds something else.
    """
    checkpoint = load_from_local(str(source), map_location='cpu')
    weights = None
    if isinstance(checkpoint, dict):
        weights = next((checkpoint[place] for place in places if place in checkpoint), checkpoint)
    if not isinstance(weights, dict):
        kind = type(checkpoint if weights is None else weights).__name__
        raise CheckpointKeysError(f'{source} holds {kind} but must hold a state dict, alone or under '
                                  f'{" or ".join(places)}')
    return weights


def write_checkpoint(checkpoint: dict, target: Path) -> None:
    """Write a checkpoint, which appears when it is complete, or not at all.

    Raises:
        CheckpointError: It cannot be written.
    """
    try:
        with whole_file(target) as unfinished:
            torch.save(checkpoint, unfinished)
    except (OSError, RuntimeError) as error:  # torch reports a full disk as a RuntimeError
        raise CheckpointError(f'{target} cannot be written ({error}); give a file in another folder') from error
