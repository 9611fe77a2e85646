"""Files of weights: safetensors and the zip archives that torch writes.

Checkpoints as safetensors: a header in JSON and the numbers of the tensors, with nothing that could be run.

A file may say of which network its weights are, in its metadata, whose values are texts:

=========================  ============================================================================
``mmpconv_config``         JSON of the config's ``model``, as a dict: what ``mmpconv inpaint --checkpoint``
                           builds (:func:`mmpconv.checkpoints.network_config.model_of`)
``mmpconv_size``           side of the photos that it was trained on, in pixels
``mmpconv_channel_order``  ``rgb`` or ``bgr``: in which it takes the channels
=========================  ============================================================================
"""
import io
import json
import os
import pickle
import sys
import tarfile
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mmpconv.errors import LaunchError
from mmpconv.whole_files import whole_file

from .inspection import EXPANDED, SPARE, Inspection, RefusedError, require_shallow


class CheckpointError(LaunchError):
    """A checkpoint cannot be used. The message says why, and what to do."""


class MissingCheckpointError(CheckpointError, FileNotFoundError):
    """There is no such file."""


class UnsafeCheckpointError(CheckpointError, pickle.UnpicklingError):
    """The file holds something other than tensors and plain containers."""


class DownloadError(CheckpointError, OSError):
    """A checkpoint's URL could not be fetched."""


_WEIGHTS = Path(__file__).with_name('weights')


def package_weights(name: str) -> Path:
    """The file of weights that are in this package.

    Raises:
        MissingCheckpointError: There are none of this name.
    """
    if not (_WEIGHTS / name).is_file():
        present = ', '.join(sorted(path.name for path in _WEIGHTS.glob('*.safetensors')))
        raise MissingCheckpointError(f'there are no weights {name} in this package; it has {present}')
    return _WEIGHTS / name


_LEGACY = b'\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.'  # the magic number of torch, pickled
_UNPACKED = 4  # times the size of the file; torch does not compress
_LONGEST_PICKLE = 1 << 28


class NoCheckpointError(ValueError):
    """The file is none that torch has written, or is damaged. The message says what it is."""


def inspect_file(path: str) -> None:
    """Look at all of a checkpoint file but its numbers. Nothing is built, and nothing in it is run.

    Raises:
        RefusedError: It asks for something that a checkpoint does not need, or for far more memory than its size.
        NoCheckpointError: It is no checkpoint, or is damaged.
    """
    size = os.path.getsize(path)
    with open(path, 'rb') as file:
        beginning = file.read(len(_LEGACY))
    try:
        if beginning[:2] == b'PK':
            _inspect_archive(path, size)
        elif beginning == _LEGACY and not tarfile.is_tarfile(path):
            _inspect_pickles(path, size)
        else:
            raise NoCheckpointError(_what_it_is(beginning, size))
    except (RefusedError, NoCheckpointError):
        raise
    except RecursionError:
        raise RefusedError('it is nested too deeply') from None
    except Exception as error:  # whatever a damaged pickle makes of the stack of its reader
        message = ' '.join(str(error).split())[:200]
        raise NoCheckpointError(f'{type(error).__name__}{message and ": "}{message}') from error


def _inspect_archive(path: str, size: int) -> None:
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, OSError) as error:
        raise NoCheckpointError(f'an archive that cannot be opened: {error}') from error
    with archive:
        entries = archive.infolist()
        if sum(entry.file_size for entry in entries) > _UNPACKED * size + SPARE // 16:
            raise RefusedError('unpacked, it is many times larger than the file')
        names = [entry.filename for entry in entries]
        if len(set(names)) < len(names):
            raise RefusedError('two of its parts have one name')
        if any(name.endswith('/constants.pkl') or '/code/' in name for name in names):
            raise RefusedError('it is a program (TorchScript), which would have to be run')
        if any(name.endswith(('/archive_format', 'serialized_exported_program.json')) for name in names):
            raise RefusedError('it is a program (torch.export), which would have to be run')
        pickles = [name for name in names if name.endswith('/data.pkl') and name.count('/') == 1]
        if len(pickles) != 1 or pickles[0] != next((name for name in names if name.endswith('data.pkl')), None):
            raise NoCheckpointError('an archive, but none that torch has written')
        folder = pickles[0].removesuffix('data.pkl')
        records = {entry.filename.removeprefix(f'{folder}data/'): entry.file_size for entry in entries
                   if entry.filename.startswith(f'{folder}data/')}
        if archive.getinfo(pickles[0]).file_size > _LONGEST_PICKLE:
            raise RefusedError('what it says of its weights is longer than any checkpoint needs')
        file = io.BytesIO(archive.read(pickles[0]))
    _inspect(file, size, records.__getitem__)


def _inspect_pickles(path: str, size: int) -> None:
    """Magic number, version, system, content, keys of the storages; then the storages."""
    storages = {}
    with open(path, 'rb') as file:
        for _ in range(3):
            Inspection(file, 0, storages.__getitem__).load()
        inspection = _inspect(file, size, lambda key: sys.maxsize)  # how many there are is known at the end
        keys = Inspection(file, 0, storages.__getitem__).load()
        left = size - file.tell()
    if not isinstance(keys, list) or set(map(str, keys)) != inspection.storages.keys():
        raise NoCheckpointError('the storages that it has are not those that it needs')
    if sum(inspection.storages.values()) > left:
        raise NoCheckpointError(f'{left} bytes of numbers, where it needs {sum(inspection.storages.values())}')


