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
def whole_file(path: Path) -> Iterator[Path]:
    """A file to write to, which gets its name when the block ends well and is removed when it does not.

    Args:
        path: What the file is to be called. Its folder is made; a file that is there is replaced. The one to write
            to has the same suffix, and a name that no other process or thread uses.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # The stem is for whoever finds one after a crash; of a long name only the beginning, for file systems have a limit.
    unfinished = path.with_name(f'.{path.stem[:40]}.{os.getpid()}-{next(_numbers)}.unfinished{path.suffix}')
    try:
        yield unfinished
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file in one go: whoever is interrupted leaves no half of it."""
    with whole_file(path) as unfinished:
        unfinished.write_text(text, encoding='utf-8')


def write_json(path: Path, content: Any) -> None:
    """As :func:`write_text`."""
    write_text(path, json.dumps(content, indent=1) + '\n')


def read_json(path: Path) -> Any:
    """The content, or None if there is no such file."""
    return json.loads(path.read_text(encoding='utf-8')) if path.is_file() else None
