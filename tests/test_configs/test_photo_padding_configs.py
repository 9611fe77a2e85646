"""The configs of photos and of CamVid: networks that differ in nothing but their padding, and that train."""
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from torch import nn

from mmpconv import PartialConv2d
from mmpconv.analysis.padding_comparison.plan import READY
from mmpconv.configs import load_config
from mmpconv.engine.launch import build_runner

ROOT = Path(__file__).parents[2]
# Padded convolutions of each network, as its config says.
NETWORKS = {'photos64': dict(resnet18=17, vgg11=8), 'camvid': dict(deeplabv3plus_r18=None, unet=None)}
LEAVES = [(name, network, padding) for name in NETWORKS for network in NETWORKS[name]
          for padding in READY[name].paddings]


def path_of(name, network, padding):
    return ROOT / READY[name].template.format(network=network, padding=padding)


def build(name, network, padding):
    torch.manual_seed(0)
    config = load_config(str(path_of(name, network, padding)))
    with DefaultScope.overwrite_default_scope(config.get('default_scope', 'mmpretrain')):
        model = MODELS.build({**({'data_preprocessor': config.data_preprocessor} if name == 'photos64' else {}),
                              **config.model})
        model.init_weights()
    return model


def padded(model):
    return [module for module in model.modules() if isinstance(module, nn.Conv2d) and any(module.padding)]


@pytest.mark.parametrize('name', NETWORKS)
def test_the_ready_comparison_names_all_configs(name):
    folder = path_of(name, 'x', 'y').parent
    assert {*folder.glob('*.py')} == {path_of(*leaf) for leaf in LEAVES if leaf[0] == name}
    assert tuple(NETWORKS[name]) == READY[name].networks


@pytest.mark.parametrize('name, network, padding', LEAVES)
def test_every_padded_convolution_has_the_padding_of_the_name_and_nothing_else_differs(name, network, padding):
    model, zero = build(name, network, padding), build(name, network, 'zero')
    convolutions = padded(model)
    count = NETWORKS[name][network]
    if count:
        assert len(convolutions) == count
        assert f'{count} padded convolutions' in path_of(name, network, 'zero').read_text()
    assert len(convolutions) == len(padded(zero)) > 7
    assert {isinstance(module, PartialConv2d) for module in convolutions} == {padding == 'partial'}
    assert {module.padding_mode for module in convolutions} == {
        padding if padding in ('reflect', 'replicate') else 'zeros'}
    weights, expected = model.state_dict(), zero.state_dict()
    assert weights.keys() == expected.keys()
    assert all(torch.equal(weights[key], value) for key, value in expected.items())
    own, base = (Config.fromfile(path_of(name, network, which)).to_dict() for which in (padding, 'zero'))
    for config in (own, base):
        config.pop('model')
        config.pop('custom_imports', None)
    assert own == base


def write_photos(folder):
    generator = np.random.default_rng(0)
    for part in ('train', 'val'):
        for number in range(3):
            (folder / part / f'class{number}').mkdir(parents=True)
            for photo in range(2):
                cv2.imwrite(str(folder / part / f'class{number}/{photo}.jpg'),
                            generator.integers(0, 256, (70, 90 + number, 3), dtype=np.uint8))


def write_frames(folder, size=(160, 120)):
    """Two frames a part whose labels are stripes, with a stripe of none (11)."""
    width, height = size
    generator = np.random.default_rng(0)
    for part in ('train', 'val'):
        (folder / part).mkdir(parents=True)
        (folder / f'{part}annot').mkdir()
        for number in range(2):
            cv2.imwrite(str(folder / part / f'{number}.jpg'),
                        generator.integers(0, 256, (height, width, 3), dtype=np.uint8))
            label = np.repeat(np.arange(height, dtype=np.uint8)[:, None] * 12 // height, width, 1)
            cv2.imwrite(str(folder / f'{part}annot/{number}.png'), label)


@pytest.mark.parametrize('name, network, padding', [
    ('photos64', 'resnet18', 'partial'), ('photos64', 'vgg11', 'reflect'), ('camvid', 'deeplabv3plus_r18', 'partial'),
    ('camvid', 'unet', 'partial')])
def test_training_reaches_every_parameter_and_validation_runs(name, network, padding, tmp_path, monkeypatch):
    (write_photos if name == 'photos64' else write_frames)(tmp_path / 'data')
    monkeypatch.setenv('PHOTOS64' if name == 'photos64' else 'CAMVID', str(tmp_path / 'data'))
    config = load_config(str(path_of(name, network, padding)))
    length = dict(max_epochs=1, val_interval=1) if name == 'photos64' else dict(max_iters=2, val_interval=2)
    config.merge_from_dict(dict(work_dir=str(tmp_path / 'run'), train_cfg=length,
                                train_dataloader=dict(batch_size=2), val_dataloader=dict(batch_size=1)))
    with DefaultScope.overwrite_default_scope(config.get('default_scope')):
        runner = build_runner(config)
        before = {key: value.clone() for key, value in runner.model.named_parameters()}
        runner.train()
        found = runner.val()
    # Two steps: the first leaves what lies behind a BatchNorm that starts at zero.
    changed = [key for key, value in runner.model.named_parameters() if not torch.equal(value, before[key])]
    assert len(changed) == len(before)
    expected = {READY[name].metric, *READY[name].further}
    assert expected <= set(found) and all(0 <= found[key] <= 100 for key in expected)
