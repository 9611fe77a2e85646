"""Ends trainings in the midst of saving a checkpoint, at every step of it, resumes them, and looks for what was lost.

    python tests/test_engine/killed_trainings.py --trials 60

Each trial trains a toy (dropout, Adam, moving average, best checkpoint, one checkpoint kept, all saved anew each
iteration) by ``tools/train.py``'s own code until the chosen step, at which the process gets SIGKILL, SIGTERM or SIGINT,
or the system says that the disk is full (simulated; a real one is filled as well where a small file system can be
mounted). Then: every checkpoint that is there is whole; not one that was complete is lost; ``--resume`` ends with the
weights, moving averages, optimizer and random states of a run that was never stopped, bit for bit; nothing
is left over.
"""
import argparse
import contextlib
import errno
import mmap
import os
import pathlib
import signal
import struct
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

import mmengine.runner.runner  # noqa: E402
import torch  # noqa: E402

import mmpconv.engine.launch  # noqa: E402
import mmpconv.registry  # noqa: E402,F401
from mmpconv import cli  # noqa: E402
from mmpconv.checkpoints.loading import load_from_local  # noqa: E402
from mmpconv.engine import hooks  # noqa: E402
from mmpconv.engine.resume import latest_checkpoint, why_not  # noqa: E402

CONFIG = f"""
_base_ = '{HERE / 'toy_config.py'}'
custom_imports = dict(imports=['toy_project', 'toy_runs'])
default_scope = 'mmpconv'
model = dict(type='DroppingToy')
randomness = dict(seed=0)
param_scheduler = [dict(type='CosineAnnealingLR', T_max=4, by_epoch=False)]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=4, val_interval=1)
custom_hooks = [dict(type='EMAHook', momentum=0.1)]
default_hooks = dict(
    timer=dict(type='mmengine.IterTimerHook'),
    checkpoint=dict(interval=1, max_keep_ckpts=1, save_best='mean_error', rule='less'))
"""
ITERATIONS = 4
ENDS = ('SIGKILL', 'SIGTERM', 'SIGINT', 'ENOSPC')
PARTS = ('state_dict', 'ema_state_dict', 'optimizer', 'param_schedulers', 'random_states')


