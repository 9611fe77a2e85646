"""The file that an export writes."""
import contextlib
from collections.abc import Iterator
from pathlib import Path

from mmpconv.errors import LaunchError
from mmpconv.whole_files import whole_file


@contextlib.contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """As :func:`mmpconv.whole_files.whole_file`; whether it can be written is known before the work.

    Raises:
        LaunchError: It cannot.
    """
    if path.is_dir():
        raise LaunchError(f'{path} is a folder; give the name of a file')
    try:
        with whole_file(path) as unfinished:
            unfinished.touch()
            yield unfinished
    except OSError as error:
        raise LaunchError(f'{path} cannot be written ({error.strerror or error}); give another place') from error
