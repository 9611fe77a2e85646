"""The configs of the digits: small networks that differ in nothing but the padding of their convolutions."""
import re
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmpretrain.registry import DATASETS, MODELS
from torch import nn

from mmpconv import PartialConv2d
from mmpconv.dataset_converters.digits import write_digits

ROOT = Path(__file__).parents[2]
DIGITS = ROOT / 'configs/partial_padding/digits'
NETWORKS = dict(resnet=13, vgg=4)  # padded convolutions
PADDINGS = ('zero', 'partial', 'reflect', 'replicate')

every_network = pytest.mark.parametrize('network', NETWORKS)
every_padding = pytest.mark.parametrize('padding', PADDINGS)


@pytest.fixture(autouse=True)
def mmpretrain_scope():
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        yield


def leaf(network, padding):
    return DIGITS / f'{network}-{padding}_1xb64_digits-8x8.py'


def build(network, padding):
    torch.manual_seed(0)
    config = Config.fromfile(leaf(network, padding))
    model = MODELS.build({**config.model, 'data_preprocessor': config.data_preprocessor})
    model.init_weights()
    return model


def padded(model):
    return [module for module in model.modules() if isinstance(module, nn.Conv2d) and any(module.padding)]


def test_there_is_a_config_for_each_network_and_padding():
    assert {*DIGITS.glob('*.py')} == {leaf(network, padding) for network in NETWORKS for padding in PADDINGS}


@every_network
@every_padding
def test_the_padded_convolutions_are_of_the_kind_and_number_that_name_and_readme_say(network, padding):
    convolutions = padded(build(network, padding))
    stated, = re.findall(rf'\| {network}, (\d+) padded', (DIGITS.parent / 'README.md').read_text(), re.IGNORECASE)
    assert len(convolutions) == NETWORKS[network] == int(stated)
    assert {type(module) for module in convolutions} == {PartialConv2d if padding == 'partial' else nn.Conv2d}
    assert {module.padding_mode for module in convolutions} == {
        padding if padding in ('reflect', 'replicate') else 'zeros'}


@every_network
@pytest.mark.parametrize('padding', PADDINGS[1:])
def test_nothing_but_the_padding_differs(network, padding):
    zero, other = (Config.fromfile(leaf(network, name)).to_dict() for name in ('zero', padding))
    other.pop('custom_imports', None)
    conv_cfg = other['model']['backbone'].pop('conv_cfg')
    assert set(conv_cfg) <= {'type', 'padding_mode'} and 'conv_cfg' not in zero['model']['backbone']
    assert other == zero


@every_network
@pytest.mark.parametrize('padding', PADDINGS[1:])
def test_runs_with_the_same_seed_start_from_the_same_weights(network, padding):
    weights, expected = (build(network, name).state_dict() for name in (padding, 'zero'))
    assert weights.keys() == expected.keys()
    assert all(torch.equal(weights[name], value) for name, value in expected.items())


@every_network
@every_padding
def test_padding_decides_what_comes_out_for_an_image(network, padding):
    image = torch.linspace(0, 1, 3 * 64).reshape(1, 3, 8, 8)
    outs = [build(network, name).eval()(image) for name in ('zero', padding)]
    assert outs[1].shape == (1, 10) and torch.isfinite(outs[1]).all()
    assert torch.equal(*outs) == (padding == 'zero')


def test_images_are_normalised_by_their_own_mean_and_deviation(tmp_path):
    write_digits(tmp_path / 'digits')
    config = Config.fromfile(leaf('vgg', 'zero'))
    train, val = (DATASETS.build({**loader.dataset, 'data_root': str(tmp_path / 'digits')})
                  for loader in (config.train_dataloader, config.val_dataloader))
    assert (len(train), len(val)) == (1198, 599)
    assert train.CLASSES == val.CLASSES == tuple('0123456789')
    preprocessor = MODELS.build(dict(type='ClsDataPreprocessor', **config.data_preprocessor))
    samples = [train[number] for number in range(len(train))]
    batch = preprocessor(dict(inputs=[sample['inputs'] for sample in samples],
                              data_samples=[sample['data_samples'] for sample in samples]))
    assert batch['inputs'].shape == (1198, 3, 8, 8)
    assert abs(batch['inputs'].mean().item()) < 2e-3 and abs(batch['inputs'].std().item() - 1) < 2e-3
    assert [int(sample.gt_label) for sample in batch['data_samples']] == sorted(
        int(sample.gt_label) for sample in batch['data_samples'])


def test_enough_checkpoints_are_kept_to_continue_from():
    hook = Config.fromfile(leaf('vgg', 'zero')).default_hooks.checkpoint
    assert hook.max_keep_ckpts == 2 and hook.interval == 1
