"""A trained network as a file to hand on: what ``tools/model_converters/publish_model.py`` does."""
from pathlib import Path

import torch

from mmpconv.checkpoints import write_safetensors
from mmpconv.checkpoints.loading import read_checkpoint, sha256_of
from mmpconv.checkpoints.network_config import config_of
from mmpconv.errors import LaunchError


def publish(source: str, target: Path, note: str = '') -> str:
    """Write the weights of a training's checkpoint in half precision, with the config of their network.

    Optimizer, losses, random state and the history of the training stay behind. Averaged weights (``EMAHook``) are
    what MMEngine's checkpoints have as their weights, so these are written.

    Args:
        source: Checkpoint of an inpaintor that ``tools/train.py`` has written.
        target: ``.safetensors`` file to write.
        note: A line on where the weights come from.

    Returns:
        str: SHA-256 of the file.

    Raises:
        LaunchError: ``target`` has another suffix.
        CheckpointError: The checkpoint cannot be read, does not say of which network it is, or cannot be written.
    """
    # Importing it takes seconds, and what is wrong with the command line is said before.
    from .trained_network import load_picture_network

    if target.suffix != '.safetensors':
        raise LaunchError(f'{target} is to be written as safetensors; give a name that ends in .safetensors')
    network = load_picture_network(None, source)
    own = config_of(read_checkpoint(source), source)
    model = {key: own.model[key] for key in ('type', 'data_preprocessor', 'encdec')}
    weights = {f'generator.{key}': value for key, value in network.generator.state_dict().items()}
    write_safetensors(target, weights, model, size=network.size, channel_order='rgb' if network.rgb else 'bgr',
                      dtype=torch.float16, metadata=dict(note=note))
    return sha256_of(str(target))
