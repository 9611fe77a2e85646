"""A comparison from its plan to its table: its trainings run in processes of their own, which never outlive it."""
import argparse
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from mmpconv.dataset_converters.digits import write_digits
from mmpconv.environment import usable_cores
from mmpconv.errors import INTERRUPTED, LaunchError
from mmpconv.reports import require_marks
from mmpconv.whole_files import locked

from .plan import DEFAULT, default_work_dir, mark_of, package_tools, plan_runs, resolve
from .report import write_results
from .run import Run, read_scores

POLL = 0.2  # seconds
LOOK_EVERY = 2  # seconds between two looks into the logs
PATIENCE = 40  # seconds that a process gets to end by itself; torchrun gives its own processes 30


def compare(args: argparse.Namespace) -> int | None:
    """Train what is not trained yet, and compare the scores.

    Args:
        args: Those of ``mmpconv compare-padding``.

    Returns:
        int: Exit status, if it is not 0.

    Raises:
        LaunchError: Something is missing or does not go together, or runs failed.
    """
    if args.page:
        require_marks(args.page, mark_of(args.comparison))
    args.work_dir = args.work_dir or default_work_dir(args.comparison)
    tools = package_tools()
    with locked(args.work_dir, 'another comparison, or a training that one left behind,') as lock:
        plan = resolve(args, tools.parent)
        runs = plan_runs(plan, args.seeds, args.work_dir, args.cfg_options, args.gpus)
        start = time.monotonic()
        if args.comparison in (None, DEFAULT):
            _require_digits(runs[0])
        left = [run for run in runs if run.score() is None]
        places = places_for(args.jobs, args.gpus)
        print(f'{len(runs)} runs in {args.work_dir}: {len(runs) - len(left)} are finished, {len(left)} are left, '
              f'{len(places)} at a time', flush=True)
        try:
            failures = train_all(left, len(runs) - len(left), tools, places, lock) if left else []
        except KeyboardInterrupt:
            finished = sum(run.score() is not None for run in runs)
            print(f'interrupted: {finished} of {len(runs)} runs are finished; the same command continues',
                  file=sys.stderr)
            return INTERRUPTED
        if failures:
            listed = ''.join(f'\n  {failure}' for failure in failures)
            raise LaunchError(f'{len(failures)} of {len(runs)} runs failed, so there is no table:{listed}\nThe same '
                              'command runs again what is not finished.')
        text, files = write_results(args, plan, runs)
    print(f'\n{text}\n{len(left)} runs took {(time.monotonic() - start) / 60:.1f} minutes\n')
    for suffix, path in files.items():
        print(f'{dict(md="table", csv="scores").get(suffix, "picture"):<9}{path}')


def _require_digits(run: Run) -> None:
    """Write the digits where the config looks for them, unless they are there."""
    folder = Path(run.settings['config']['train_dataloader']['dataset']['data_root'])
    if not folder.exists():
        write_digits(folder)
        print(f'digits written to {folder}')


