"""``tools/compare_padding.py`` as a user runs it: on digits, interrupted and continued, and with runs that fail."""
import contextlib
import csv
import json
import os
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest
from patience import PATIENCE
from tool_runs import ROOT

from mmpconv.analysis.padding_comparison.report import table
from mmpconv.analysis.padding_comparison.run import read_scores
from mmpconv.whole_files import locked

SHORT = ['--networks', 'vgg', '--seeds', '1', '--cfg-options', 'train_cfg.max_epochs=3', 'param_scheduler.T_max=3']
RUNS = 'work_dirs/compare_padding'


@contextlib.contextmanager
def comparison(folder, *args):
    """A comparison that runs in this folder; its output goes to the file ``output`` there."""
    folder.mkdir(exist_ok=True)
    with open(folder / 'output', 'w') as output:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / 'tools/compare_padding.py'), *map(str, args)], cwd=folder, stdout=output,
            stderr=subprocess.STDOUT, env={**os.environ, 'CUDA_VISIBLE_DEVICES': '',
                 'PYTHONPATH': os.pathsep.join([str(ROOT), str(folder)])})
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(PATIENCE)


def compare(folder, *args, status=0):
    """Its output, from start to end."""
    with comparison(folder, *args) as process:
        process.wait(PATIENCE)
    output = (folder / 'output').read_text()
    assert process.returncode == status, output
    return output


def wait_for(condition, process):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.slow
def test_an_interrupted_comparison_continues_to_the_scores_of_one_that_was_not(tmp_path):
    whole, stopped = tmp_path / 'whole', tmp_path / 'stopped'
    partial, zero = (stopped / RUNS / f'vgg-{padding}/seed-0' for padding in ('partial', 'zero'))
    args = [*SHORT, '--jobs', 1, '--paddings', 'partial', 'zero']
    with comparison(whole, *SHORT, '--paddings', 'zero', '--jobs', 1) as reference:
        with comparison(stopped, *args) as process:
            wait_for(lambda: read_scores(zero, 'accuracy/top1'), process)
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE) == 130
        output = (stopped / 'output').read_text()
        assert 'digits written to data/digits\n2 runs in work_dirs/compare_padding: 0 are finished, 2 are' in output
        assert output.endswith('interrupted: 1 of 2 runs are finished; the same command continues\n')
        with locked(stopped / RUNS, 'nobody'):
            pass
        assert not (zero / 'score.json').exists() and not (stopped / RUNS / 'comparison.md').exists()
        finished = (partial / 'score.json').stat().st_mtime_ns

        output = compare(stopped, *args)
        assert reference.wait(PATIENCE) == 0
    assert f'2 runs in {RUNS}: 1 are finished, 1 are left, 1 at a time\n' in output
    assert (partial / 'score.json').stat().st_mtime_ns == finished
    assert len(list(partial.glob('*/vis_data'))) == 1 and len(list(zero.glob('*/vis_data'))) == 2
    assert 'resumed epoch: ' in (zero / 'train.log').read_text()
    files = {path.name for path in (stopped / RUNS).glob('*.*') if path.is_file()} - {'.lock'}
    assert files == {'comparison.md', 'comparison.csv', 'comparison.png'}
    scores = [json.loads((folder / 'score.json').read_text()) for folder in (partial, zero)]
    assert (stopped / RUNS / 'comparison.md').read_text().startswith(table(scores))
    assert [score['padding'] for score in scores] == ['partial', 'zero']
    expected = read_scores(whole / RUNS / 'vgg-zero/seed-0', 'accuracy/top1')
    assert read_scores(zero, 'accuracy/top1') == expected and len(expected) == 3
    assert scores[1]['best'] == max(expected.values()) > 50
    lines = [(folder / RUNS / 'comparison.csv').read_text().splitlines() for folder in (stopped, whole)]
    assert lines[0][2:] == lines[1][1:]


