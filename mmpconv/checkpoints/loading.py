"""Loading of checkpoints of any place, without running anything that they hold.

The defects:

- on a refusal MMEngine 0.10 shows torch's advice to load with ``weights_only=False``,
  which is what a hostile file wants;
- it loads URLs through ``torch.hub``, which runs any pickle in every torch.

Delete when: MMEngine loads both with ``weights_only=True`` and names the file.

Weights of networks that judge images: found, or an error that says how they can be had.

The defect: MMEngine 0.10 says of weights that it cannot download only that the connection failed, and not where a
machine without a network would look for the file.

Delete when: the minimum MMEngine names the folder of its downloads in that error.
"""
import hashlib
import os
import os.path as osp
import pickle
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlparse

import mmengine.runner.checkpoint as _mmengine
import torch
from mmengine.dist import barrier, get_dist_info
from mmengine.runner.checkpoint import CheckpointLoader

from .container import (
    CheckpointError,
    DownloadError,
    MissingCheckpointError,
    NoCheckpointError,
    UnsafeCheckpointError,
    inspect_file,
    is_safetensors,
    package_weights,
    read_safetensors,
)

OFFLINE = 'MMPCONV_OFFLINE'
_IN_PACKAGE = 'mmpconv://'


@CheckpointLoader.register_scheme(prefixes='', force=True)
def load_from_local(filename: str, map_location=None, name: str | None = None) -> dict:
    """Load tensors, plain containers and MMEngine's log history from a file, and nothing else.

    Args:
        filename: Path of the file; ``~`` is expanded.
        map_location: As in :func:`torch.load`.
        name: How errors call it. Default: by its path.

    Raises:
        MissingCheckpointError: There is no such file.
        UnsafeCheckpointError: The file asks for a class or function that is neither tensor data nor MMEngine's log
            history; nothing was executed.
        CheckpointError: The file is damaged.
    """
    file = osp.expanduser(filename)
    name = name or file
    if not osp.isfile(file):
        raise MissingCheckpointError(f'there is no checkpoint file {name}; give the path of a .pth file, or a URL')
    with open(file, 'rb') as opened:
        beginning = opened.read(9)
    if file.endswith('.safetensors') or is_safetensors(beginning):
        return read_safetensors(file)
    try:
        inspect_file(file)
        content = torch.load(file, map_location=map_location, weights_only=True)
    except NoCheckpointError as error:
        raise CheckpointError(f'{name} cannot be read as a checkpoint, it may be damaged, cut short or something else '
                              f'({error}); fetch or copy it again, or give a .pth or .safetensors file') from error
    except pickle.UnpicklingError as error:
        raise UnsafeCheckpointError(
            f'{name} was refused and nothing in it was executed: it is not a checkpoint of tensors, '
            f'plain containers and MMEngine log history ({_first_sentence(error)}). If you trust its '
            'origin, open it in an isolated environment and save its state_dict alone.') from None
    except (EOFError, RuntimeError, ValueError, KeyError, TypeError, IndexError, AttributeError, AssertionError,
            OverflowError, MemoryError, OSError) as error:
        raise CheckpointError(f'{name} cannot be read as a checkpoint, it may be damaged or cut short '
                              f'({_first_sentence(error)}); fetch or copy it again') from error
    if not isinstance(content, dict):
        raise CheckpointError(f'{name} holds something of type {type(content).__name__}, not a checkpoint; give a file '
                              'of weights')
    return content


def _first_sentence(error: Exception) -> str:
    """The complaint of the unpickler, without the advice on how to load unsafely that torch wraps it in."""
    message = ' '.join(str(error.__context__ or error).split()) or type(error).__name__
    return message.split(' was not an allowed global')[0].split('. ')[0].rstrip('.')


@CheckpointLoader.register_scheme(prefixes=('http://', 'https://'), force=True)
def load_from_http(filename: str, map_location=None, model_dir: str | None = None, progress: bool = True) -> dict:
    """Download a checkpoint once, then load it as :func:`load_from_local` does.

    Args:
        filename: URL. map_location: As in :func:`torch.load`.
        model_dir, progress: ``folder`` and ``progress`` of :func:`download`.

    Raises:
        DownloadError: The URL cannot be fetched.
        CheckpointError: As :func:`load_from_local`.
    """
    folder = Path(model_dir) if model_dir else None
    rank, world_size = get_dist_info()
    if rank == 0:
        download(filename, folder, progress)
    if world_size > 1:
        barrier()
    return load_from_local(str(download(filename, folder, progress=False)), map_location)  # nodes have their own disks


