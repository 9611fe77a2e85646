"""Runs every command that takes long on disks that are too small for it, and on one that is read-only.

    python tests/test_reliability/full_disks.py --sizes 8

Disks are small ``tmpfs``, which only root may mount; their sizes are spread from one page to what the command leaves in
the end. It has to end with a sentence that says so; a file that has its name is whole; and when there is room, the same
command completes the work, which is that of an undisturbed run.
"""
import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]

from forked import Ended, run_forked  # noqa: E402
from interruptions import undisturbed_runs, unfinished  # noqa: E402
from long_commands import COMMANDS, LongCommand, content, differences, half_written  # noqa: E402

PAGE = 4096  # of which a tmpfs gives each file some
NOT_POSSIBLE = 77  # exit status


@contextmanager
def disk(place: Path) -> Iterator[Path]:
    """A folder of its own file system.

    Raises:
        PermissionError: This process may not mount one.
    """
    place.mkdir()
    if (mounted := _mount('-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', place)).returncode:
        raise PermissionError(mounted.stderr.decode())
    try:
        yield place
    finally:
        subprocess.run(['umount', place], check=True)


def _mount(*arguments: object) -> subprocess.CompletedProcess:
    return subprocess.run(['mount', *map(str, arguments)], capture_output=True)


def trial(command: LongCommand, inputs: Path, whole: dict[str, bytes], option: str) -> Ended:
    """Run a command on a disk mounted with an option, then on the same disk with room.

    Raises:
        AssertionError: Something was half-written, lost, or said in more than a sentence.
    """
    with tempfile.TemporaryDirectory() as place, disk(Path(place) / 'disk') as out:
        assert not _mount('-o', f'remount,{option}', out).returncode
        run, log = partial(command.run, inputs, out), Path(place) / 'log'
        ended = run_forked(run, out, log)
        check_end(ended, 'read-only file system' if option == 'ro' else 'no space left on device')
        assert not (wrong := half_written(command, content(command, out), whole)), f'half-written: {wrong}\n{ended}'
        assert not (left := unfinished(out)), f'left behind: {left}\n{ended}'
        assert not _mount('-o', 'remount,rw,size=64m', out).returncode
        again = run_forked(run, out, log)
        assert again.status == 0, again
        assert not (wrong := differences(command, content(command, out), whole)), f'{wrong}\n{ended}\n{again}'
        assert not (left := unfinished(out)), f'left behind: {left}'
        return ended


def check_end(ended: Ended, reason: str) -> None:
    """One sentence, or one for each photo that is not filled."""
    assert ended.status in (1, 3) and 'Traceback' not in ended.output, ended
    assert reason in ended.output.lower(), ended
    errors = [line for line in ended.output.splitlines() if line.startswith('error: ')]
    assert len(errors) == 1 or 'photos could not be filled:' in ended.output and not errors, ended


def campaign(names: list[str], sizes: int, report=lambda line: None) -> Counter:
    """All of it; returns how many disks of each command were survived."""
    survived = Counter()
    for command, inputs, out, _ in undisturbed_runs(names):
        whole = content(command, out)
        pages = sum(-(-path.stat().st_size // PAGE) for path in out.rglob('*') if path.is_file())
        options = [f'size={max(pages * number // sizes, 1) * PAGE}' for number in range(sizes)]
        for option in ['ro', *options]:
            try:
                ended = trial(command, inputs, whole, option)
            except AssertionError as error:
                raise AssertionError(f'{command.name}, {option}: {error}') from error
            survived[command.name] += 1
            report(f'{command.name}, {option}: {ended.output.strip().splitlines()[-1]}')
    return survived


def main() -> None:
    """Try, and print what survived."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--sizes', type=int, default=8, help='disks of each command; default: 8')
    parser.add_argument('--commands', nargs='+', default=list(COMMANDS), choices=list(COMMANDS))
    args = parser.parse_args()
    try:
        print(json.dumps(campaign(args.commands, args.sizes, partial(print, flush=True)), indent=1))
    except PermissionError as error:
        print(f'no file system can be mounted here: {error}', file=sys.stderr)
        sys.exit(NOT_POSSIBLE)


if __name__ == '__main__':
    main()