@pytest.mark.slow
def test_a_training_that_fails_is_reported_and_the_others_run(tmp_path):
    """The toy of the other tests, and a model that does not exist in place of a padding."""
    toy = (ROOT / 'tests/test_engine/toy_config.py').read_text()
    text = f'{toy}\ntrain_cfg = dict(by_epoch=True, max_epochs=2, val_interval=1)\n' + (
        "train_dataloader['sampler'] = dict(type='DefaultSampler', shuffle=True)\n"
        "default_hooks = dict(logger=dict(type='LoggerHook', interval=1))\nlog_processor = dict(by_epoch=True)\n")
    (tmp_path / 'configs').mkdir()
    (tmp_path / 'configs/toy-zero.py').write_text(text)
    (tmp_path / 'configs/toy-partial.py').write_text(text.replace('ToyRegressor', 'NoSuchModel'))
    (tmp_path / 'toy_project.py').write_text((ROOT / 'tests/test_engine/toy_project.py').read_text())
    output = compare(tmp_path, 'configs/{network}-{padding}.py', '--networks', 'toy', '--paddings', 'partial', 'zero',
                     '--seeds', 1, '--metric', 'mean_error', '--work-dir', 'runs', '--jobs', 2, status=1)
    last = output[output.index('error: '):]
    assert last.startswith('error: 1 of 2 runs failed, so there is no table:\n  toy-partial, seed 0 failed with exit '
                           'status 1; see runs/toy-partial/seed-0/train.log (')
    assert 'NoSuchModel' in last and 'Traceback' not in output
    assert 'NoSuchModel' in (tmp_path / 'runs/toy-partial/seed-0/train.log').read_text()
    assert {path.parent.parent.name for path in tmp_path.glob('runs/*/*/score.json')} == {'toy-zero'}
    assert not (tmp_path / 'runs/comparison.md').exists()


@pytest.mark.slow
def test_a_segmentation_config_of_ones_own_is_compared_at_the_border_by_one_command(tmp_path):
    generator = np.random.default_rng(0)
    for part in ('train', 'val'):
        for name in (part, f'{part}annot'):
            (tmp_path / f'data/{name}').mkdir(parents=True)
        for number in range(2):
            cv2.imwrite(str(tmp_path / f'data/{part}/{number}.jpg'),
                        generator.integers(0, 256, (96, 128, 3), dtype=np.uint8))
            cv2.imwrite(str(tmp_path / f'data/{part}annot/{number}.png'),
                        generator.integers(0, 12, (96, 128), dtype=np.uint8))
    (tmp_path / 'mine.py').write_text(f"""
_base_ = '{ROOT}/configs/partial_padding/camvid/unet-zero_1xb8_camvid-96x96.py'
train_cfg = dict(max_iters=2, val_interval=2)
default_hooks = dict(checkpoint=dict(interval=2))
train_dataloader = dict(batch_size=2, dataset=dict(data_root='data'))
val_dataloader = dict(dataset=dict(data_root='data'))
""")
    output = compare(tmp_path, 'mine.py', '--paddings', 'zero', 'partial', '--seeds', 1, '--jobs', 1, '--further',
                     'mIoU/border8', 'mIoU/interior8')
    folder = tmp_path / 'work_dirs/compare_padding-mine'
    rows = list(csv.DictReader((folder / 'comparison.csv').open()))
    assert [(row['network'], row['padding']) for row in rows] == [('mine', 'zero'), ('mine', 'partial')]
    for row in rows:
        scores = read_scores(folder / f'mine-{row["padding"]}/seed-0', 'mIoU/border8')
        assert float(row['mIoU/border8']) == scores[2] > 0 and float(row['mIoU/interior8']) > 0
        assert float(row['last']) == read_scores(folder / f'mine-{row["padding"]}/seed-0', 'mIoU')[2]
        assert f'| mine | mIoU/border8 | {row["padding"]} | {scores[2]:.3f} |' in output
    assert ['converted to partial padding' in (folder / f'mine-{padding}/seed-0/train.log').read_text()
            for padding in ('zero', 'partial')] == [False, True]
    assert (folder / 'comparison-further.png').is_file()