def _inspect(file: io.BufferedIOBase, size: int, record: Callable[[str], int]) -> Inspection:
    inspection = Inspection(file, EXPANDED * size + SPARE, record)
    content: Any = inspection.load()
    require_shallow(content)
    return inspection


def _what_it_is(beginning: bytes, size: int) -> str:
    if not size:
        return 'the file is empty'
    if beginning[:1] == b'\x80':
        return 'a pickle of Python, but none that torch has written'
    text = beginning.decode('latin1')
    return f'it begins with {text[:12]!r}' + (', as text' if text.isprintable() else '')


CONFIG, SIZE, CHANNEL_ORDER = 'mmpconv_config', 'mmpconv_size', 'mmpconv_channel_order'


def write_safetensors(path: str | Path, weights: Mapping[str, Tensor], model: Mapping | None = None, *,
                      size: int | None = None, channel_order: str | None = None, dtype: torch.dtype | None = None,
                      metadata: Mapping[str, str] | None = None) -> None:
    """Write weights as a safetensors file, which appears when it is complete, or not at all.

    Args:
        path: The file; one that is there is replaced.
        weights: A state dict.
        model: Config of the network that they are of: type and arguments, of numbers, texts, lists and dicts. Tuples
            come back as lists.
        size: Side of the photos that it was trained on, in pixels.
        channel_order: ``'rgb'`` or ``'bgr'``: in which it takes the channels.
        dtype: In which numbers with a fraction are stored; ``torch.float16`` halves the file. Default: as they are.
        metadata: Further texts for the header.

    Raises:
        CheckpointError: A weight is no tensor, the config holds what JSON cannot, a number is too large for ``dtype``,
            or the file cannot be written.

    Example:
        >>> write_safetensors('small.safetensors', model.generator.state_dict(), config.model)  # doctest: +SKIP
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    texts = {'format': 'pt', **(metadata or {})}
    if model is not None:
        texts[CONFIG] = _as_json(model)
    texts.update({key: str(value) for key, value in ((SIZE, size), (CHANNEL_ORDER, channel_order))
                  if value is not None})
    tensors = {key: _as_stored(key, value, dtype) for key, value in weights.items()}
    try:
        with whole_file(Path(path), durable=True) as unfinished:
            save_file(tensors, unfinished, texts)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f'{path} cannot be written ({error}); give a file in another folder') from error


def read_safetensors(path: str | Path, widen: bool = True) -> dict:
    """Read a safetensors file.

    Args:
        path: The file.
        widen: Give weights of float16 and bfloat16 as float32.

    Returns:
        dict: A checkpoint as MMEngine's: ``state_dict``, the weights, on the CPU; and ``meta``, the header's texts.

    Raises:
        MissingCheckpointError: There is no such file.
        CheckpointError: It is none of safetensors, is cut short, or the library is missing.
    """
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError as error:
        raise CheckpointError(f'{path} is read by the library safetensors, which is not installed: '
                              'pip install safetensors') from error
    if not Path(path).is_file():
        raise MissingCheckpointError(f'there is no checkpoint file {path}; give the path of a .safetensors file')
    try:
        with safe_open(path, framework='pt', device='cpu') as file:
            meta = file.metadata() or {}
            weights = OrderedDict((key, file.get_tensor(key)) for key in file.offset_keys())
    except (SafetensorError, OSError, RuntimeError, ValueError, TypeError, KeyError) as error:
        raise CheckpointError(f'{path} cannot be read as safetensors, it may be damaged or cut short ({error}); fetch '
                              'or copy it again') from error
    if widen:
        narrow = torch.float16, torch.bfloat16
        weights = OrderedDict((key, value.float() if value.dtype in narrow else value)
                              for key, value in weights.items())
    return dict(state_dict=weights, meta=dict(meta))


def is_safetensors(beginning: bytes) -> bool:
    """True if a file that begins so (9 bytes or more) is one of safetensors: a length, and a JSON header."""
    return len(beginning) > 8 and beginning[8:9] == b'{' and int.from_bytes(beginning[:8], 'little') <= 100_000_000


def _as_json(model: Mapping) -> str:
    try:
        return json.dumps(model, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise CheckpointError(f'the config of the network cannot be written as JSON ({error}); give types by name, and '
                              'numbers, texts, lists and dicts') from error


def _as_stored(key: str, value: Tensor, dtype: torch.dtype | None) -> Tensor:
    if not isinstance(value, Tensor) or value.is_meta:
        kind = 'a tensor without values' if isinstance(value, Tensor) else type(value).__name__
        raise CheckpointError(f'the weight {key} is {kind} but must be a tensor')
    stored = value.detach().cpu()
    if dtype is not None and stored.is_floating_point():
        stored = stored.to(dtype)
        if stored.isinf().any() and not value.isinf().any():
            raise CheckpointError(f'the weight {key} has values up to {value.abs().max():.3g}, too large for {dtype}; '
                                  'store it in another one')
    # Two names of one tensor, or a part of one, are written as tensors of their own.
    return stored.clone(memory_format=torch.contiguous_format)
