"""The commands that take long, small enough to run in a second: what they read, and what they leave undisturbed."""
import csv
import hashlib
import io
import json
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from mmengine.registry import DefaultScope
from PIL import Image

import mmpconv.registry  # noqa: F401
from mmpconv.checkpoints import CheckpointError
from mmpconv.checkpoints.loading import load_from_local

TESTS = Path(__file__).parents[1]
TOY = f"""
_base_ = '{TESTS}/test_engine/toy_config.py'
custom_imports = dict(imports=['toy_project', 'toy_runs'])
default_scope = 'mmpconv'
model = dict(type='DroppingToy')
randomness = dict(seed=0)
train_cfg = dict(type='IterBasedTrainLoop', max_iters=6, val_interval=2)
custom_hooks = [dict(type='EMAHook', momentum=0.1), dict(type='LossCsvHook', interval=1)]
default_hooks = dict(
    timer=dict(type='mmengine.IterTimerHook'),
    checkpoint=dict(interval=2, max_keep_ckpts=1, save_best='mean_error', rule='less'))
"""
# In place of tools/train.py in a comparison: logs three scores as a training does, with a line at a time.
TRAINING = """
import json, sys, time
from pathlib import Path
folder = Path(sys.argv[sys.argv.index('--work-dir') + 1])
log = folder / '20260101_000000/vis_data/scalars.json'
log.parent.mkdir(parents=True)
for epoch, score in enumerate((10, 30 + 5 * ('partial' in sys.argv[1]), 20), 1):
    time.sleep(0.02)
    with log.open('a') as lines:
        lines.write(json.dumps(dict(score=score, step=epoch)) + chr(10))
"""
COMPARED = """
default_scope = 'mmengine'
model = dict(type='Net')
train_dataloader = val_dataloader = dict(batch_size=1)
val_evaluator = dict(type='Score')
optim_wrapper = dict(type='OptimWrapper')
train_cfg = dict(by_epoch=True, max_epochs=3)
val_cfg = dict()
"""


@dataclass(frozen=True)
class LongCommand:
    """A command in a folder of inputs, which writes below another folder.

    Attributes:
        name: As it is called.
        run: Called with the two folders.
        growing: Pattern of files to which is added, so that an interrupted run leaves their beginnings.
        passing: Pattern of files that are there, or say so, in the meantime only, whole.
        varying: Pattern of files that differ from run to run, by times of the clock or where they lie, whole.
        ignored: Pattern of files that do not count: logs whose names are times of the clock; and of a training the copy
            of its config, which says from what it was resumed, and losses of a run that saved nothing.
    """

    name: str
    run: Callable[[Path, Path], object]
    growing: str = '-'
    passing: str = '-'
    varying: str = '-'
    ignored: str = '-'


def mmpconv_command(*argv: object) -> int:
    from mmpconv.cli import main

    return main(list(map(str, argv)))


def inpaint(inputs: Path, out: Path) -> object:
    return mmpconv_command('inpaint', inputs / 'photos', '--mask', inputs / 'mask.png', '-o', out / 'filled', '--model',
                           'telea', '--compare', '--resume')


def make_benchmark(inputs: Path, out: Path) -> object:
    return mmpconv_command('make-benchmark', inputs / 'photos', out / 'made', '--masks', 'occlusion', '--per-bin', 1,
                           '--size', 64, 64, '--jobs', 1, '--force')


def benchmark(inputs: Path, out: Path) -> object:
    return mmpconv_command('benchmark', inputs / 'benchmark', 'mean', 'telea', '--jobs', 1, '--cases', 1, '--work-dir',
                           out / 'scores')


def compare_padding(inputs: Path, out: Path) -> object:
    from mmpconv.analysis.padding_comparison import compare

    compare.package_tools = lambda: inputs / 'tools'  # in this fork
    return mmpconv_command('compare-padding', f'{inputs}/compared/{{network}}-{{padding}}.py', '--networks', 'net',
                           '--paddings', 'zero', 'partial', '--seeds', 2, '--metric', 'score', '--jobs', 1,
                           '--work-dir', out / 'runs')


def train(inputs: Path, out: Path) -> object:
    work_dir = out / 'run'
    resume = ['--resume'] if work_dir.is_dir() and any(work_dir.iterdir()) else []
    return mmpconv_command('train', inputs / 'toy.py', '--work-dir', work_dir, *resume)


def export_as(suffix: str) -> Callable[[Path, Path], object]:
    return lambda inputs, out: mmpconv_command('export', inputs / 'network.py', inputs / 'network.pth', '-o',
                                               out / f'network{suffix}')


COMMANDS = {command.name: command for command in (
    LongCommand('inpaint', inpaint),
    LongCommand('make-benchmark', make_benchmark, varying=r'.*/location\.json'),
    LongCommand('benchmark', benchmark, growing=r'scores/methods/.*\.csv', passing=r'scores/methods/.*\.json',
                varying=r'.*(\.html|/table\.md|/plots/.*)'),
    LongCommand('compare-padding', compare_padding, growing=r'.*/scalars\.json|.*/train\.log', varying=r'.*\.png'),
    LongCommand('train', train, growing=r'.*/losses\.csv',
                passing=r'run/((iter|best_\w+_iter)_\d+\.pth|last_checkpoint)',
                ignored=r'run/(\d{8}_\d{6}/.*|toy\.py|losses_before_.*)'),
    LongCommand('export .pt2', export_as('.pt2')),
    LongCommand('export .onnx', export_as('.onnx')))}


