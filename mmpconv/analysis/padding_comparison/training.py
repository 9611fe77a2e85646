"""Trainings of a comparison in processes of their own."""
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from mmpconv.environment import usable_cores
from mmpconv.errors import LaunchError

from .run import Run, read_scores

POLL = 0.2  # seconds
PATIENCE = 40  # seconds that a process gets to end by itself; torchrun gives its own processes 30


@dataclass(frozen=True)
class Command:
    """What to start.

    Attributes:
        arguments: Program and arguments.
        log: File to which the output is added.
        environment: Variables that differ from those of this process.
    """
    arguments: Sequence[str]
    log: Path
    environment: dict[str, str]


def run_all(starts: Sequence[Callable[[dict], Command]], places: Sequence[dict],
            on_end: Callable[[int, int], None], on_wait: Callable[[list[int]], None], keep_open: Sequence[int]) -> None:
    """Run commands, as many at a time as there are places. When this is left, by whatever error, all have ended.

    Args:
        starts: Each makes a command when its turn has come, from the place that it gets.
        places: What a command needs for itself while it runs, such as GPUs.
        on_end: Called with the number of a command and its exit status.
        on_wait: Called several times a second with the numbers of the commands that run.
        keep_open: File descriptors that the processes inherit.
    """
    waiting, free, active = list(enumerate(starts)), list(places), []
    try:
        while waiting or active:
            while waiting and free:
                (number, start), place = waiting.pop(0), free.pop(0)
                active.append((number, place, _start(start(place), keep_open)))
            for entry in list(active):
                number, place, process = entry
                if process.poll() is not None:
                    active.remove(entry)
                    free.append(place)
                    on_end(number, process.returncode)
            on_wait([number for number, _, _ in active])
            time.sleep(POLL)
    finally:
        _end([process for _, _, process in active])


def _start(command: Command, keep_open: Sequence[int]) -> subprocess.Popen:
    with open(command.log, 'ab') as log:
        # In a session of its own: a Ctrl-C reaches this process alone, which then ends it with all that it started.
        return subprocess.Popen(
            command.arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            env={**os.environ, **command.environment}, pass_fds=keep_open)


def _end(processes: Sequence[subprocess.Popen]) -> None:
    try:
        for process in processes:
            _signal(process, signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE
        for process in processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(deadline - time.monotonic(), 0))
    finally:  # also when a second Ctrl-C cuts the waiting short
        for process in processes:
            _signal(process, signal.SIGKILL)  # reaches what it started and left, too
            process.wait()


def _signal(process: subprocess.Popen, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


LOOK_EVERY = 2  # seconds between two looks into the logs


def places_for(jobs: int | None, gpus: int) -> list[dict]:
    """Environment of each of the trainings that run at a time.

    Args:
        jobs: How many. Default: one a core; a single one on a machine with GPUs.
        gpus: How many GPUs each trains on. Several jobs get different ones, as far as there are enough.

    Raises:
        LaunchError: There are GPUs, but not as many.
    """
    found = torch.cuda.device_count()
    if not found:
        return [dict(OMP_NUM_THREADS='1')] * (jobs or max(usable_cores() // gpus, 1))
    if gpus > found:
        raise LaunchError(f'--gpus is {gpus}, but there are {found} on this machine')
    names = os.environ.get('CUDA_VISIBLE_DEVICES', ','.join(map(str, range(found)))).split(',')[:found]
    return [dict(CUDA_VISIBLE_DEVICES=','.join(names[(job * gpus + number) % found] for number in range(gpus)))
            for job in range(jobs or 1)]


def train_all(runs: Sequence[Run], finished: int, tools: Path, places: list[dict], lock: int) -> list[str]:
    """Train each run, or what is left of it. One that fails does not keep the others from running.

    Args:
        runs: Those that are not finished.
        finished: Number of those that are.
        tools: Folder of ``train.py`` and ``dist_train.sh``.
        places: As of :func:`places_for`.
        lock: As of :func:`~mmpconv.whole_files.locked`.

    Returns:
        list[str]: A sentence for each run that failed.

    Raises:
        LaunchError: The metric is not one that the config logs.
    """
    failures = []

    def command(run: Run, place: dict) -> Command:
        arguments = run.prepare()
        if run.gpus == 1:
            start, network = [sys.executable, str(tools / 'train.py'), run.config], {}
        else:
            start, network = ['bash', str(tools / 'dist_train.sh'), run.config, str(run.gpus)], dict(PORT=_free_port())
        # dist_train.sh looks for the interpreter there.
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get('PATH', '')])
        return Command([*start, *arguments], run.log, dict(PATH=path, **network, **place))

    def end(number: int, status: int) -> None:
        run = runs[number]
        try:
            if status:
                raise LaunchError(f'{run} failed with exit status {status}; see {run.log}{_last_line(run.log)}')
            score = run.finish()
        except LaunchError as error:
            failures.append(str(error))
            bar.say(f'[{bar.ended(number)}] {error}')
        else:
            bar.say(f'[{bar.ended(number)}] {run}: best {run.metric} {score["best"]:.3f}, of {run.unit[:-1]} '
                    f'{score["best_step"]}')

    with _Bar(runs, finished) as bar:
        run_all([lambda place, run=run: command(run, place) for run in runs], places, end, bar.look, [lock])
    return failures


class _Bar:
    """A progress bar over runs on a terminal; elsewhere only what is said."""

    def __init__(self, runs: Sequence[Run], finished: int):
        self._runs, self._finished, self._ended, self._looked = runs, finished, set(), time.monotonic()
        self._total = finished + len(runs)
        console = Console()
        # Runs take minutes to weeks: the speed is that of all that was done so far.
        self._progress = Progress(
            TextColumn('{task.description}'), BarColumn(), TextColumn('{task.percentage:.0f} %'), TimeElapsedColumn(),
            TextColumn('left'), TimeRemainingColumn(), console=console, disable=not console.is_terminal,
            speed_estimate_period=float('inf'))
        self._task = self._progress.add_task(self._description(), total=self._total, completed=finished)

    def __enter__(self):
        self._progress.start()
        return self

    def __exit__(self, *error):
        self._progress.stop()

    def say(self, line: str) -> None:
        self._progress.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def ended(self, number: int) -> str:
        """Note that a run has ended; returns how many have."""
        self._ended.add(number)
        self._progress.update(self._task, description=self._description())
        return f'{self._finished + len(self._ended):{len(str(self._total))}}/{self._total}'

    def look(self, active: list[int]) -> None:
        """See how far the active runs are.

        Raises:
            LaunchError: They log another metric than is wanted.
        """
        if active and time.monotonic() < self._looked + LOOK_EVERY:
            return
        self._looked = time.monotonic()
        done = 0.0
        for run in (self._runs[number] for number in active):
            run.check_metric()
            done += max(read_scores(run.folder, run.metric), default=0) / run.length
        self._progress.update(self._task, completed=self._finished + len(self._ended) + done)

    def _description(self) -> str:
        return f'{self._finished + len(self._ended)} of {self._total} runs'


def _free_port() -> str:
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return str(probe.getsockname()[1])


def _last_line(log: Path) -> str:
    """Where a process says what was wrong, as part of a sentence."""
    lines = log.read_text(encoding='utf-8', errors='replace').strip().splitlines() if log.is_file() else []
    return f' ({lines[-1].strip()[:300]})' if lines else ''
