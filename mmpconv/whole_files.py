"""Files that are there completely or not at all."""
import contextlib
import itertools
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_numbers = itertools.count()


@contextlib.contextmanager
def whole_file(path: Path, durable: bool = False) -> Iterator[Path]:
    """A file to write to, which gets its name when the block ends well and is removed when it does not.

    Args:
        path: What the file is to be called. Its folder is made; a file that is there is replaced. The one to write
            to has the same suffix, and a name that no other process or thread uses.
        durable: Wait until content and name are on the disk, so that a power cut, too, leaves the old file or the
            whole new one. For what took long to make: it can take a second.

    Raises:
        OSError: It cannot be written; ``filename`` is ``path`` where the system names none, as of a full disk.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # The stem is for whoever finds one after a crash; of a long name only the beginning, for file systems have a limit.
    unfinished = path.with_name(f'.{path.stem[:40]}.{os.getpid()}-{next(_numbers)}.unfinished{path.suffix}')
    try:
        yield unfinished
        if durable:
            _wait_for_disk(unfinished)
        os.replace(unfinished, path)
        if durable:
            _wait_for_disk(path.parent)
    except OSError as error:
        if error.filename is None and error.errno is not None:
            error.filename = str(path)
        raise
    finally:
        unfinished.unlink(missing_ok=True)


def remove_unfinished(folder: Path) -> None:
    """Remove what runs that were killed left of files in this folder, in which nobody else may be writing now."""
    for path in folder.glob('.*.unfinished*'):
        path.unlink(missing_ok=True)


def _wait_for_disk(path: Path) -> None:
    """Wait until what was written to a file, or what a folder says of its files, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_text(path: Path, text: str, durable: bool = False) -> None:
    """Write a text file in one go: whoever is interrupted leaves no half of it; ``durable`` as for a file."""
    with whole_file(path, durable) as unfinished:
        unfinished.write_text(text, encoding='utf-8')


def write_json(path: Path, content: Any) -> None:
    """As :func:`write_text`."""
    write_text(path, json.dumps(content, indent=1) + '\n')


def read_json(path: Path) -> Any:
    """The content, or None if there is no such file."""
    return json.loads(path.read_text(encoding='utf-8')) if path.is_file() else None
