"""Weights of networks that judge images: found, or an error that says how they can be had.

The defect: MMEngine 0.10 says of weights that it cannot download only that the connection failed, and not where a
machine without a network would look for the file.

Delete when: the minimum MMEngine names the folder of its downloads in that error.
"""
import torch
from mmengine.runner.checkpoint import CheckpointLoader

from .errors import CheckpointError


def load_pretrained(source: str, what: str, url: str, argument: str,
                    error: type[CheckpointError] = CheckpointError) -> dict[str, torch.Tensor]:
    """Load a state dict on the CPU, without running any code stored in it.

    Args:
        source: Path, http(s) URL, or a scheme of MMEngine such as ``torchvision://vgg16``.
        what: How errors call the weights.
        url: Where the right file can be downloaded; its name is that of the file to give.
        argument: How the option for ``source`` is called.
        error: What is raised.

    Raises:
        CheckpointError: ``error`` where the weights cannot be had; the message names both remedies, the download
            and a local file. Or the file is damaged, or asks for code to be run.
    """
    file_name = url.rsplit('/', 1)[-1]
    try:
        checkpoint = CheckpointLoader.load_checkpoint(source, map_location='cpu', logger='silent')
    except (OSError, KeyError) as cause:
        reason = f'mmengine knows no {cause}' if isinstance(cause, KeyError) else cause
        raise error(f'{what} cannot be had from {source!r} ({reason}). Either let this machine download {url}, or put '
                    f'that file into {torch.hub.get_dir()}/checkpoints; or give a copy of it in the config: '
                    f"{argument}='/path/to/{file_name}'") from cause
    state = checkpoint.get('state_dict', checkpoint) if isinstance(checkpoint, dict) else checkpoint
    if not isinstance(state, dict):
        raise error(f'{source} holds a {type(state).__name__}, not a state dict; give {file_name}')
    return state
