"""The tools run MMPretrain's and MMSegmentation's configs as they run ours."""
import json

import cv2
import numpy as np
import pytest

MMPRETRAIN = """
_base_ = 'mmpretrain::resnet/resnet18_8xb16_cifar10.py'
data = dict(batch_size=2, num_workers=0, persistent_workers=False, dataset=dict(
    _delete_=True, type='CustomDataset', data_root='classes',
    pipeline=[dict(type='LoadImageFromFile'), dict(type='PackInputs')]))
train_dataloader = val_dataloader = test_dataloader = data
model = dict(backbone=dict(base_channels=4, stem_channels=4), head=dict(in_channels=32, num_classes=2))
data_preprocessor = dict(num_classes=2)
train_cfg = dict(max_epochs=1)
default_hooks = dict(logger=dict(interval=1))
"""

MMSEG = """
_base_ = ['mmseg::_base_/models/fcn_unet_s5-d16.py', 'mmseg::_base_/default_runtime.py',
          'mmseg::_base_/schedules/schedule_20k.py']
preprocessor = dict(size=(32, 32))
model = dict(data_preprocessor=preprocessor, backbone=dict(base_channels=4), decode_head=dict(
    in_channels=4, channels=4), auxiliary_head=dict(in_channels=8, channels=4), test_cfg=dict(
        _delete_=True, mode='whole'))
pipeline = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations'), dict(type='PackSegInputs')]
dataset = dict(type='BaseSegDataset', data_root='segmentation', img_suffix='.png', pipeline=pipeline,
               data_prefix=dict(img_path='images', seg_map_path='maps'),
               metainfo=dict(classes=('dark', 'bright'), palette=[[0, 0, 0], [255, 255, 255]]))
train_dataloader = dict(
    batch_size=2, num_workers=0, sampler=dict(type='InfiniteSampler'), dataset=dataset)
val_dataloader = test_dataloader = dict(
    batch_size=1, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=False), dataset=dataset)
val_evaluator = test_evaluator = dict(type='IoUMetric')
train_cfg = dict(max_iters=2, val_interval=2)
default_hooks = dict(logger=dict(interval=1), checkpoint=dict(interval=2))
"""


@pytest.fixture(scope='module')
def images(folder):
    """Dark and bright images, as two classes and as segmentation maps."""
    draw = np.random.default_rng(0)
    for place in ('classes/dark', 'classes/bright', 'segmentation/images', 'segmentation/maps'):
        (folder / place).mkdir(parents=True)
    for number in range(4):
        bright = number % 2
        image = draw.integers(128 * bright, 128 + 127 * bright, (32, 32, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / 'classes' / ('dark', 'bright')[bright] / f'{number}.png'), image)
        cv2.imwrite(str(folder / f'segmentation/images/{number}.png'), image)
        cv2.imwrite(str(folder / f'segmentation/maps/{number}.png'), np.full((32, 32), bright, np.uint8))


@pytest.mark.parametrize('name, config, checkpoint, metric', [
    ('resnet', MMPRETRAIN, 'epoch_1.pth', 'accuracy/top1'),
    ('unet', MMSEG, 'iter_2.pth', 'mIoU'),
], ids=['mmpretrain', 'mmseg'])
def test_a_config_of_another_library_trains_and_its_checkpoint_tests(folder, run, images, name, config,
                                                                     checkpoint, metric):
    (folder / f'{name}.py').write_text(config)
    log = run('train.py', f'{name}.py', '--amp')
    assert 'loss: ' in log
    run('test.py', f'{name}.py', f'work_dirs/{name}/{checkpoint}', '--out', f'{name}.json')
    assert 0 <= json.loads((folder / f'{name}.json').read_text())[metric] <= 100