class Steps:
    """Counts, in the process that trains, what its saves do, and ends it at one of these steps."""

    def __init__(self, shared: mmap.mmap, target: int | None, end: str):
        self.shared, self.target, self.end, self.count, self.saves, self.saving = shared, target, end, 0, 0, 0

    def step(self) -> None:
        """One step of a save; the last one, perhaps."""
        if not self.saving:
            return
        self.count += 1
        self._tell()
        if self.count == self.target:
            if self.end == 'ENOSPC':
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.kill(os.getpid(), getattr(signal, self.end))

    def watch(self) -> None:
        """Put a step before and after each change of a file, and into the midst of each writing."""
        for name in ('replace', 'fsync', 'unlink', 'remove'):
            setattr(os, name, self._around(getattr(os, name)))
        write = pathlib.Path.write_bytes

        def write_bytes(path, content):
            write(path, content[:len(content) // 2])
            self.step()
            write(path, content)
            self.step()

        pathlib.Path.write_bytes = write_bytes
        for name in ('_save_checkpoint_with_step', '_save_best_checkpoint'):
            setattr(hooks.CheckpointHook, name, self._save(getattr(hooks.CheckpointHook, name)))
        save = mmengine.runner.Runner.save_checkpoint

        def save_checkpoint(*args, save_optimizer=True, **kwargs):
            save(*args, save_optimizer=save_optimizer, **kwargs)
            self.saves = max(self.saves, kwargs['meta']['iter'] if save_optimizer else 0)
            self._tell()

        mmengine.runner.Runner.save_checkpoint = save_checkpoint

    def _around(self, function):

        def around(*args, **kwargs):
            self.step()
            result = function(*args, **kwargs)
            self.step()
            return result

        return around

    def _save(self, method):

        def save(*args, **kwargs):
            self.saving += 1
            self.step()
            method(*args, **kwargs)
            self.step()
            self.saving -= 1

        return save

    def _tell(self) -> None:
        self.shared[:8] = struct.pack('ii', self.count, self.saves)


def train(config: Path, work_dir: Path, *argv: str, target: int | None = None, end: str = '', log: Path | None = None):
    """Train in a process of its own, whose output goes to a file; default: beside the work dir.

    Returns:
        tuple: Its exit status (negative: the signal it died of), the number of steps of its saves, the iteration of
        the last complete checkpoint to resume from, and what it printed.
    """
    shared, log = mmap.mmap(-1, 8), log or work_dir.with_suffix('.log')
    sys.stdout.flush()
    child = os.fork()
    if not child:
        status = 99
        try:
            output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(output, 1), os.dup2(output, 2)
            steps = Steps(shared, target, end)
            steps.watch()
            status = cli.main(['train', str(config), '--work-dir', str(work_dir), *argv])
        except SystemExit as stop:
            if isinstance(stop.code, str):
                print(stop.code, file=sys.stderr, flush=True)
            status = stop.code if isinstance(stop.code, int) else 1
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            sys.stdout.flush()
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return (status, *struct.unpack('ii', shared[:8]), log.read_text(errors='replace'))


def same(one, other) -> bool:
    """Nested containers of tensors and plain values are the same to the last bit."""
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def check_what_is_left(work_dir: Path, saved: int, output: str) -> None:
    """Every checkpoint is whole, and the last complete one is that with which ``--resume`` goes on."""
    for path in work_dir.glob('[!.]*.pth'):  # not those that were being written
        load_from_local(str(path))
        assert path.name.startswith('best_') or why_not(path) is None, path
    latest = latest_checkpoint(str(work_dir))
    found = load_from_local(latest)['meta']['iter'] if latest else 0
    assert found >= saved, f'iteration {saved} was saved, {found} is left\n{output}'
    if found:
        best = load_from_local(latest)['message_hub']['runtime_info'].get('best_ckpt')
        assert best is None or os.path.isfile(best), f'{latest} says that {best} is the best, and it is gone'


def check_resumed(config: Path, work_dir: Path, whole: dict) -> None:
    """``--resume`` ends as the run that was never stopped, with the same best checkpoint."""
    status, _, _, output = train(config, work_dir, '--resume')
    assert status == 0, output
    rest = load_from_local(str(work_dir / f'iter_{ITERATIONS}.pth'))
    for part in PARTS:
        assert same(whole[part], rest[part]), f'{part} differs after resuming\n{output}'
    best, same_best = (Path(run['message_hub']['runtime_info']['best_ckpt']).name for run in (whole, rest))
    assert best == same_best, f'{best} is the best, {same_best} after resuming\n{output}'
    left = {path.name for path in work_dir.iterdir() if path.suffix == '.pth' or 'unfinished' in path.name}
    # The best one of before may stay when the run ended right before it was to be removed.
    more = left - {best, f'iter_{ITERATIONS}.pth'}
    assert best in left and len(more) <= 1 and all(name.startswith('best_') for name in more), left


def trial(config: Path, folder: Path, whole: dict, target: int, end: str) -> None:
    """End a training at a step of its saves in a way, and resume it.

    Raises:
        AssertionError: Something was lost, or said in more than a sentence.
    """
    work_dir = folder / f'{end}-{target}'
    status, count, saved, output = train(config, work_dir, target=target, end=end)
    assert count >= target, f'{count} steps instead of {target}\n{output}'  # cleaning up has steps, too
    expected = {'SIGKILL': -signal.SIGKILL, 'SIGTERM': 130, 'SIGINT': 130, 'ENOSPC': 1}[end]
    assert status == expected, f'{status}\n{output}'
    if end != 'SIGKILL':
        assert 'Traceback' not in output, output
        assert output.strip().splitlines()[-1].startswith('error: ' if end == 'ENOSPC' else 'interrupted: '), output
    check_what_is_left(work_dir, saved, output)
    check_resumed(config, work_dir, whole)


def full_disk(config: Path, folder: Path, whole: dict, free: int) -> str | None:
    """Train on a disk that has room for so many KiB, then make room and resume.

    Returns:
        str: The sentence; None if there was room enough.

    Raises:
        AssertionError: Something was lost, or said in more than a sentence.
        PermissionError: No file system can be mounted here.
    """
    disk = folder / f'disk-{free}'
    disk.mkdir(exist_ok=True)
    if subprocess.run(['mount', '-t', 'tmpfs', '-o', f'size={free}k', 'tmpfs', disk], capture_output=True).returncode:
        raise PermissionError
    try:
        work_dir = disk / 'run'
        work_dir.mkdir()
        status, _, saved, output = train(config, work_dir, log=folder / f'disk-{free}.log')
        if status == 0:
            return None
        assert status == 1 and 'Traceback' not in output, output
        sentence = output.strip().splitlines()[-1]
        assert sentence.startswith('error: ') and 'no space left on device' in sentence, output
        subprocess.run(['mount', '-o', 'remount,size=64m', disk], check=True)
        check_what_is_left(work_dir, saved, output)
        check_resumed(config, work_dir, whole)
        return f'after {saved} checkpoints: {sentence}'
    finally:
        subprocess.run(['umount', disk], check=True)


def full_disks(config: Path, folder: Path, whole: dict, number: int) -> None:
    """Of several sizes, from one page to that at which the training has room.

    Raises:
        PermissionError: No file system can be mounted here.
    """
    too_small, enough = 4, 1024
    while enough - too_small > 4:  # KiB, a page
        middle = (too_small + enough) // 8 * 4
        if full_disk(config, folder, whole, middle):
            too_small = middle
        else:
            enough = middle
    print(f'the training needs a disk of {enough} KiB', flush=True)
    for free in sorted({4 + (too_small - 4) * step // max(number - 1, 1) // 4 * 4 for step in range(number)}):
        print(f'a disk of {free} KiB:', full_disk(config, folder, whole, free), flush=True)


def main() -> None:
    """Try, and print a line for each way to end."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--trials', type=int, default=60, help='endings of a save; default: 60')
    parser.add_argument('--disks', type=int, default=8, help='sizes of full disks; default: 8')
    args = parser.parse_args()
    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # shells have what runs in the background ignore it
    mmengine.runner.runner.collect_env = dict  # asks compilers for their versions, which takes longer than a training
    done = Counter()
    with tempfile.TemporaryDirectory() as place, contextlib.chdir(place):
        folder, config = Path(place), Path(place) / 'config.py'
        config.write_text(CONFIG)
        status, count, _, output = train(config, folder / 'whole')
        assert status == 0, output
        whole = load_from_local(str(folder / f'whole/iter_{ITERATIONS}.pth'))
        print(f'a training of {ITERATIONS} iterations takes {count} steps to save its checkpoints', flush=True)
        for number in range(args.trials):
            # Kills are tried most, and all are spread over all steps.
            end = ENDS[0] if number % 2 == 0 else ENDS[1:][number // 2 % 3]
            trial(config, folder, whole, 1 + number * count // args.trials, end)
            done[end] += 1
            print('.', end='', flush=True)
        print()
        for end in ENDS:
            print(f'{done[end]:4} x {end} in a save: nothing lost, resumed bit for bit', flush=True)
        try:
            full_disks(config, folder, whole, args.disks)
        except PermissionError:
            print('no file system can be mounted here: full disks were simulated only (ENOSPC)')


if __name__ == '__main__':
    main()
