"""Several processes do together what one does alone; so does a batch in two parts.

Metrics are equal to the last digit. A step of a training cannot be: each process sums the gradients of its own samples
first, and float32's sums depend on the order.
"""
import json

import pytest
import torch
from tool_runs import NO_VALIDATION, NO_WORKERS, SMALL, STAGE1

from mmpconv.checkpoints.loading import load_from_local

# One step of plain gradient descent. No layer mixes samples, and the losses are means over samples; the usual
# ones (and the TV loss) divide by the area of the holes of a batch, which differs between its parts.
ONE_STEP = [
    *SMALL, *NO_WORKERS, *NO_VALIDATION, 'randomness.seed=0', 'default_hooks.checkpoint.interval=1',
    'optim_wrapper.optimizer.type=SGD', 'optim_wrapper.optimizer.lr=1.0',
    'model.encdec.encoder.norm_cfg=None', 'model.encdec.decoder.norm_cfg=None',
    'model.loss_tv=None', 'model.loss_l1_hole.sample_wise=True', 'model.loss_l1_valid.sample_wise=True']
BATCH_OF_4 = [*ONE_STEP, 'train_dataloader.batch_size=4', 'train_cfg.max_iters=1']
TWO_OF_2 = [*ONE_STEP, 'train_dataloader.batch_size=2', 'train_cfg.max_iters=2',
            'optim_wrapper.accumulative_counts=2']
BATCH_OF_2 = [*ONE_STEP, 'train_dataloader.batch_size=2', 'train_cfg.max_iters=1']


@pytest.fixture(scope='module')
def weights(folder, run):
    """Loads the weights of a run after an iteration; there are two runs of one process."""
    run('train.py', STAGE1, '--work-dir', 'alone', options=BATCH_OF_4)
    run('train.py', STAGE1, '--work-dir', 'accumulated', options=TWO_OF_2)
    return lambda name, iteration: load_from_local(folder / name / f'iter_{iteration}.pth')['state_dict']


def assert_same_steps(weights, other):
    """The steps, which are the gradients, agree to float32's rounding."""
    before = weights('accumulated', 1)  # no step is taken before both parts have been seen
    for key, expected in weights('alone', 1).items():
        step = expected - before[key]
        size = float(step.abs().max())
        assert size > 0, key
        torch.testing.assert_close(other[key] - before[key], step, rtol=1e-4, atol=1e-5 * size)


def test_accumulated_gradients_are_those_of_the_larger_batch(weights):
    assert_same_steps(weights, weights('accumulated', 2))


def test_two_processes_average_the_gradients_of_one(run, weights, free_port):
    """Each has half of the batch: the same photos, crops and masks."""
    log = run('dist_train.sh', STAGE1, 2, '--work-dir', 'together', PORT=free_port, options=BATCH_OF_2)
    assert 'no accelerator here: distributed backend nccl -> gloo' in log
    assert_same_steps(weights, weights('together', 1))


def test_processes_test_to_the_last_digit_as_one(folder, run, weights, free_port):
    """Five photos: one process of two gets one of them twice, three of four do, which must not count twice."""
    # The network that was trained: without normalisation.
    checkpoint, options = 'alone/iter_1.pth', [
        *SMALL, *NO_WORKERS, 'model.encdec.encoder.norm_cfg=None', 'model.encdec.decoder.norm_cfg=None']
    run('test.py', STAGE1, checkpoint, '--out', '1/metrics.json', options=options)
    for processes in (2, 4):
        run('dist_test.sh', STAGE1, checkpoint, processes, '--out', f'{processes}/metrics.json', PORT=free_port,
            options=options)
    one, two, four = (json.loads((folder / f'{processes}/metrics.json').read_text()) for processes in (1, 2, 4))
    assert one == two == four
    assert set(one) == {'MAE', 'PSNR', 'SSIM'}
    assert 0 < one['MAE'] < 100
