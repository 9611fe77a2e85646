"""Ends of long work that are not its own: Ctrl-C and its like."""
import contextlib
import signal
from collections.abc import Iterator

INTERRUPTED = 130  # exit status, as shells have it


@contextlib.contextmanager
def termination_as_interrupt() -> Iterator[None]:
    """What would end this process at once lets it end its own processes first, as Ctrl-C does."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    for number, handler in before.items():
        if handler == signal.SIG_DFL:  # nohup ignores SIGHUP
            signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