def places_for(jobs: int | None, gpus: int) -> list[dict]:
    """Environment of each of the trainings that run at a time.

    Args:
        jobs: Their number. Default: one a core; a single one on a machine with GPUs.
        gpus: Number of GPUs that each trains on. Several jobs get different ones, as far as there are enough.

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

    On a terminal there is a progress bar; elsewhere only a line for each run that ends.

    Args:
        runs: Those that are not finished.
        finished: Number of those that are.
        tools: Folder of ``train.py`` and ``dist_train.sh``.
        places: See :func:`places_for`.
        lock: See :func:`~mmpconv.whole_files.locked`.

    Returns:
        list[str]: A sentence for each run that failed.

    Raises:
        LaunchError: The metric is not one that the config logs.
    """
    failures, looked, total = [], time.monotonic(), finished + len(runs)
    console = Console()
    # Runs take minutes to weeks: the speed is that of all that was done so far.
    bar = Progress(
        TextColumn(f'{{task.fields[done]}} of {total} runs'), BarColumn(), TextColumn('{task.percentage:.0f} %'),
        TimeElapsedColumn(), TextColumn('left'), TimeRemainingColumn(), console=console,
        disable=not console.is_terminal, speed_estimate_period=float('inf'))
    task = bar.add_task('', total=total, completed=finished, done=finished)

    def end(run: Run, status: int) -> None:
        nonlocal finished
        finished += 1
        try:
            if status:
                raise LaunchError(f'{run} failed with exit status {status}; see {run.log}{_last_line(run.log)}')
            score = run.finish()
            line = f'{run}: best {run.metric} {score["best"]:.3f}, of {run.unit[:-1]} {score["best_step"]}'
        except LaunchError as error:
            line = str(error)
            failures.append(line)
        bar.update(task, done=finished)
        console.print(f'[{finished:{len(str(total))}}/{total}] {line}', markup=False, highlight=False,
                      soft_wrap=True)

    def look(active: list[Run]) -> None:
        nonlocal looked
        if active and time.monotonic() < looked + LOOK_EVERY:
            return
        looked = time.monotonic()
        for run in active:
            run.check_metric()
        done = sum(max(read_scores(run.folder, run.metric), default=0) / run.length for run in active)
        bar.update(task, completed=finished + done)

    with bar:
        run_all(runs, partial(_train, tools=tools, lock=lock), places, end, look)
    return failures


def _train(run: Run, place: dict, tools: Path, lock: int) -> subprocess.Popen:
    """Start a training where it was left, or from the beginning."""
    arguments, environment = run.prepare(), place
    if run.gpus == 1:
        program = [sys.executable, str(tools / 'train.py'), run.config]
    else:
        program = ['bash', str(tools / 'dist_train.sh'), run.config, str(run.gpus)]
        # dist_train.sh looks for the interpreter in PATH.
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get('PATH', '')])
        environment = dict(PATH=path, PORT=_free_port(), **place)
    return start_process([*program, *arguments], run.log, environment, [lock])


def _free_port() -> str:
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return str(probe.getsockname()[1])


def _last_line(log: Path) -> str:
    """The line in which a process says why it failed, as part of a sentence."""
    lines = log.read_text(encoding='utf-8', errors='replace').strip().splitlines() if log.is_file() else []
    if not lines and not os.statvfs(log.parent).f_bavail:
        return ' (no space left on device)'  # not even for the log
    return f' ({lines[-1].strip()[:300]})' if lines else ''


def start_process(arguments: Sequence[str], log: Path, environment: dict, keep_open: Sequence[int]) -> subprocess.Popen:
    """Start a program whose output is added to a log.

    Args:
        environment: Variables that differ from those of this process.
        keep_open: File descriptors that it inherits.
    """
    with open(log, 'ab') as output:
        # In a session of its own: a Ctrl-C reaches this process alone, which then ends it with all that it started.
        return subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                start_new_session=True, env={**os.environ, **environment}, pass_fds=keep_open)


def run_all(items: Sequence, start: Callable[..., subprocess.Popen], places: Sequence[dict],
            on_end: Callable[..., None], on_wait: Callable[[list], None]) -> None:
    """Run a process for each item, as many at a time as there are places; all have ended when this is left.

    That holds whatever error ends it, Ctrl-C included: a single thread starts, watches and ends them.

    Args:
        items: One a process.
        start: Called with an item and the place that it gets, when its turn has come.
        places: Needed by a process for itself while it runs, such as GPUs.
        on_end: Called with an item and the exit status of its process.
        on_wait: Called several times a second with the items whose processes run.
    """
    waiting, free, active = list(items), list(places), []
    try:
        while waiting or active:
            while waiting and free:
                item, place = waiting.pop(0), free.pop(0)
                active.append((item, place, start(item, place)))
            for entry in list(active):
                item, place, process = entry
                if process.poll() is not None:
                    active.remove(entry)
                    free.append(place)
                    on_end(item, process.returncode)
            on_wait([item for item, _, _ in active])
            time.sleep(POLL)
    finally:
        _end([process for _, _, process in active])


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
