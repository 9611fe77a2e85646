"""Metrics by hole ratio through the tools: two processes report what one does, to the last digit."""
import csv
import json
import math

import pytest
import torch
from mmengine.config import Config
from tool_runs import NO_WORKERS, ROOT, SMALL
from torchvision.models import squeezenet1_1

from mmpconv.registry import MODELS

CONFIG = ROOT / 'configs/partial_conv/test/pconv_stage2-bins_4xb2_places-256x256.py'


@pytest.fixture(scope='module')
def checkpoint(folder):
    torch.manual_seed(0)
    config = Config.fromfile(CONFIG)
    config.merge_from_dict(dict(model=dict(
        encdec=dict(encoder=dict(width=4), decoder=dict(width=4)), loss_composed_percep=None, loss_out_percep=False)))
    torch.save(dict(state_dict=MODELS.build(config.model).state_dict()), folder / 'small.pth')
    return 'small.pth'


@pytest.fixture(scope='module')
def options(folder):
    torch.manual_seed(0)
    torch.save(squeezenet1_1(weights=None).state_dict(), folder / 'squeezenet.pth')
    return [*SMALL, *NO_WORKERS, 'test_evaluator.0.metric=[l1,l1_hole,psnr,ssim,lpips]',
            f'test_evaluator.0.lpips.backbone={folder}/squeezenet.pth', 'test_evaluator.0.lpips.net=squeeze']


def scores_of_images(work_dir):
    path, = work_dir.glob('*/per_image.csv')
    return path.read_bytes()


@pytest.mark.slow
def test_two_processes_report_and_write_what_one_does(folder, run, checkpoint, options, free_port):
    """Five photos: one process gets one of them twice, which must not count twice."""
    run('test.py', CONFIG, checkpoint, '--work-dir', 'bins/one', '--out', 'bins/one.json', options=options)
    log = run('dist_test.sh', CONFIG, checkpoint, 2, '--work-dir', 'bins/two', '--out', 'bins/two.json',
              PORT=free_port, options=options)
    assert (folder / 'bins/one.json').read_bytes() == (folder / 'bins/two.json').read_bytes()
    assert scores_of_images(folder / 'bins/one') == scores_of_images(folder / 'bins/two')
    assert log.count('metrics of each image written to') == 1

    rows = list(csv.DictReader(scores_of_images(folder / 'bins/one').decode().splitlines()))
    assert [row['name'] for row in rows] == [f'data/Places/val_large/{number}.png' for number in range(5)]
    metrics = json.loads((folder / 'bins/one.json').read_text())
    assert metrics['count'] == 5
    for name in ('l1', 'l1_hole', 'psnr', 'ssim', 'lpips'):
        assert metrics[name] == math.fsum(float(row[name]) for row in rows) / 5
        for hole_bin in {row['bin'] for row in rows} - {''}:
            values = [float(row[name]) for row in rows if row['bin'] == hole_bin]
            assert metrics[f'{hole_bin}/{name}'] == math.fsum(values) / len(values)
