"""Decoding of whole data sets, in parallel and in bounded memory."""
import csv
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import cv2
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from mmpconv.apis.environment import usable_cores

from .inspection import Finding

_AHEAD = 8  # files a thread that are begun before their turn
Item, Result = TypeVar('Item'), TypeVar('Result')

# OpenCV 4.14 has no other name for it, and 4.11 not always this one.
_set_log_level = cv2.utils.logging.setLogLevel if hasattr(cv2.utils, 'logging') else cv2.setLogLevel


def in_parallel(function: Callable[[Item], Result], items: Iterable[Item], number: int, jobs: int | None,
                title: str) -> Iterator[tuple[Item, Result]]:
    """Results in the order of the items, with a progress bar where a person watches.

    Threads are enough: decoders work outside Python's lock. Unlike ``Executor.map``, which begins with making a list
    of millions of items, this takes few of them ahead.

    Args:
        function: Called in threads.
        items: What with.
        number: How many they are, for the bar.
        jobs: Threads; None: one a core that this process may use.
        title: Beside the bar.
    """
    jobs = jobs or usable_cores()
    columns = (TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with ThreadPoolExecutor(jobs) as threads, Progress(
            *columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(title, total=number)
        pending = deque()
        # OpenCV would write a line a broken file across the bar; the report names them.
        log_level = _set_log_level(0)
        try:
            for item in items:
                pending.append((item, threads.submit(function, item)))
                if len(pending) > jobs * _AHEAD:
                    done, future = pending.popleft()
                    yield done, future.result()
                    progress.advance(task)
            while pending:
                done, future = pending.popleft()
                yield done, future.result()
                progress.advance(task)
        finally:
            _set_log_level(log_level)
            for _, future in pending:
                future.cancel()


class Report:
    """A CSV file with what was found, a line a finding, and the sums of it.

    Args:
        unfinished: The file to write, as of :func:`~mmpconv.whole_files.whole_file`.
    """

    def __init__(self, unfinished: Path):
        self._file = open(unfinished, 'w', newline='', encoding='utf-8', errors='surrogateescape')  # noqa: SIM115
        self._writer = csv.writer(self._file, lineterminator='\n')
        self._writer.writerow(['file', 'found', 'treatment', 'detail'])
        self.counts, self.examples = Counter(), {}

    def add(self, finding: Finding) -> None:
        """Write a line."""
        self._writer.writerow([finding.file, finding.what, finding.treatment, finding.detail])
        kind = (finding.what, finding.treatment)
        self.counts[kind] += 1
        self.examples.setdefault(kind, finding.file)

    def close(self) -> None:
        self._file.close()

    @property
    def summary(self) -> list[str]:
        """A line a kind of finding: how many, what becomes of them, and one of them."""
        return [f'{number} x {what}: {treatment}, such as {self.examples[what, treatment]!r}'
                for (what, treatment), number in sorted(self.counts.items())]
