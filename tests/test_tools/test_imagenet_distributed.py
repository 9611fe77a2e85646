"""An ImageNet run of two processes validates, and keeps, one model."""
import pytest
from tool_runs import ROOT
from torch.testing import assert_close

from mmpconv.checkpoints.loading import load_from_local

CONFIG = ROOT / 'configs/partial_padding/imagenet/resnet50-partial_8xb24_in1k.py'
# One step on four photos, each whole and not mirrored.
ONE_STEP = [
    'randomness.seed=0', 'train_cfg.max_epochs=1', 'train_dataloader.dataset.indices=4',
    'train_dataloader.dataset.pipeline.1.scale=64', 'train_dataloader.dataset.pipeline.1.max_attempts=0',
    'train_dataloader.dataset.pipeline.2.prob=0.0', 'val_dataloader.batch_size=2',
    *(f'{loader}_dataloader.{key}' for loader in ('train', 'val') for key in (
        'num_workers=0', 'dataset.data_root=data/Places', 'dataset.data_prefix=data_large'))]


@pytest.mark.slow
def test_batch_statistics_are_averaged_over_processes(folder, run, free_port):
    """The mean over four photos is the mean of the means over two and two; one process has two of them."""
    for split in ('train', 'val'):
        (folder / f'data/Places/meta/{split}.txt').write_text(''.join(f'{n}.png {n}\n' for n in range(5)))
    run('train.py', CONFIG, '--work-dir', 'one', options=[*ONE_STEP, 'train_dataloader.batch_size=4'])
    run('dist_train.sh', CONFIG, 2, '--work-dir', 'two', options=[*ONE_STEP, 'train_dataloader.batch_size=2'],
        PORT=free_port)
    one, two = (load_from_local(folder / name / 'best_accuracy_top1_epoch_1.pth')['state_dict'][
        'backbone.bn1.running_mean'] for name in ('one', 'two'))
    assert one.abs().max() > .01
    assert_close(two, one, rtol=1e-4, atol=1e-6)
