"""The one place that writes files: they are there completely or not at all.

Whoever writes a file does it through :func:`whole_file` or a function below it, and calls the path that it is given
``unfinished``, also as a parameter: a test reads the sources for other writers. What a killed process left is removed
by the next one that writes to the same folder.
"""
import contextlib
import csv
import errno
import fcntl
import io
import itertools
import json
import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from .errors import LaunchError

_numbers = itertools.count()
_LEFT = re.compile(r'\..*\.\d+(-\d+)?\.unfinished(\..*)?', re.DOTALL)
_OLD = re.compile(r'\.(?P<name>.*)\.\d+-\d+\.old', re.DOTALL)
_looked_through: set[str] = set()


@contextlib.contextmanager
def whole_file(path: Path, durable: bool = False) -> Iterator[Path]:
    """A file to write to, which gets its name when the block ends well and is removed when it does not.

    Args:
        path: What the file is to be called. Its folder is made; a file that is there is replaced. The one to write
            to is there, empty. It has the same suffix, and a name that no other process or thread uses.
        durable: Wait until content and name are on the disk, so that a power cut, too, leaves the old file or the
            whole new one. For what took long to make: it can take a second.

    Raises:
        OSError: It cannot be written; ``filename`` is ``path`` where the system names none, as with a full disk.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _look_through(path.parent)
    # The stem is for whoever finds one after a crash; of a long name only the beginning, for file systems have a limit.
    unfinished = path.with_name(f'.{path.stem[:40]}.{_own()}.unfinished{path.suffix}')
    with _named(path):
        try:  # before it is there: an interrupt may come right after it was made
            with _in_use(unfinished, os.O_RDWR | os.O_CREAT):
                yield unfinished
                if durable:
                    _wait_for_disk(unfinished)
                os.replace(unfinished, path)
                if durable:
                    _wait_for_disk(path.parent)
        finally:
            unfinished.unlink(missing_ok=True)


@contextlib.contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """A folder to write to, which gets its name when the block ends well and is removed when it does not.

    Args:
        folder: What it is to be called. A folder that is there is replaced in the end; should the process be killed in
            that moment, the next one that writes beside it puts it back.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    _look_through(folder.parent)
    unfinished = folder.with_name(f'.{folder.name[:40]}.{_own()}.unfinished')
    with _named(folder):
        try:
            unfinished.mkdir()
            with _in_use(unfinished, os.O_RDONLY):
                yield unfinished
                if folder.exists():
                    _exchange(folder, unfinished)
                else:
                    unfinished.rename(folder)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)


def _exchange(folder: Path, unfinished: Path) -> None:
    old = folder.with_name(f'.{folder.name}.{_own()}.old')
    with _in_use(folder, os.O_RDONLY):
        try:
            folder.rename(old)
            unfinished.rename(folder)
            shutil.rmtree(old)
        except BaseException:
            if folder.exists():
                shutil.rmtree(old, ignore_errors=True)
            else:
                old.rename(folder)
            raise


def write_text(path: Path, text: str, durable: bool = False) -> None:
    """Write a text file in one go: whoever is interrupted leaves no half of it; ``durable`` as for a file."""
    write_bytes(path, text.encode(), durable)


def write_bytes(path: Path, content: bytes, durable: bool = False) -> None:
    """As :func:`write_text`."""
    with whole_file(path, durable) as unfinished:
        unfinished.write_bytes(content)


def write_json(path: Path, content: Any) -> None:
    """As :func:`write_text`."""
    write_text(path, json.dumps(content, indent=1) + '\n')


def read_json(path: Path) -> Any:
    """The content, or None if there is no such file."""
    return json.loads(path.read_text(encoding='utf-8')) if path.is_file() else None


def as_csv(rows: Iterable[Iterable]) -> str:
    """Lines of a CSV file; numbers with all their digits."""
    text = io.StringIO()
    csv.writer(text, lineterminator='\n').writerows(rows)
    return text.getvalue()


