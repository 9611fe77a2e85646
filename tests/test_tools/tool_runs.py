"""Configs, options and logs of the runs that the tests of the tools start."""
import json
from pathlib import Path

ROOT = Path(__file__).parents[2]
STAGE1 = ROOT / 'configs/partial_conv/pconv_stage1_8xb12_places-256x256.py'
STAGE2 = ROOT / 'configs/partial_conv/pconv_stage2_4xb2_places-256x256.py'

# A narrow network, and no VGG to download.
SMALL = ['model.encdec.encoder.width=4', 'model.encdec.decoder.width=4', 'model.loss_composed_percep=None',
         'model.loss_out_percep=False', 'train_dataloader.batch_size=2', 'default_hooks.logger.interval=1',
         'default_hooks.checkpoint.interval=3', 'log_processor.window_size=1']
# What a short run can do without.
NO_VALIDATION = ['val_cfg=None', 'val_dataloader=None', 'val_evaluator=None']
NO_WORKERS = [f'{loader}_dataloader.num_workers=0' for loader in ('train', 'test')]


def logged(work_dir, key='loss'):
    """The values that a work dir's runs logged, by iteration."""
    values = {}
    for file in sorted(Path(work_dir).glob('*/vis_data/scalars.json')):
        for line in map(json.loads, file.read_text().splitlines()):
            if key in line and 'iter' in line:
                values[line['iter']] = line[key]
    return values
