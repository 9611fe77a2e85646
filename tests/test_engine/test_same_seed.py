"""Two trainings with one seed are one training: photos, crops, holes, first weights and all arithmetic."""
from pathlib import Path

import cv2
import pytest
import skimage.data

from mmpconv.cli import main

BASE = Path(__file__).parents[2] / 'configs/oriented_unet/oriented-unet_1xb8_photos-128x128.py'
CONFIG = """
_base_ = {base!r}
model = dict(encdec=dict(widths=(4, 6), blocks=(0, 1)))
train_dataloader = dict(batch_size=2, dataset=dict(data_root={photos!r}, data_prefix=dict(gt='')))
val_cfg = val_dataloader = val_evaluator = test_cfg = test_dataloader = test_evaluator = None
train_cfg = dict(max_iters=6)
default_hooks = dict(checkpoint=dict(interval=6))
custom_hooks = [dict(type='UnreadableImagesHook'), dict(type='LossCsvHook', interval=1)]
"""


@pytest.fixture
def config(tmp_path):
    (tmp_path / 'photos').mkdir()
    for name in ('astronaut', 'chelsea', 'coffee'):
        photo = cv2.resize(getattr(skimage.data, name)(), (200, 160), interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(tmp_path / f'photos/{name}.png'), photo)
    path = tmp_path / 'small.py'
    path.write_text(CONFIG.format(base=str(BASE), photos=str(tmp_path / 'photos')))
    return path


def losses(config, name, seed):
    work_dir = config.parent / name
    assert main(['train', str(config), '--work-dir', str(work_dir), '--cfg-options', f'randomness.seed={seed}']) == 0
    return (work_dir / 'losses.csv').read_text()


@pytest.mark.slow
def test_two_runs_with_one_seed_have_the_same_losses_to_the_last_digit(config):
    first = losses(config, 'first', 0)
    assert len(first.splitlines()) == 7
    assert losses(config, 'second', 0) == first
    assert losses(config, 'other', 1) != first
