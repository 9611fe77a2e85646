"""A command in a fork of this process, ended by a signal at a chosen moment.

A fork has all packages imported already, so that thousands of runs take minutes. Moments are steps, which are the same
on every machine however fast it is: a step is right before the command makes, opens for writing, renames or removes a
file or folder below a given one, as Python's audit events tell. Or they are seconds, which fall anywhere.
"""
import contextlib
import mmap
import os
import signal
import struct
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_CHANGES = {'os.rename', 'os.remove', 'os.mkdir', 'os.rmdir', 'os.truncate', 'os.link', 'os.symlink', 'shutil.rmtree'}
_FOR_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


@dataclass(frozen=True)
class Moment:
    """When a command is ended: at a step of its work on files, counted from 1, or so many seconds after its start."""

    number: signal.Signals
    step: int = 0
    seconds: float = 0.

    def __str__(self) -> str:
        return f'{self.number.name} {f"at step {self.step}" if self.step else f"after {self.seconds:.2f} s"}'


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    Attributes:
        status: Its exit status, or the negative number of the signal that ended it.
        output: What it printed.
        steps: How many steps it took.
        seconds: How long it ran.
    """

    status: int
    output: str
    steps: int
    seconds: float

    def __str__(self) -> str:
        return f'status {self.status} after {self.steps} steps, {self.seconds:.1f} s: ...{self.output[-3000:]}'


def run_forked(command: Callable[[], object], folder: Path, log: Path, moment: Moment | None = None) -> Ended:
    """Run a command in a fork, and wait for it and for what it started in its session.

    Args:
        command: What to run; may return its exit status, or raise ``SystemExit``.
        folder: Where it works on files: what is done there are its steps.
        log: File for what it prints.
        moment: When to end it. A command that is done before is not ended.
    """
    shared = mmap.mmap(-1, 8)  # number of steps; whether the command has begun
    sys.stdout.flush()
    pid = os.fork()
    if not pid:
        _child(command, log, _Steps(folder, shared, moment), shared)
    while not shared[4] and not os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
        time.sleep(0.001)
    start = time.monotonic()
    if moment and not moment.step:
        time.sleep(moment.seconds)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, moment.number)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    seconds = time.monotonic() - start
    _wait_for_session(pid)
    return Ended(status, log.read_text(errors='replace'), struct.unpack('i', shared[:4])[0], seconds)


class _Steps:
    """Counts steps, and ends this process at one of them."""

    def __init__(self, folder: Path, shared: mmap.mmap, moment: Moment | None):
        self.folder, self.shared = f'{folder}/', shared
        self.target, self.number = (moment.step, moment.number) if moment else (0, 0)
        self.pid, self.count = 0, 0

    def watch(self) -> None:
        self.pid = os.getpid()
        sys.addaudithook(self)

    def __call__(self, event: str, arguments: tuple) -> None:
        if event not in _CHANGES and not (event == 'open' and (arguments[2] or 0) & _FOR_WRITING):
            return
        path = arguments[0]
        if isinstance(path, int) or not os.fsdecode(path).startswith(self.folder) or os.getpid() != self.pid:
            return
        self.count += 1
        self.shared[:4] = struct.pack('i', self.count)
        if self.count == self.target:
            os.kill(self.pid, self.number)


def _child(command: Callable[[], object], log: Path, steps: _Steps, shared: mmap.mmap) -> None:
    status = 70
    try:
        os.setsid()
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1), os.dup2(output, 2)
        sys.stdout, sys.stderr = (os.fdopen(number, 'w', closefd=False) for number in (1, 2))
        # As Python sets them up; a shell has what runs in the background ignore SIGINT.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        steps.watch()
        shared[4] = 1
        try:
            status = command() or 0
        except SystemExit as end:
            if isinstance(end.code, str):
                print(end.code, file=sys.stderr)
            status = 1 if isinstance(end.code, str) else end.code or 0
        # The command is done, the interpreter's own end is not its business.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    except BaseException:
        if status == 70:  # else it was done, and the signal came before it was ignored
            traceback.print_exc()
    finally:
        sys.stdout.flush(), sys.stderr.flush()
        os._exit(status)


def _wait_for_session(session: int) -> None:
    """Processes that a killed command leaves behind end by themselves, and may hold its lock until then."""
    deadline = time.monotonic() + 120
    with contextlib.suppress(ProcessLookupError, PermissionError):
        while time.monotonic() < deadline:
            os.killpg(session, 0)
            time.sleep(0.02)
