"""Many small pieces of work in threads, in order, and a bar that shows how far they are."""
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from .environment import usable_cores

_AHEAD = 4  # items a thread that are begun before their turn: a slow one does not make the others wait
Item, Result = TypeVar('Item'), TypeVar('Result')


def in_order(function: Callable[[Item], Result], items: Iterable[Item], jobs: int | None = None) -> Iterator[Result]:
    """Results in the order of the items.

    Threads are enough where the work is done outside Python's lock: decoding, hashing, drawing, OpenCV, solvers. Unlike
    ``Executor.map``, which begins with a list of all items, this takes few of them ahead, whether there are millions
    of them or their results are large.

    Args:
        function: Called in threads.
        items: Its arguments.
        jobs: Number of threads; None: one a core that this process may use.
    """
    jobs = jobs or usable_cores()
    pending = deque()
    with ThreadPoolExecutor(jobs) as threads:
        try:
            for item in items:
                pending.append(threads.submit(function, item))
                if len(pending) == jobs * _AHEAD:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()


def shown(results: Iterable[Result], total: int, title: str, done: int = 0) -> Iterator[Result]:
    """The same results, with a progress bar where errors go, if a person watches that.

    Args:
        results: What is waited for.
        total: Their number, with those that were done before.
        title: Beside the bar.
        done: How many were done before.
    """
    console = Console(stderr=True)
    columns = (TextColumn('{task.description}', markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        yield from progress.track(results, total, completed=done, description=title)
