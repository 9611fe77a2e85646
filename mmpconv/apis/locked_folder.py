"""A folder that one process at a time works in."""
import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

from mmpconv.errors import LaunchError


@contextlib.contextmanager
def locked(folder: Path, others: str) -> Iterator[int]:
    """Hold a lock on a folder, which is made; it is left when the last process that has its file descriptor ends.

    Args:
        folder: What to lock.
        others: How the error calls who else may hold the lock.

    Raises:
        LaunchError: Somebody else holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / '.lock', 'w') as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LaunchError(f'{others} is running in {folder}; wait until it ends, or give another '
                              '--work-dir') from None
        yield lock.fileno()
