"""Errors that a user, not a programmer, has to act on, and interruption by signals."""
import contextlib
import errno
import re
import signal
import sys
from collections.abc import Iterator

from .remedies import Mendable

# The disk, not a program, is to blame: full, over quota, read-only, not the user's, broken; or the place cannot be that
# of a file: it is a folder, in a file, or has too long a name.
_OF_THE_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.EFBIG,
                errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG}


class LaunchError(Mendable, Exception):
    """A run that cannot be started: the message says what was given and what to do; see :class:`Mendable`.

    The command line tools print it as one sentence, without a traceback.
    """


@contextlib.contextmanager
def user_errors() -> Iterator[None]:
    """End the process with one sentence where its user has to act; other errors keep their traceback."""
    try:
        yield
    except LaunchError as error:
        sys.exit(f'error: {_sentence(error)}')
    except OSError as error:
        if error.errno not in _OF_THE_DISK:
            raise
        sys.exit(f'error: {disk_sentence(error)}')
    except RuntimeError as error:
        if not (sentence := _killed_sentence(error)):
            raise
        sys.exit(f'error: {sentence}')


def disk_sentence(error: OSError) -> str:
    """A run that a full or read-only disk keeps from being done; see :func:`user_errors`."""
    place = f'{error.filename} cannot be read or written' if error.filename else 'a file cannot be read or written'
    return f'{place}: {(error.strerror or str(error)).lower()}; make room or permit it, or name another place'


def one_line(error: Exception) -> str:
    """The beginning of an error's text, to be part of a sentence."""
    return ' '.join(str(error).split())[:300].rstrip('.')


def _sentence(error: LaunchError) -> str:
    """The message without what torch and MMEngine add: the traceback of a process that loads data, a class's place."""
    text = str(error)
    if 'in DataLoader worker process' in text:
        text = text.strip().splitlines()[-1].partition(': ')[2]
    return re.sub(r'^(class `\w+` in \S+\.py: )+', '', text)


def _killed_sentence(error: RuntimeError) -> str:
    """A sentence on what the death of another process prevents; empty if the error is of something else."""
    text = str(error)
    again = 'the same command then does what is left, a training with --resume'
    # Of torch's loaders of data, and of concurrent.futures.
    if re.match(r'DataLoader worker \(pid.*(exited unexpectedly|is killed by signal)', text) or (
            type(error).__name__ == 'BrokenProcessPool'):
        return ('a process that worked for this one was killed from outside, for want of memory perhaps; use fewer of '
                f'them (num_workers, --jobs), {again}')
    # Of torch.distributed, through gloo or NCCL.
    if type(error).__name__.startswith('Dist') or re.search(r'gloo|Connection (closed|reset) by peer|NCCL', text):
        return f'another process of this run ended or cannot be reached; look for what it said itself, {again}'
    return ''


INTERRUPTED = 130  # exit status, as shells have it


@contextlib.contextmanager
def termination_as_interrupt() -> Iterator[None]:
    """SIGTERM and SIGHUP raise ``KeyboardInterrupt``, so that a process ends its own processes first."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    for number, handler in before.items():
        if handler == signal.SIG_DFL:  # nohup ignores SIGHUP
            signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
