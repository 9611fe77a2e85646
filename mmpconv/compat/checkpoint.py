"""Loading of local checkpoint files: never runs code, and says why it refuses.

The defect: MMEngine 0.10 calls ``torch.load`` with whatever default torch has
(before 2.6: run any pickle), and on a refusal shows torch's advice to load with
``weights_only=False``, which is what a hostile file wants.

Delete when: the minimum MMEngine loads with ``weights_only=True`` and names the file.
"""
import os.path as osp
import pickle

import torch
from mmengine.runner.checkpoint import CheckpointLoader


class UnsafeCheckpointError(pickle.UnpicklingError):
    """The file holds something other than tensors and plain containers."""


@CheckpointLoader.register_scheme(prefixes='', force=True)
def load_from_local(filename: str, map_location=None) -> dict:
    """Load a checkpoint file without running any code stored in it.

    Args:
        filename: Path of the file; ``~`` is expanded.
        map_location: As in :func:`torch.load`.

    Raises:
        FileNotFoundError: There is no such file.
        UnsafeCheckpointError: The file asks for a class or function that is
            neither tensor data nor MMEngine's log history; nothing was executed.
    """
    filename = osp.expanduser(filename)
    if not osp.isfile(filename):
        raise FileNotFoundError(
            f'there is no checkpoint file {filename}; give the path of a .pth file, or a URL')
    try:
        return torch.load(filename, map_location=map_location, weights_only=True)
    except pickle.UnpicklingError as error:
        raise UnsafeCheckpointError(
            f'{filename} was refused and nothing in it was executed: it is not a checkpoint of tensors, '
            f'plain containers and MMEngine log history ({_first_sentence(error)}). If you trust its '
            'origin, open it in an isolated environment and save its state_dict alone.') from None


def _first_sentence(error: Exception) -> str:
    """The cause in torch's message, without its advice on how to load unsafely."""
    message = ' '.join(str(error).split())
    start = message.find('WeightsUnpickler error: ')
    cause = message[start + 24:] if start >= 0 else message
    return cause.split(' was not an allowed global')[0].split('. ')[0]
