"""``compile = dict(...)`` in a config, which is MMEngine's, compiles our training step."""
import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner
from PIL import Image
from torch._dynamo.utils import counters

import mmpconv.registry  # noqa: F401


def losses(work_dir, photos, **changes):
    """Losses of three iterations of a small network."""
    mask = dict(type='LoadMask', mask_mode='bbox', mask_config=dict(
        max_bbox_shape=(12, 12), max_bbox_delta=4, min_margin=2, img_shape=(32, 32)))
    pipeline = [dict(type='LoadImageFromFile', key='gt'), mask, dict(type='GetMaskedImage'), dict(type='PackInputs')]
    runner = Runner.from_cfg(Config(dict(
        default_scope='mmpconv', work_dir=str(work_dir), experiment_name=work_dir.name, randomness=dict(seed=0),
        model=dict(
            type='PConvInpaintor', data_preprocessor=dict(type='DataPreprocessor', mean=[127.5], std=[127.5]),
            encdec=dict(type='PConvEncoderDecoder', encoder=dict(type='PConvEncoder', num_layers=2, width=4),
                        decoder=dict(type='PConvDecoder', num_layers=2, width=4)),
            loss_l1_hole=dict(type='MaskedL1Loss')),
        train_dataloader=dict(
            batch_size=2, num_workers=0, sampler=dict(type='InfiniteSampler', shuffle=True),
            dataset=dict(type='InpaintingDataset', data_root=str(photos), data_prefix=dict(gt=''), pipeline=pipeline)),
        optim_wrapper=dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=0.01, fused=True)),
        train_cfg=dict(type='IterBasedTrainLoop', max_iters=3), log_processor=dict(by_epoch=False),
        default_hooks=dict(checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=3)), **changes)))
    runner.train()
    return runner.message_hub.get_scalar('train/loss').data[0], runner


def test_a_compiled_run_learns_what_a_plain_one_does(tmp_path):
    (tmp_path / 'photos').mkdir()
    for i in range(4):
        Image.effect_noise((32, 32), 60 + 20 * i).convert('RGB').save(tmp_path / 'photos' / f'{i}.png')
    expected, plain = losses(tmp_path / 'plain', tmp_path / 'photos')
    torch._dynamo.reset()
    counters.clear()
    got, compiled = losses(tmp_path / 'compiled', tmp_path / 'photos', compile=dict(backend='eager'))
    assert counters['frames']['ok'] > 0
    assert got == pytest.approx(expected, rel=1e-4)
    assert compiled.model.state_dict().keys() == plain.model.state_dict().keys()
