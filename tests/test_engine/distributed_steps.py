"""One step of a training in 1, 2 and 4 processes, which share a batch of four photos; prints by how much steps differ.

    python tests/test_engine/distributed_steps.py

Each process is a fork that trains by ``mmpconv train --launcher pytorch``. The network has no normalisation, and its
losses are means over samples, so that in exact arithmetic all of them take the same step.
"""
import contextlib
import hashlib
import io
import itertools
import json
import os
import socket
import sys
import tempfile
import traceback
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parents[1])]

import cv2  # noqa: E402
import mmengine.runner.runner  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
from mmengine.hooks import Hook  # noqa: E402

import mmpconv.engine.launch  # noqa: E402,F401  (so that no fork has to)
from mmpconv import cli  # noqa: E402
from mmpconv.registry import HOOKS  # noqa: E402

CONFIG = """
_base_ = '{root}/configs/partial_conv/pconv_stage1_8xb12_places-256x256.py'
model = dict(
    encdec=dict(encoder=dict(width=4, num_layers=4, norm_cfg=None), decoder=dict(width=4, num_layers=4, norm_cfg=None)),
    loss_composed_percep=None, loss_out_percep=False, loss_tv=None,
    loss_l1_hole=dict(_delete_=True, type='L1Loss', sample_wise=True, loss_weight=6.),
    loss_l1_valid=dict(_delete_=True, type='L1Loss', sample_wise=True, loss_weight=1.))
mask = dict(type='LoadMask', mask_mode='bbox', seed=0, mask_config=dict(
    img_shape=(64, 64), max_bbox_shape=32, max_bbox_delta=8, min_margin=4))
train_dataloader = dict(
    batch_size={batch}, num_workers=0, persistent_workers=False,
    dataset=dict(_delete_=True, type='InpaintingDataset', data_root='{photos}', data_prefix=dict(gt=''), pipeline=[
        dict(type='LoadImageFromFile', key='gt'), mask, dict(type='GetMaskedImage'), dict(type='PackInputs')]))
val_cfg = val_dataloader = val_evaluator = test_cfg = test_dataloader = test_evaluator = None
train_cfg = dict(_delete_=True, type='IterBasedTrainLoop', max_iters={accumulated})
optim_wrapper = dict(_delete_=True, type='OptimWrapper', optimizer=dict(type='SGD', lr=1.),
                     accumulative_counts={accumulated})
param_scheduler = []
custom_hooks = [dict(type='HashesOfWeights')]
randomness = dict(seed=0)
"""


@HOOKS.register_module()
class HashesOfWeights(Hook):
    """Writes what each process has before and after, the first one with all numbers."""

    def before_train(self, runner) -> None:
        self._write(runner, 'before')

    def after_train(self, runner) -> None:
        self._write(runner, 'after')

    def _write(self, runner, name: str) -> None:
        weights = {key: value.detach().clone() for key, value in runner.model.named_parameters()}
        content = io.BytesIO()
        torch.save(list(weights.values()), content)
        folder = Path(runner.work_dir)
        (folder / f'{name}.{runner.rank}.sha256').write_text(hashlib.sha256(content.getvalue()).hexdigest())
        if runner.rank == 0:
            torch.save({key.removeprefix('module.'): value for key, value in weights.items()}, folder / f'{name}.pt')


def train(folder: Path, processes: int, batch: int, dtype: torch.dtype, accumulated: int = 1) -> dict:
    """Train for a step; returns it, by the names of the weights, once it is sure that all processes took the same.

    Args:
        folder: With ``photos``.
        processes: How many. batch: Of each. dtype: In which everything is computed.
        accumulated: Batches of which the gradients are added before the step.
    """
    work_dir = folder / f'{dtype}-{processes}x{batch}x{accumulated}'.removeprefix('torch.')
    config = work_dir.with_suffix('.py')
    config.write_text(CONFIG.format(root=HERE.parents[1], photos=folder / 'photos', batch=batch,
                                    accumulated=accumulated))
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = probe.getsockname()[1]
    children = [_fork(['train', str(config), '--work-dir', str(work_dir), '--launcher', 'pytorch'], dtype, dict(
        RANK=rank, LOCAL_RANK=rank, WORLD_SIZE=processes, MASTER_ADDR='127.0.0.1', MASTER_PORT=port),
        work_dir.with_suffix(f'.{rank}.log')) for rank in range(processes)]
    for rank, child in enumerate(children):
        if os.waitpid(child, 0)[1]:
            raise RuntimeError(work_dir.with_suffix(f'.{rank}.log').read_text()[-5000:])
    for name in ('before', 'after'):
        hashes = {path.read_text() for path in work_dir.glob(f'{name}.*.sha256')}
        if len(hashes) != 1:
            raise AssertionError(f'{processes} processes have {len(hashes)} different weights {name} the step')
    before, after = (torch.load(work_dir / f'{name}.pt') for name in ('before', 'after'))
    return {key: after[key] - before[key] for key in before}


def _fork(argv: list[str], dtype: torch.dtype, environment: dict, log: Path) -> int:
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1), os.dup2(output, 2)
        os.environ.update({key: str(value) for key, value in environment.items()})
        torch.set_default_dtype(dtype)
        status = cli.main(argv)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush(), sys.stderr.flush()
        os._exit(status)


def difference(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> float:
    """Largest difference of two steps, relative to the largest entry of its weight's step; 0 if they are the same."""
    return max(float((one[key] - other[key]).abs().max() / one[key].abs().max()) for key in one)


def measure(folder: Path) -> dict[str, float]:
    """All differences, by what is compared."""
    (folder / 'photos').mkdir()
    rng = np.random.default_rng(0)
    for number in range(4):
        photo = cv2.resize(rng.integers(0, 256, (5, 5, 3), dtype=np.uint8), (64, 64), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(folder / f'photos/{number}.png'), photo)
    found = {}
    for dtype in (torch.float64, torch.float32):
        steps = {processes: train(folder, processes, 4 // processes, dtype) for processes in (1, 2, 4)}
        for one, other in itertools.combinations(steps, 2):
            found[f'{one} and {other} processes, {dtype}'] = difference(steps[one], steps[other])
    found['2 processes of one photo and 2 photos one after the other, torch.float32'] = difference(
        train(folder, 2, 1, torch.float32), train(folder, 1, 1, torch.float32, accumulated=2))
    return found


if __name__ == '__main__':
    torch.set_num_threads(1)
    os.environ['CUDA_VISIBLE_DEVICES'] = ''
    mmengine.runner.runner.collect_env = dict  # asks compilers for their versions, which takes longer than a training
    with tempfile.TemporaryDirectory() as place, contextlib.chdir(place):
        json.dump(measure(Path(place)), sys.stdout, indent=1)
