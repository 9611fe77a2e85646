"""Many small pieces of work, with a progress bar."""
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from rich.console import Console
from rich.progress import track

Item, Result = TypeVar('Item'), TypeVar('Result')


def map_in_threads(work: Callable[[Item], Result], items: Sequence[Item], jobs: int, title: str) -> list[Result]:
    """Results in the order of the items. Decoding, hashing and drawing run outside Python's lock.

    The bar is shown where the errors go, if that is a terminal.
    """
    console = Console(stderr=True)
    threads = ThreadPoolExecutor(jobs)
    try:
        return list(_shown(threads.map(work, items), len(items), title, console))
    finally:
        threads.shutdown(cancel_futures=True)


def _shown(results: Iterable[Result], total: int, title: str, console: Console) -> Iterable[Result]:
    return track(results, title, total, console=console, disable=not console.is_terminal)
