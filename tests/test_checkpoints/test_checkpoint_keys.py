"""Names of weights: exact round trips, the names that MMPretrain's models have, and the same logits under both."""
from pathlib import Path

import mmpretrain
import pytest
import torch
import torchvision
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmpretrain.registry import MODELS
from torch import nn

import mmpconv
from mmpconv.checkpoints import CheckpointError
from mmpconv.checkpoints.padding_keys import ARCHITECTURES, CheckpointKeysError, to_mmpretrain, to_torchvision

OURS = Path(__file__).parents[2] / 'configs/partial_padding/imagenet'
THEIRS = Path(mmpretrain.__file__).parent / '.mim/configs/_base_/models'


def skip_initialisation(monkeypatch):
    """Layers are made with whatever lies in memory: weights are loaded later, or only their names matter."""
    for layer in (nn.Linear, nn.modules.conv._ConvNd):
        monkeypatch.setattr(layer, 'reset_parameters', lambda self: None)


def torchvision_weights(name):
    """Names and shapes; no numbers."""
    with torch.device('meta'):
        return getattr(torchvision.models, name)().state_dict()


def mmpretrain_model(path):
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        return MODELS.build(Config.fromfile(path).model)


def same(given, expected):
    """The same tensors under the same names in the same order."""
    return list(given) == list(expected) and all(given[key] is expected[key] for key in expected)


@pytest.mark.parametrize('name', ARCHITECTURES)
def test_names_are_those_of_mmpretrains_model_and_the_round_trip_is_exact(name, monkeypatch):
    skip_initialisation(monkeypatch)
    theirs = torchvision_weights(name)
    ours = to_mmpretrain(theirs)
    model = mmpretrain_model(THEIRS / f'{name.replace("_", "")}.py').state_dict()
    assert list(ours) == list(model)
    assert [value.shape for value in ours.values()] == [value.shape for value in model.values()]
    assert same(to_torchvision(ours), theirs)
    assert same(to_mmpretrain(to_torchvision(model)), model)


def trained(model):
    """BatchNorm and biases as after training: a mistaken name would show in the logits."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            for value in (module.weight, module.running_var):
                nn.init.uniform_(value, .5, 2)
            for value in (module.bias, module.running_mean):
                nn.init.normal_(value, std=.1)
        elif getattr(module, 'bias', None) is not None:
            nn.init.normal_(module.bias, std=.1)
    return model.eval()


@pytest.mark.parametrize('padding', ['zero', 'partial', 'reflect', 'replicate'])
@pytest.mark.parametrize('name, size', [('resnet50', 64), ('resnet152', 64), ('vgg16_bn', 224), ('vgg19_bn', 224)])
def test_both_forms_compute_the_same_logits(name, size, padding, monkeypatch):
    theirs = trained(getattr(torchvision.models, name)())
    if padding != 'zero':
        mmpconv.convert_padding(theirs, padding)
    skip_initialisation(monkeypatch)
    ours = mmpretrain_model(OURS / f'{name.replace("_", "")}-{padding}_8xb24_in1k.py').eval()
    ours.load_state_dict(to_mmpretrain(theirs.state_dict()), assign=True)
    image = torch.randn(1, 3, size, size)
    with torch.inference_mode():
        logits, expected = ours.head(ours.extract_feat(image)), theirs(image)
    assert expected.std() > .01
    assert torch.equal(logits, expected)


@pytest.mark.parametrize('name, wrap', [
    ('resnet18', lambda key: f'module.{key}'), ('vgg16_bn', lambda key: f'module.{key}'),
    ('vgg16_bn', lambda key: key.replace('features.', 'features.module.')),
], ids=['DataParallel', 'DistributedDataParallel', 'DataParallel of the features'])
def test_the_names_of_parallel_models_are_known(name, wrap):
    weights = torchvision_weights(name)
    wrapped = {wrap(key): value for key, value in weights.items()}
    wrapped[wrap('features.0.weight_maskUpdater')] = torch.ones(1, 1, 3, 3)
    assert set(wrapped) != set(weights)
    assert same(to_mmpretrain(wrapped), to_mmpretrain(weights))
    assert same(to_torchvision({f'module.{key}': value for key, value in to_mmpretrain(weights).items()}), weights)


def test_counts_of_batches_stay_and_may_be_absent():
    weights = {key: torch.tensor(7) for key in torchvision_weights('resnet50')}
    assert to_mmpretrain(weights)['backbone.layer1.0.bn3.num_batches_tracked'] == 7
    old = {key: value for key, value in weights.items() if 'num_batches' not in key}
    assert len(old) == len(weights) - 53
    assert same(to_torchvision(to_mmpretrain(old)), old)


def test_statistics_of_the_data_preprocessor_are_left_out():
    weights = torchvision_weights('resnet18')
    ours = {'data_preprocessor.mean': torch.zeros(3, 1, 1), **to_mmpretrain(weights)}
    assert same(to_torchvision(ours), weights)


RESNET = torchvision_weights('resnet18')
VGG = torchvision_weights('vgg11')


@pytest.mark.parametrize('convert, weights, message', [
    (to_mmpretrain, {}, 'given are none at all, accepted the weights of resnet18, resnet34'),
    (to_mmpretrain, {'epoch': 3, 'model': 4}, "no name is one of torchvision's: given are epoch, model, accepted"),
    (to_torchvision, {1: 2}, "no name is one of MMPretrain's: given are 1, accepted"),
    (to_mmpretrain, to_mmpretrain(RESNET), "already, such as backbone.conv1.weight.* 119 more; .* to torchvision's"),
    (to_torchvision, VGG, "already, such as features.0.weight.*, convert to mmpretrain"),
    (to_mmpretrain, {**RESNET, 'fc2.weight': 1}, "nearest to torchvision's resnet18, but unknown fc2.weight; accepted"),
    (to_mmpretrain, {**VGG, 'features.1.bias': 1}, 'vgg11, but unknown features.1.bias'),
    (to_mmpretrain, {key: VGG[key] for key in VGG if '6' not in key},
     'vgg11, but missing features.6.weight, features.6.bias, features.16.weight and 3 more'),
    (to_torchvision, {**to_mmpretrain(VGG), 'backbone.features.0.bn.weight': 1},
     "MMPretrain's vgg11, but unknown backbone.features.0.bn.weight"),
])
def test_other_weights_are_refused_by_name(convert, weights, message):
    with pytest.raises(CheckpointKeysError, match=message) as refusal:
        convert(weights)
    assert isinstance(refusal.value, (CheckpointError, ValueError))
