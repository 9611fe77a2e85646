"""Configs, runs and logs for the tests of ``tools/compare_padding.py``; nothing is trained."""
import json
import zlib

from mmpconv.analysis.padding_comparison.run import Run

CONFIG = """
default_scope = 'mmengine'
model = dict(type='Net', width=4)
train_dataloader = dict(batch_size=2)
val_dataloader = dict(batch_size=1)
val_evaluator = dict(type='Score')
optim_wrapper = dict(type='OptimWrapper')
train_cfg = dict(by_epoch=True, max_epochs=3)
val_cfg = dict()
"""
# In place of tools/train.py: logs three scores, fails in runs that FAIL names, and waits in those that WAIT names.
TRAIN = """
import json, os, sys, time
from pathlib import Path
config = Path(sys.argv[1])
folder = Path(sys.argv[sys.argv.index('--work-dir') + 1])
seed = int(sys.argv[-1].removeprefix('randomness.seed='))
run = f'{config.stem}-{seed}'
if run in os.environ.get('FAIL', ''):
    print('starting\\nout of memory')
    sys.exit(7)
log = folder / '20260101_000000/vis_data/scalars.json'
log.parent.mkdir(parents=True)
with log.open('w') as lines:
    for epoch, score in enumerate((10, 30 + seed + 5 * (config.stem == 'net-partial'), 20), 1):
        lines.write(json.dumps(dict(score=score, step=epoch)) + '\\n')
if run in os.environ.get('WAIT', ''):
    lines.close()
    time.sleep(3600)
"""


def write_configs(folder, *names, text=CONFIG):
    """Configs with these names; returns the template that finds them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / f'{name}.py').write_text(text)
    return str(folder / '{network}-{padding}.py')


def make_run(root, text=CONFIG, **changes):
    """A run in ``root/runs`` of a config in ``root/configs``."""
    name = f'net-{zlib.crc32(text.encode())}'  # complete configs are remembered by their path
    write_configs(root / 'configs', name, text=text)
    settings = dict(network='net', padding='partial', seed=0, config=str(root / f'configs/{name}.py'),
                    folder=root / 'runs/net-partial/seed-0', metric='score')
    return Run(**{**settings, **changes})


def write_log(work_dir, *validations, time='20260101_000000', cut=''):
    """A log as MMEngine writes it: lines of training and validation, the last one perhaps cut off."""
    log = work_dir / time / 'vis_data/scalars.json'
    log.parent.mkdir(parents=True)
    lines = [line for values in validations
             for line in (dict(loss=0.5, score=-1, iter=values['step'] * 10, step=values['step'] * 10),
                          dict(data_time=0.1, time=0.2, **values))]
    log.write_text(''.join(f'{json.dumps(line)}\n' for line in lines) + cut)


def epochs(*scores, first=1, metric='score'):
    """Validations with these scores."""
    return [{metric: score, 'step': epoch} for epoch, score in enumerate(scores, first)]


def a_score(network, padding, seed, best, last=1.0):
    """What a finished run leaves behind."""
    return dict(network=network, padding=padding, seed=seed, metric='score', best=best, best_step=2, last=last,
                scores={}, machine='a machine', versions='versions')
