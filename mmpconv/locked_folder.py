"""A folder that one process at a time works in."""
import contextlib
import errno
import fcntl
import sys
from collections.abc import Iterator
from pathlib import Path

from mmpconv.errors import LaunchError


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