def complete_rows(path: Path) -> list[list[str]]:
    """Rows of a CSV file written by :func:`append`, without a last one that was cut off; none if there is no file."""
    content = path.read_text(encoding='utf-8') if path.is_file() else ''
    return list(csv.reader(content[:content.rfind('\n') + 1].splitlines()))


def append(path: Path, content: str | bytes) -> None:
    """Add to the end of a file, which is made if it is not there; what cannot be added completely is taken back.

    Once this returns, the death of this process does not lose it. A kill in the midst may leave a part: readers leave
    out what does not end as a record does.
    """
    left = memoryview(content.encode() if isinstance(content, str) else content)
    with _named(path), open(path, 'ab', buffering=0) as file:
        before = os.fstat(file.fileno()).st_size
        try:
            while left:
                left = left[file.write(left):]
        except BaseException:
            file.truncate(before)
            raise


def remove_unfinished(folder: Path) -> None:
    """Remove what processes that were killed left unfinished in a folder.

    Files that are being written are locked, on whatever machine or in whatever container; where the file system knows
    no locks, nothing is removed.
    """
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if entry.name.startswith('.')]
    except OSError:  # may not be listed, or is gone
        return
    for name in names:
        old = _OLD.fullmatch(name)
        if not (old or _LEFT.fullmatch(name)):
            continue
        path = folder / name
        flags = os.O_RDONLY if path.is_dir() else os.O_RDWR
        with contextlib.suppress(OSError), _opened(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK) as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if old and not (folder / old['name']).exists():
                path.rename(folder / old['name'])
            elif path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def _wait_for_disk(path: Path) -> None:
    """Wait until what was written to a file, or what a folder says of its files, is on the disk."""
    with _opened(path, os.O_RDONLY) as file:
        os.fsync(file)


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    """Errors name the file that was to be written, not the one that was to become it, or none."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and (error.filename is None or '.unfinished' in os.fsdecode(error.filename)):
            error.filename = str(path)
        raise


def _look_through(folder: Path) -> None:
    """Once a process and folder: some have a million files."""
    name = os.path.abspath(folder)
    if name not in _looked_through:
        _looked_through.add(name)
        remove_unfinished(folder)


def _own() -> str:
    return f'{os.getpid()}-{next(_numbers)}'


@contextlib.contextmanager
def _in_use(path: Path, flags: int) -> Iterator[None]:
    """Lock a file or folder against :func:`remove_unfinished` of other processes."""
    while True:
        with _opened(path, flags) as file:
            with contextlib.suppress(OSError):  # a file system without locks
                fcntl.flock(file, fcntl.LOCK_EX)
            if not path.exists():  # removed between the two: make it again
                path.parent.mkdir(parents=True, exist_ok=True)
                if not flags & os.O_CREAT:
                    path.mkdir()
                continue
            yield
            return


@contextlib.contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    file = os.open(path, flags | os.O_CLOEXEC, 0o666)
    try:
        yield file
    finally:
        os.close(file)


@contextlib.contextmanager
def locked(folder: Path, others: str, inherited: bool = True) -> Iterator[int]:
    """Hold a lock on a folder, which is made; it is left when the holder ends, however it ends.

    Args:
        folder: What to lock.
        others: How the error calls who else may hold the lock.
        inherited: Processes that get the file descriptor hold the lock too, until the last of them ends. Otherwise
            the lock is this process's alone: what it forked, and what may outlive it for seconds, does not hold it.

    Raises:
        LaunchError: Somebody else holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / '.lock', 'w') as lock:
        try:
            (fcntl.flock if inherited else fcntl.lockf)(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            raise LaunchError(f'{others} is running in {folder}; wait until it ends, or give another '
                              '--work-dir') from None
        except OSError as error:
            if error.errno not in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS):
                raise
            print(f'{folder} is on a file system without locks: see to it yourself that nothing else runs in it',
                  file=sys.stderr)
        yield lock.fileno()
