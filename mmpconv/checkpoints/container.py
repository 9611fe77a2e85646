"""The container of a checkpoint: an archive, or the pickles one after another of older versions of torch."""
import io
import os
import sys
import tarfile
import zipfile
from collections.abc import Callable
from typing import Any

from .inspection import EXPANDED, SPARE, Inspection, RefusedError, require_shallow

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

