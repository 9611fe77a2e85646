"""Fills the samples of a benchmark, in this process or in several, a few at a time."""
import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import wait
from typing import Any

import cv2
import numpy as np
import torch

from mmpconv.datasets.frozen_benchmark import BenchmarkSample, FrozenBenchmark
from mmpconv.errors import LaunchError

from .method import Method

_FORKS = 'fork' in multiprocessing.get_all_start_methods()


@dataclass(frozen=True)
class Filled:
    """A sample and what a method made of it.

    Attributes:
        sample: Of the benchmark.
        truth: ``(h, w, 3)`` uint8 BGR.
        mask: ``(h, w, 1)`` uint8, 1 = hole.
        picture: The result in the hole, the truth elsewhere, ``(h, w, 3)`` uint8 BGR.
        seconds: That the method took, in a batch divided by its size.
        changed_outside: Largest difference outside the hole between what the method gave and the truth, in grey levels.
    """
    sample: BenchmarkSample
    truth: np.ndarray
    mask: np.ndarray
    picture: np.ndarray
    seconds: float
    changed_outside: int


def fill(method: Method, benchmark: FrozenBenchmark, samples: Sequence[BenchmarkSample],
         then: Callable[[Filled], Any], processes: Executor | None, workers: int, batch_size: int) -> Iterator[Any]:
    """Fill samples and do something with each result, in the order of the samples.

    No more pictures are in memory than those of a batch, or two for each worker.

    Args:
        method: What fills them; it has been checked.
        benchmark: Where they are from.
        samples: Which.
        then: Is called with each result, where it was made: in another process its own result is all that comes back.
            A function that can be pickled.
        processes: As of :func:`worker_processes`; for methods that want them.
        workers: Number of processes, or of threads that read photos and call ``then`` for methods of this process.
        batch_size: Samples that a method of this process fills at a time.

    Yields:
        What ``then`` returns.

    Raises:
        LaunchError: A process ended by itself, or there is not enough memory for a batch.
    """
    if method.in_processes:
        try:
            tasks = ((method, sample, then) for sample in samples)
            yield from _in_order(processes, _fill_one, tasks, 2 * workers)
        except BrokenProcessPool as error:
            raise LaunchError(f'a process of {method.name} was ended from outside, perhaps for lack of memory; use '
                              'fewer --jobs. The same command continues.') from error
        return
    remaining = iter(samples)
    with ThreadPoolExecutor(workers) as threads:
        while batch := list(islice(remaining, batch_size)):
            yield from threads.map(then, _fill_batch(method, batch, *zip(*threads.map(
                lambda sample: (benchmark.image(sample), benchmark.mask(sample)), batch))))


@contextlib.contextmanager
def worker_processes(number: int, benchmark: FrozenBenchmark) -> Iterator[Executor]:
    """Processes for :func:`fill` of a benchmark's samples; none outlives the block, or this process.

    They are started at once: to fork later, while a progress bar draws in a thread, could block them.
    """
    context = multiprocessing.get_context('fork' if _FORKS else None)
    executor = ProcessPoolExecutor(number, context, _begin_worker, (benchmark, ))
    try:
        with _one_opencv_thread():
            executor.submit(os.getpid).result()
        yield executor
    except BaseException:
        for process in multiprocessing.active_children():
            process.kill()
        raise
    finally:
        executor.shutdown(cancel_futures=True)


@contextlib.contextmanager
def _one_opencv_thread() -> Iterator[None]:
    """What is forked here uses one thread in OpenCV: the processes are as many as the cores.

    In the process itself it would be too late: OpenCV would wait for threads that the fork left behind.
    """
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)


def _begin_worker(benchmark: FrozenBenchmark) -> None:
    global _benchmark
    _benchmark = benchmark  # once, not with every sample: it has a line of each
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a Ctrl-C is for the main process to report
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if not _FORKS:
        cv2.setNumThreads(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    wait([multiprocessing.parent_process().sentinel])
    os._exit(1)


def _in_order(executor: Executor, function: Callable, tasks: Iterable[tuple], ahead: int) -> Iterator[Any]:
    """As ``executor.map``, with at most ``ahead`` results and tasks waiting."""
    waiting: deque[Future] = deque()
    try:
        for task in tasks:
            waiting.append(executor.submit(function, *task))
            if len(waiting) == ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


def _fill_one(method: Method, sample: BenchmarkSample, then: Callable[[Filled], Any]) -> Any:
    return then(_fill_batch(method, [sample], [_benchmark.image(sample)], [_benchmark.mask(sample)])[0])


def _fill_batch(method: Method, samples: Sequence[BenchmarkSample], truths: Sequence[np.ndarray],
                masks: Sequence[np.ndarray]) -> list[Filled]:
    # The method cannot see what it shall guess.
    images = [truth * (1 - mask) for truth, mask in zip(truths, masks)]
    start = time.perf_counter()
    try:
        pictures = method.fill(samples, images, masks)
    except torch.cuda.OutOfMemoryError as error:
        raise LaunchError(f'{method.name} needs more memory than there is for a batch of {len(samples)}; use a smaller '
                          '--batch-size. The same command continues.') from error
    seconds = (time.perf_counter() - start) / len(samples)
    return [_complete(*entry, seconds) for entry in zip(samples, truths, masks, pictures)]


def _complete(sample: BenchmarkSample, truth: np.ndarray, mask: np.ndarray, picture: np.ndarray,
              seconds: float) -> Filled:
    changed = cv2.absdiff(picture, truth) * (1 - mask)
    return Filled(sample, truth, mask, np.where(mask == 1, picture, truth), seconds, int(changed.max()))
