"""Errors that a user, not a programmer, has to act on, and interruption by signals."""
import contextlib
import errno
import re
import signal
import sys
import threading
from collections.abc import Iterator

from .remedies import Mendable

# Exit statuses; the last one as shells have it.
DONE, USER_HAS_TO_ACT, USAGE, PARTLY_FAILED, INTERRUPTED = 0, 1, 2, 3, 130
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
    """End the process with one sentence where its user has to act, or has interrupted it.

    Other errors keep their traceback.
    """
    try:
        yield
    except (Exception, KeyboardInterrupt) as error:
        if _is_of_interrupt(error):
            print('interrupted', file=sys.stderr)
            sys.exit(INTERRUPTED)
        if sentence := _sentence_for(error):
            sys.exit(f'error: {sentence}')
        raise


def _is_of_interrupt(error: BaseException | None) -> bool:
    """Other software, as MMEngine's of configs, may turn an interrupt into an error of its own."""
    return isinstance(error, KeyboardInterrupt) or (
        error is not None and _is_of_interrupt(error.__cause__ or error.__context__))


def _sentence_for(error: BaseException) -> str:
    """What is for the user to act on; empty if nothing is."""
    if isinstance(error, LaunchError):
        return _sentence(error)
    if isinstance(error, OSError) and error.errno in _OF_THE_DISK:
        return disk_sentence(error)
    return _killed_sentence(error) if isinstance(error, RuntimeError) else ''


def full_disk(error: BaseException | None) -> OSError | None:
    """What an error comes from, if that is a disk on which nothing more can be written."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
        return error
    return error and full_disk(error.__cause__)


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


@contextlib.contextmanager
def termination_as_interrupt() -> Iterator[None]:
    """SIGTERM and SIGHUP raise ``KeyboardInterrupt``, so that a process ends its own processes first.

    And no interrupt is lost: Python drops one that comes in the midst of a callback, such as that of a weak reference;
    here it is repeated right after. In another thread than the main one, which signals do not reach, nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)}
    show = sys.unraisablehook

    def repeat(dropped) -> None:
        if dropped.exc_type is KeyboardInterrupt:
            signal.setitimer(signal.ITIMER_REAL, 0.01)  # to raise it here would be no use: this, too, is a callback
        else:
            show(dropped)

    for number, handler in before.items():
        if handler == signal.SIG_DFL:  # nohup ignores SIGHUP
            signal.signal(number, signal.default_int_handler)
    sys.unraisablehook = repeat
    try:
        yield
    finally:
        sys.unraisablehook = show
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)
