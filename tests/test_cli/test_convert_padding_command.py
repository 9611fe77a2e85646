"""``mmpconv convert-padding``: what it reports, and configs that it writes."""
from pathlib import Path

import pytest
import timm
import torch
import torchvision
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from torch import nn

import mmpconv

ROOT = Path(__file__).parents[2]
CIFAR = 'mmpretrain::resnet/resnet18_8xb16_cifar10.py'
BASE = """
_base_ = 'mmpretrain::resnet/resnet18_8xb16_cifar10.py'
custom_imports = dict(imports=['mmengine.model'], allow_failed_imports=True)
model = dict(backbone=dict(base_channels=4, stem_channels=4), head=dict(in_channels=32))
load_from = 'weights.pth'
"""

TIMM = f"""
_base_ = {CIFAR!r}
model = dict(backbone=dict(_delete_=True, type='TIMMBackbone', model_name='mobilenetv3_small_050', pretrained=True))
"""
LAZY = """
from mmengine.config import read_base
from torch.nn import Conv2d
with read_base():
    from .part import *
model = dict(type=Conv2d, in_channels=1, out_channels=1, kernel_size=3, padding=1)
"""


def build(path):
    config = Config.fromfile(path)
    with DefaultScope.overwrite_default_scope(config.default_scope):
        return config, MODELS.build(config.model)


def padded(model):
    return {name for name, part in model.named_modules() if isinstance(part, mmpconv.PartialConv2d)}


def test_the_report_is_that_of_the_function(run):
    status, out, _ = run('convert-padding', 'torchvision:resnet18', '--mode', 'reflect', '--only', 'layer1', 'layer2.0')
    report = mmpconv.convert_padding(torchvision.models.resnet18(), 'reflect', ['layer1', 'layer2.0'])
    assert (status, out) == (0, f'{report}\n')


def test_the_new_config_builds_the_same_model_with_partial_padding(folder, run):
    (folder / 'configs').mkdir()
    (folder / 'configs/base.py').write_text(BASE)
    status, out, _ = run('convert-padding', 'configs/base.py', '-o', 'new/padded.py', '--skip', 'backbone.layer4*',
                         'backbone.conv1')
    assert status == 0 and out.endswith('written, and tried by building its model: new/padded.py\n')
    base, plain = build('configs/base.py')
    config, model = build('new/padded.py')
    assert config.custom_imports == dict(imports=['mmengine.model', 'mmpconv'], allow_failed_imports=True)
    assert config.load_from == 'weights.pth' and config.optim_wrapper == base.optim_wrapper
    names = {name for name, part in plain.named_modules() if isinstance(part, nn.Conv2d) and any(part.padding)}
    left_out = {name for name in names if name.startswith('backbone.layer4') or name == 'backbone.conv1'}
    assert left_out and padded(model) == names - left_out and not padded(plain)
    model.load_state_dict(plain.state_dict())
    assert out.splitlines()[0].startswith(f'{len(names - left_out)} convolutions converted to partial padding')
    image = torch.rand(1, 3, 16, 16)
    mmpconv.convert_padding(plain, exclude=['backbone.layer4*', 'backbone.conv1'])
    assert torch.equal(model.eval()(image)[0], plain.eval()(image)[0])


def test_configs_of_packages_are_inherited_by_their_names(folder, run):
    assert run('convert-padding', CIFAR, '-o', 'padded.py', '--mode', 'replicate')[0] == 0
    assert f"_base_ = '{CIFAR}'" in (folder / 'padded.py').read_text()
    model = build('padded.py')[1]
    assert {part.padding_mode for part in model.modules() if isinstance(part, nn.Conv2d) and any(part.padding)} == {
        'replicate'}


def test_weights_are_not_fetched_and_the_new_config_has_them(folder, run, monkeypatch):
    """Wrappers of timm download theirs when they are built."""
    asked, create = [], timm.create_model
    monkeypatch.setattr(timm, 'create_model', lambda *args, pretrained, **kwargs: asked.append(pretrained) or create(
        *args, pretrained=False, **kwargs))
    (folder / 'base.py').write_text(TIMM)
    status, out, _ = run('convert-padding', 'base.py', '-o', 'padded.py')
    assert status == 0 and 'backbone.timm_model.conv_stem ' in out
    assert set(asked) == {False} and Config.fromfile('padded.py').model.model.backbone.pretrained is True


def test_a_network_with_a_perceptual_loss_is_built_without_the_losses_weights(run):
    status, _, err = run('convert-padding', ROOT / 'configs/partial_conv/pconv_stage1_8xb12_places-256x256.py')
    assert status == 1 and 'nothing to convert: generator.encoder.enc1.conv (PConv) is a partial conv' in err


@pytest.mark.parametrize('arguments, words', [
    (['none.py'], 'there is no config file none.py'),
    (['torchvision:resnet17'], "torchvision has no model 'resnet17'"),
    (['torchvision:resnet18', '-o', 'a.py'], 'is no config, so that none can inherit from it'),
    (['empty.py'], 'has no model'),
    (['broken.py'], 'the model of broken.py cannot be built: KeyError'),
    (['base.py', '-o', 'a.yaml'], 'name ends in .py'),
    (['base.py', '-o', 'a.b.py'], 'name ends in .py and has no other dot'),
    (['base.py', '-o', 'base.py'], 'base.py is there already'),
    (['base.py', '--only', 'nothing'], "--only pattern 'nothing' matches no convolution"),
    (['base.py', '--skip', '*'], "--skip ['*'] leaves none of the 20 convolutions, so there is nothing to convert"),
])
def test_what_the_user_has_to_act_on_is_one_sentence(folder, run, arguments, words):
    (folder / 'base.py').write_text(BASE)
    (folder / 'empty.py').write_text('a = 1')
    (folder / 'broken.py').write_text("model = dict(type='NoSuchModel')")
    status, _, err = run('convert-padding', *arguments)
    assert status == 1 and err.startswith('error: ') and err.count('\n') == 1 and words in err
    assert {path.name for path in folder.glob('*.*')} == {'base.py', 'empty.py', 'broken.py'}


def test_a_config_that_none_can_inherit_from_gets_the_hook_as_advice(folder, run):
    (folder / 'lazy.py').write_text(LAZY)
    (folder / 'part.py').write_text('a = 1\n')
    status, out, err = run('convert-padding', 'lazy.py', '-o', 'padded.py')
    assert status == 1 and out.startswith('1 convolution converted') and 'a config cannot inherit from lazy.py' in err
    assert "custom_hooks = [dict(type='mmpconv.ConvertPaddingHook', mode='partial')]" in err
    assert not (folder / 'padded.py').exists()
