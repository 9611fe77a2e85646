"""Several processes at a time, none of which outlives the comparison."""
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

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
