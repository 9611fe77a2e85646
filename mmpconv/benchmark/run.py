"""Fills and scores all samples with all methods; goes on where it was interrupted."""
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from mmpconv.datasets.frozen_benchmark import BenchmarkSample, FrozenBenchmark
from mmpconv.environment import machine

from .filling import Filled, fill, worker_processes
from .method import Method
from .perception import Perception
from .score_file import ScoreFile
from .scoring import score, score_and_keep


@dataclass(frozen=True)
class Resources:
    """What to compute with.

    Attributes:
        device: ``cpu`` or ``cuda``: where networks run.
        batch_size: Samples that a network fills at a time.
        jobs: Number of processes, for methods that are no networks.
        processes: As of :func:`~.filling.worker_processes`; None if no method needs them.
    """
    device: str
    batch_size: int
    jobs: int
    processes: Executor | None = None

    def fill(self, method: Method, benchmark: FrozenBenchmark, samples: Sequence[BenchmarkSample],
             then: Callable[[Filled], Any]) -> Iterator[Any]:
        """As :func:`~.filling.fill`."""
        return fill(method, benchmark, samples, then, self.processes, self.jobs, self.batch_size)

    def describe(self, method: Method) -> str:
        """Where and how a method runs."""
        how = (f'{self.jobs} processes at a time' if method.in_processes else
               f'{self.device}, batches of {self.batch_size}')
        return f'{machine()}; {how}'


@contextmanager
def resources_for(methods: Sequence[Method], benchmark: FrozenBenchmark, device: str, batch_size: int,
                  jobs: int) -> Iterator[Resources]:
    """Resources for methods; processes are started if one needs them."""
    needed = any(method.in_processes for method in methods)
    with worker_processes(jobs, benchmark) if needed else nullcontext() as processes:
        yield Resources(device, batch_size, jobs, processes)


def score_all(methods: Sequence[Method], files: Sequence[ScoreFile], benchmark: FrozenBenchmark,
              perception: Perception, resources: Resources) -> None:
    """Add the rows that the files of the methods lack.

    Args:
        methods: They have been checked.
        files: Of each method; they have been checked.
        benchmark: The samples.
        perception: What to score by networks.
        resources: What to compute with.
    """
    total, done = len(methods) * len(benchmark.samples), sum(len(file.rows) for file in files)
    with _progress() as progress:
        task = progress.add_task('', total=total, completed=done)
        for method, file in zip(methods, files):
            samples = benchmark.samples[len(file.rows):]
            progress.update(task, description=method.name)
            if not samples:
                _say(progress, f'{method.name}: all {len(file.rows)} samples are there')
                continue
            start = time.monotonic()
            perception.begin(method.name, len(file.rows))
            file.begin(resources.describe(method))
            for row in _rows(method, samples, benchmark, perception, resources):
                file.append(row)
                progress.advance(task)
            method.close()
            _say(progress, f'{method.name}: {len(samples)} samples in {time.monotonic() - start:.1f} s')


def _rows(method: Method, samples: Sequence[BenchmarkSample], benchmark: FrozenBenchmark, perception: Perception,
          resources: Resources) -> Iterator[dict[str, Any]]:
    if not perception.needs_pictures:
        yield from resources.fill(method, benchmark, samples, score)
        return
    for row, filled in resources.fill(method, benchmark, samples, score_and_keep):
        yield row | perception.score(method.name, filled)


def _progress() -> Progress:
    """A progress bar on a terminal; elsewhere only what is said."""
    console = Console()
    return Progress(TextColumn('{task.description}', markup=False), BarColumn(), MofNCompleteColumn(),
                    TimeElapsedColumn(), TextColumn('left'), TimeRemainingColumn(), console=console,
                    disable=not console.is_terminal)


def _say(progress: Progress, line: str) -> None:
    progress.console.print(line, markup=False, highlight=False, soft_wrap=True)
