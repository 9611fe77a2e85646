"""Ends every command that takes long by SIGINT, SIGTERM and SIGKILL at many moments, and starts it again.

    python tests/test_reliability/interruptions.py --trials 20

Half of the moments are spread evenly over what a command does with files, the others fall anywhere in its time. Then:
an interrupted command has exit status 130 and ends with one sentence; a file that has its name is whole; the same
command (a training with ``--resume``) completes the work, which is that of an undisturbed run, byte for byte but for
times of the clock; and nothing is left over.
"""
import argparse
import json
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import torch

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]

from forked import Ended, Moment, run_forked  # noqa: E402
from long_commands import COMMANDS, LongCommand, content, differences, half_written, write_inputs  # noqa: E402

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)


def moments(trials: int, whole: Ended, rng: random.Random) -> list[Moment]:
    """When to end a command: at steps from the first to the last, by each signal in turn, and at any time."""
    steps = 3 * ((trials + 1) // 2)
    at_steps = [Moment(SIGNALS[step % 3], step=1 + step * (whole.steps - 1) // (steps - 1)) for step in range(steps)]
    return at_steps + [Moment(number, seconds=rng.uniform(0, whole.seconds)) for number in SIGNALS
                       for _ in range(trials // 2)]


def trial(command: LongCommand, inputs: Path, whole: dict[str, bytes], moment: Moment) -> bool:
    """End a command at a moment, look at what it leaves, and start it again. Returns whether it was ended.

    Raises:
        AssertionError: Something was half-written, said in more than a sentence, or not completed.
    """
    with tempfile.TemporaryDirectory() as place:
        out, log = Path(place) / 'out', Path(place) / 'log'
        out.mkdir()
        run = partial(command.run, inputs, out)
        ended = run_forked(run, out, log, moment)
        found = content(command, out)
        wrong = half_written(command, found, whole)
        assert not wrong, f'half-written: {wrong}\n{ended}'
        check_end(ended, moment, complete=not differences(command, found, whole))
        if moment.number != signal.SIGKILL:
            assert not (left := unfinished(out)), f'left behind: {left}'
        again = run_again(run, out, log)
        assert again.status == 0, again
        found = content(command, out)
        assert not (wrong := differences(command, found, whole)), f'{wrong}\n{ended}\n{again}'
        assert not (left := unfinished(out)), f'left behind: {left}'
        return ended.status != 0


def check_end(ended: Ended, moment: Moment, complete: bool) -> None:
    """An interrupted command says so in one sentence; one that was done before the signal came may say nothing."""
    assert 'Traceback' not in ended.output, ended
    expected = {0, -signal.SIGKILL} if moment.number == signal.SIGKILL else {0, 130}
    assert ended.status in expected or complete and ended.status == -moment.number, ended
    if ended.status == 130:
        last = ended.output.strip().splitlines()[-1]
        assert last.startswith('interrupted'), ended


def run_again(run, out: Path, log: Path) -> Ended:
    """The second run; a training that a killed comparison left behind is waited for, as its message says."""
    deadline = time.monotonic() + 120
    while True:
        again = run_forked(run, out, log)
        if 'is running in' not in again.output or time.monotonic() > deadline:
            return again
        time.sleep(0.05)


def unfinished(out: Path) -> list[str]:
    return [path.name for path in out.rglob('.*') if path.name != '.lock']


def campaign(names: list[str], trials: int, seed: int = 0, report=lambda line: None) -> Counter:
    """All of it; returns how many trials of each command and signal survived, and how many of them were ended."""
    survived, rng = Counter(), random.Random(seed)
    for command, inputs, out, undisturbed in undisturbed_runs(names):
        whole = content(command, out)
        for moment in moments(trials, undisturbed, rng):
            try:
                ended = trial(command, inputs, whole, moment)
            except AssertionError as error:
                raise AssertionError(f'{command.name}, {moment}: {error}') from error
            survived[command.name, moment.number.name] += 1
            survived[command.name, 'ended'] += ended
        report(f'{command.name}, of {undisturbed.steps} steps and {undisturbed.seconds:.1f} s: survived {trials} '
               f'times each of 3 signals; {survived[command.name, "ended"]} of {3 * trials} came in time')
    return survived


def undisturbed_runs(names: list[str]) -> Iterator[tuple[LongCommand, Path, Path, Ended]]:
    """Run each command to its end: the command, its inputs, what it wrote, and how it ended."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as place:
        inputs = Path(place)
        write_inputs(inputs, names)
        prepare(names, inputs)
        for command in map(COMMANDS.get, names):
            out = inputs / 'whole' / command.name
            out.mkdir(parents=True)
            ended = run_forked(partial(command.run, inputs, out), out, inputs / 'log')
            assert ended.status == 0, ended
            yield command, inputs, out, ended


def prepare(names: list[str], inputs: Path) -> None:
    """The benchmark that is compared on; and whatever is imported by the commands, so that no fork has to."""
    import mmengine.runner.runner

    import mmpconv.analysis.padding_comparison.compare
    import mmpconv.apis.inpainter
    import mmpconv.batch.fill
    import mmpconv.benchmark.compare
    import mmpconv.benchmark.making.make
    import mmpconv.engine.launch
    import mmpconv.evaluation.baselines

    mmengine.runner.runner.collect_env = dict  # asks compilers for their versions, which takes longer than a training
    if any(name.startswith('export') for name in names):
        import mmpconv.apis.export  # noqa: F401
    if 'benchmark' in names:
        made = run_forked(partial(COMMANDS['make-benchmark'].run, inputs, inputs), inputs, inputs / 'log')
        assert made.status == 0, made.output
        (inputs / 'made').rename(inputs / 'benchmark')


def main() -> None:
    """Try, and print what survived."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--trials', type=int, default=20, help='of each command and signal; default: 20')
    parser.add_argument('--seed', type=int, default=0, help='of the moments that are times; default: 0')
    parser.add_argument('--commands', nargs='+', default=list(COMMANDS), choices=list(COMMANDS))
    args = parser.parse_args()
    survived = campaign(args.commands, args.trials, args.seed, report=partial(print, flush=True))
    print(json.dumps({f'{name}, {number}': count for (name, number), count in survived.items()}, indent=1))


if __name__ == '__main__':
    main()