@CheckpointLoader.register_scheme(prefixes=[r'(\S+\:)?s3://', r'(\S+\:)?petrel://'], force=True)
def load_from_ceph(filename: str, map_location=None, backend: str = 'petrel') -> dict:
    """Load a checkpoint from an object store, with the same checks.

    Args:
        filename: URL of the object. map_location: As in :func:`torch.load`. backend: Storage backend of MMEngine.
    """
    with _mmengine.get_file_backend(filename, backend_args={'backend': backend}).get_local_path(filename) as path:
        return load_from_local(path, map_location, filename)


@CheckpointLoader.register_scheme(prefixes=_IN_PACKAGE, force=True)
def load_from_package(filename: str, map_location=None) -> dict:
    """Load weights that are in this package, as ``load_from = 'mmpconv://NAME.safetensors'`` in a config.

    A config cannot name their path: it is another one in a source checkout than where pip has put them.

    Args:
        filename: ``mmpconv://`` and the name of the file. map_location: As in :func:`torch.load`.

    Raises:
        MissingCheckpointError: There are no such weights in the package.
    """
    return load_from_local(str(file_of(filename)), map_location)


def file_of(checkpoint: str) -> Path:
    """Where a checkpoint lies on this machine, or will lie once it is downloaded.

    Args:
        checkpoint: Path, http(s) URL, or ``mmpconv://FILE`` for weights that are in this package.

    Raises:
        MissingCheckpointError: There are no such weights in the package.
    """
    if checkpoint.startswith(_IN_PACKAGE):
        return package_weights(checkpoint.removeprefix(_IN_PACKAGE))
    if '://' in checkpoint:
        return Path(torch.hub.get_dir()) / 'checkpoints' / osp.basename(urlparse(checkpoint).path)
    return Path(checkpoint).expanduser()


def read_checkpoint(checkpoint: str) -> dict:
    """Read a checkpoint on the CPU, silently.

    Args:
        checkpoint: File, http(s) URL, or another address that MMEngine knows.

    Raises:
        CheckpointError: It cannot be loaded, or is not safe to load.
    """
    return CheckpointLoader.load_checkpoint(checkpoint, map_location='cpu', logger='silent')


def sha256_of(checkpoint: str) -> str:
    """Hash of a checkpoint's file, see :func:`file_of`; what has a URL has been downloaded."""
    digest = hashlib.sha256()
    with open(file_of(checkpoint), 'rb') as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


# The loaders of `torchvision://`, `open-mmlab://` and `mmcls://` call it by this name.
_mmengine.load_from_http = load_from_http


def download(url: str, folder: Path | None = None, progress: bool = True) -> Path:
    """Download a checkpoint, unless it is there.

    Args:
        url: Its http(s) URL.
        folder: Where to; default: where torch hub keeps what it downloads.
        progress: Whether to show a progress bar.

    Returns:
        Path: The file.

    Raises:
        DownloadError: The URL cannot be fetched; or the variable ``MMPCONV_OFFLINE`` is set.
    """
    path = folder / file_of(url).name if folder else file_of(url)
    if path.is_file():
        return path
    if os.environ.get(OFFLINE):
        raise DownloadError(f'{url} is not on this machine, and nothing is downloaded (--offline, or {OFFLINE} is '
                            f'set); put the file to {path}, or allow the download')
    path.parent.mkdir(parents=True, exist_ok=True)
    hash_in_name = torch.hub.HASH_REGEX.search(path.name)
    try:
        torch.hub.download_url_to_file(url, str(path), hash_in_name[1] if hash_in_name else None, progress)
    except (URLError, OSError, RuntimeError) as error:  # RuntimeError: what came is another file
        raise DownloadError(f'{url} cannot be downloaded ({error}); check the address and the network, '
                            'or download it elsewhere and give the path of the file') from error
    return path


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
        checkpoint = read_checkpoint(source)
    except (OSError, KeyError) as cause:
        reason = f'mmengine knows no {cause}' if isinstance(cause, KeyError) else cause
        raise error(f'{what} cannot be had from {source!r} ({reason}). Either let this machine download {url}, or put '
                    f'that file into {torch.hub.get_dir()}/checkpoints; or give a copy of it in the config: '
                    f"{argument}='/path/to/{file_name}'") from cause
    state = checkpoint.get('state_dict', checkpoint)
    if not isinstance(state, dict):
        raise error(f'{source} holds a {type(state).__name__}, not a state dict; give {file_name}')
    return state