def write_inputs(folder: Path, names: list[str]) -> None:
    """What the commands of these names read."""
    rng = np.random.default_rng(0)
    (folder / 'photos').mkdir()
    for number in range(6):
        photo = cv2.resize(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8), (96, 80), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(folder / f'photos/{number}.png'), photo)
    cv2.imwrite(str(folder / 'mask.png'), np.pad(np.full((20, 20), 255, np.uint8), ((30, 30), (30, 46))))
    (folder / 'toy.py').write_text(TOY)
    sys.path[:0] = [str(TESTS / 'test_engine')]
    (folder / 'tools').mkdir()
    (folder / 'tools/train.py').write_text(TRAINING)
    (folder / 'compared').mkdir()
    for padding in ('zero', 'partial'):
        (folder / f'compared/net-{padding}.py').write_text(COMPARED)
    if any(name.startswith('export') for name in names):
        _write_network(folder)


def _write_network(folder: Path) -> None:
    """The smallest network there is, tracing of which takes seconds."""
    from mmengine.model import revert_sync_batchnorm
    from mmengine.registry import MODELS

    from mmpconv.configs import read_model_config

    base = TESTS.parent / 'configs/unet/plain-conv_small_1xb8_photos-128x128.py'
    part = 'dict(width=4, num_layers=2)'
    (folder / 'network.py').write_text(
        f'_base_ = {str(base)!r}\nmodel = dict(encdec=dict(encoder={part}, decoder={part}))\n')
    settings = {**read_model_config(str(folder / 'network.py')).model, 'loss_composed_percep': None,
                'loss_out_percep': False}
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmpconv'):
        model = revert_sync_batchnorm(MODELS.build(settings))
    torch.save(dict(state_dict=model.state_dict()), folder / 'network.pth')


def content(command: LongCommand, folder: Path) -> dict[str, bytes]:
    """What is below a folder, by name; of pictures and programs the bytes, of checkpoints and tables what counts."""
    files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob('*')) if path.is_file()}
    return {name: _content(path, folder) for name, path in files.items()
            if path.name != '.lock' and not re.fullmatch(command.ignored, name)}


def _content(path: Path, folder: Path) -> bytes:
    data = path.read_bytes()
    if path.suffix == '.pth':
        return _of_checkpoint(path)
    if path.suffix == '.csv' and b'seconds' in data:
        rows = csv.DictReader(io.StringIO(data.decode()))
        return b''.join(json.dumps({**row, 'seconds': ''}).encode() + b'\n' for row in rows
                        if row.get('metric') != 'seconds')
    return data.replace(os.fsencode(folder), b'OUT')


def _of_checkpoint(path: Path) -> bytes:
    """A hash of what a training goes on from; empty if it cannot be loaded."""
    try:
        checkpoint = load_from_local(str(path))
    except CheckpointError:
        return b''
    parts = ('state_dict', 'ema_state_dict', 'optimizer', 'param_schedulers', 'random_states')
    file = io.BytesIO()
    torch.save({part: checkpoint.get(part) for part in parts}, file)
    return hashlib.sha256(file.getvalue()).digest()


def half_written(command: LongCommand, found: dict[str, bytes], whole: dict[str, bytes]) -> list[str]:
    """Files under their final names that are not as an undisturbed run writes them."""
    return [name for name, data in found.items()
            if '/.' not in f'/{name}' and not _is_whole(command, name, data, whole)]


def _is_whole(command: LongCommand, name: str, data: bytes, whole: dict[str, bytes]) -> bool:
    if re.fullmatch(command.growing, name):
        # The last line may be cut off: whoever reads it leaves that out.
        return name in whole and whole[name].startswith(data.rpartition(b'\n')[0])
    if re.fullmatch(command.varying, name):
        return is_complete(name, data)
    if re.fullmatch(command.passing, name):
        return bool(data) and is_complete(name, data)
    return data == whole.get(name)


def is_complete(name: str, data: bytes) -> bool:
    """Whether a file that varies is complete, by its kind."""
    if name.endswith('.png'):
        try:
            Image.open(io.BytesIO(data)).load()
        except OSError:
            return False
        return True
    if name.endswith('.html'):
        return data.rstrip().endswith(b'</html>')
    if name.endswith('last_checkpoint'):
        return re.fullmatch(rb'OUT/run/iter_\d+\.pth', data) is not None
    return data.endswith(b'\n') or not name.endswith('.md')


def differences(command: LongCommand, found: dict[str, bytes], whole: dict[str, bytes]) -> set[str]:
    """Names of files that are missing, too many, or other than an undisturbed run leaves.

    An older best checkpoint may stay when a training was ended right before it was to be removed.
    """
    stale = {name for name in found if re.fullmatch(r'run/best_.*\.pth', name)} - {*whole}
    return {name for name in {*found, *whole} - stale if name not in found or name not in whole
            or not _is_the_same(command, name, found[name], whole[name])}


def _is_the_same(command: LongCommand, name: str, data: bytes, expected: bytes) -> bool:
    return is_complete(name, data) if re.fullmatch(command.varying, name) else data == expected
