"""Mixed precision of the inpaintor: the training step runs in half precision."""
from pathlib import Path

import pytest
import torch
from mmagic.structures import DataSample
from mmengine.config import Config
from mmengine.registry import DefaultScope

from mmpconv.engine import machine
from mmpconv.registry import MODELS, OPTIM_WRAPPERS

CONFIG = Path(__file__).parents[2] / 'configs/partial_conv/pconv_stage1_8xb12-amp_places-256x256.py'


@pytest.fixture
def cfg(monkeypatch):
    monkeypatch.setattr(machine, 'get_device', lambda: 'cpu')
    monkeypatch.setattr('mmengine.runner.amp.get_device', lambda: 'cpu')
    monkeypatch.setattr(machine, 'has_fast_bfloat16', lambda: True)
    cfg = Config.fromfile(CONFIG)
    cfg.merge_from_dict({
        'model.encdec.encoder.width': 4, 'model.encdec.decoder.width': 4,
        'model.encdec.encoder.norm_cfg.type': 'BN', 'model.encdec.decoder.norm_cfg.type': 'BN',
        'model.loss_composed_percep': None, 'model.loss_out_percep': False})
    with DefaultScope.overwrite_default_scope('mmpconv'):
        yield cfg


def batch(size=2):
    masks = torch.zeros(size, 1, 128, 128)
    masks[:, :, 30:90, 40:100] = 1
    photos = [torch.randint(0, 256, (3, 128, 128)) for _ in range(size)]
    return dict(inputs=photos, data_samples=[
        DataSample(gt_img=photo, mask=mask) for photo, mask in zip(photos, masks)])


@pytest.mark.parametrize('accumulative_counts', [1, 2])
def test_the_convolutions_run_in_bfloat16_and_the_weights_stay_float32(cfg, accumulative_counts):
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    wrapper = OPTIM_WRAPPERS.build(dict(
        type=cfg.optim_wrapper.type, loss_scale=cfg.optim_wrapper.loss_scale,
        optimizer=torch.optim.SGD(model.parameters(), lr=0.1),
        accumulative_counts=accumulative_counts, clip_grad=dict(max_norm=1.0)))
    wrapper.initialize_count_status(model, 0, 2)
    before = {name: value.detach().clone() for name, value in model.named_parameters()}
    seen = {}
    for name, module in model.generator.named_modules():
        if isinstance(module, torch.nn.Conv2d):
            module.register_forward_hook(lambda _, __, out, name=name: seen.update({name: out}))
    for _ in range(2):
        losses = model.train_step(batch(), wrapper)
        assert all(value.isfinite() for value in losses.values())
        assert losses['loss'].dtype == torch.float32
    assert len(seen) == 14
    for name, out in seen.items():
        assert out[0].dtype == torch.bfloat16, name
    for name, value in model.named_parameters():
        assert value.dtype == torch.float32
        assert value.isfinite().all()
        assert not torch.equal(value, before[name]), name
