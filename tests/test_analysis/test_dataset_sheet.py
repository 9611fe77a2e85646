from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.config import Config
from skimage import data

from mmpconv.analysis import dataset_sheet
from mmpconv.analysis.dataset_sheet import look_at
from mmpconv.cli import main

ROOT = Path(__file__).parents[2]
DEMO = ROOT / 'configs/partial_conv/pconv_demo_1xb8_photos-128x128.py'


@pytest.fixture
def photos(tmp_path):
    for part in ('train', 'val'):
        (tmp_path / part).mkdir()
        for number in range(3):
            cv2.imwrite(str(tmp_path / part / f'photo {number}.png'),
                        data.astronaut()[60 * number:60 * number + 200, :200, ::-1])
    return tmp_path


def options(photos, *more):
    return ['--cfg-options', *(f'{split}_dataloader.dataset.data_root={photos}' for split in ('train', 'val', 'test')),
            *more]


@pytest.fixture
def config(photos):
    """The demo's; no jitter, so that the truth is known."""
    config = Config.fromfile(DEMO)
    for split in ('train', 'val', 'test'):
        dataset = config[f'{split}_dataloader'].dataset
        dataset.data_root = str(photos)
        dataset.pipeline = [step for step in dataset.pipeline if step.type not in ('ColorJitter', 'Flip')]
    return config


@pytest.mark.parametrize('channels', [None, 'RGB'])
@pytest.mark.parametrize('split', ['train', 'val'])
def test_what_is_shown_is_what_the_network_sees(config, split, channels):
    """Photos are smaller than the window, so that there is one place for it."""
    config.model.data_preprocessor.output_channel_order = channels
    sample, = look_at(config, split, 1)
    truth = cv2.resize(cv2.imread(sample.file), (128, 128))[..., ::-1]
    hole = sample.tiles['mask'][..., 0] == 255
    assert sample.file.endswith(f'{split}/photo 0.png')
    assert list(sample.tiles) == ['input', 'mask', 'truth']
    assert set(np.unique(sample.tiles['mask'])) == {0, 255}
    assert sample.hole_ratio == pytest.approx(hole.mean()) and 0.15 <= sample.hole_ratio <= 0.65
    assert np.array_equal(sample.tiles['truth'], truth)
    assert np.array_equal(sample.tiles['input'][~hole], truth[~hole])
    assert (abs(sample.tiles['input'][hole].astype(int) - 127) <= 1).all()
    seen = truth[~hole]
    assert sample.values == pytest.approx((min(seen.min() / 127.5 - 1, 0), seen.max() / 127.5 - 1))
    assert sample.caption == ['photo 0.png', f'hole {hole.mean():.1%}, 128x128, {sample.values[0]:.2f} to '
                              f'{sample.values[1]:.2f}']


def test_holes_are_drawn_from_the_seed_of_the_config(config):
    def masks():
        return np.stack([sample.tiles['mask'] for sample in look_at(config, 'train', 3)])

    first = masks()
    np.random.seed(5)
    assert np.array_equal(masks(), first)
    assert not np.array_equal(first[0], first[1])
    config.randomness = dict(seed=1)
    assert not np.array_equal(masks(), first)


def test_several_loaders_and_data_without_holes_are_shown_too(config):
    """As of MMagic's super resolution: inputs and a larger truth."""
    config.val_dataloader.dataset = dict(
        type='BasicImageDataset', data_root=config.val_dataloader.dataset.data_root, data_prefix=dict(gt='val'),
        pipeline=[dict(type='LoadImageFromFile', key='gt'), dict(type='CopyValues', src_keys=['gt'], dst_keys=['img']),
                  dict(type='Resize', keys=['img'], scale=(50, 50)), dict(type='PackInputs')])
    config.val_dataloader = [config.val_dataloader, config.test_dataloader]
    shown = look_at(config, 'val', 6)
    assert [list(sample.tiles) for sample in shown] == [['input', 'truth']] * 3 + [['input', 'mask', 'truth']] * 3
    assert shown[0].hole_ratio is None and shown[0].caption[1].startswith('50x50, ')
    assert [shown[0].tiles[name].shape[0] for name in ('input', 'truth')] == [50, 200]


def test_the_tool_writes_a_sheet_and_says_what_is_on_it(photos, tmp_path, capsys):
    out = tmp_path / 'new/sheet.png'
    main(['browse', str(DEMO), '--split', 'val', '--count', '2', '-o', str(out), *options(photos)])
    sheet = cv2.imread(str(out))
    assert sheet.shape[1] == 2 * 3 * (128 + 6)
    truth = cv2.resize(cv2.imread(str(photos / 'val/photo 2.png')), (128, 128))
    assert np.array_equal(sheet[16:144, 5 * 134 + 3:6 * 134 - 3], truth)
    first, second, last = capsys.readouterr().out.splitlines()[-3:]
    assert first.endswith('val/photo 0.png') and second.endswith('val/photo 2.png') and last == f'picture: {out}'
    assert second.startswith('hole ')


@pytest.mark.parametrize('argv, message', [
    (['nowhere.py'], 'there is no config file nowhere.py'), ([DEMO, '--count', 0], '--count is 0'),
    ([DEMO, '-o', 'sheet'], 'end it in .png'),
    ([DEMO, '--cfg-options', 'train_dataloader.dataset.data_root=/nowhere'], 'there is no folder /nowhere'),
    ([DEMO, '--split', 'val', '--cfg-options', 'val_dataloader=None'], 'has no val_dataloader'),
    ([DEMO, '--cfg-options', 'model.data_preprocessor=None'], 'has no model.data_preprocessor'),
])
def test_what_cannot_be_shown_is_told(argv, message):
    with pytest.raises(SystemExit, match='^error: ') as ending:
        main(['browse', *map(str, argv)])
    assert message in ending.value.code


def test_models_of_other_kinds_are_refused(photos, config):
    config.model.data_preprocessor = dict(type='mmengine.ImgDataPreprocessor')
    with pytest.raises(dataset_sheet.LaunchError, match='ImgDataPreprocessor gives inputs of'):
        look_at(config, 'val', 1)
