"""VGG is no part of the model: not of its parameters, nor of its checkpoints, in whatever is done to it."""
import copy
import pickle

import pytest
import torch
from mmengine.model import BaseModule
from mmengine.runner.checkpoint import load_state_dict
from torch import nn

from mmpconv.models.losses import PerceptualStyleLoss


@pytest.fixture
def model(vgg_file):
    model = BaseModule()
    model.generator = nn.Conv2d(3, 3, 1)
    model.loss_percep = PerceptualStyleLoss(pretrained=vgg_file)
    model.init_weights()
    return model


@pytest.fixture
def mmagic_state(mmagic_loss):
    """As of a checkpoint by MMagic, with one network for both terms or two."""
    peer = nn.Module()
    peer.generator = nn.Conv2d(3, 3, 1)
    peer.loss_percep = mmagic_loss(layer_weights={'16': 1.}, layer_weights_style={'4': 1.})
    return peer.state_dict()


def test_vgg_is_neither_in_the_state_dict_nor_among_the_parameters(model, photos):
    model.loss_percep.out_and_composed(*photos)
    assert set(model.state_dict()) == {'generator.weight', 'generator.bias'}
    assert len(list(model.parameters())) == 2
    assert not list(model.loss_percep.buffers())
    assert len(list(model.loss_percep.modules())) == 1


def test_vgg_in_a_loaded_checkpoint_is_dropped_silently(model, mmagic_state):
    keys = set(mmagic_state)
    assert {'loss_percep.vgg.vgg_layers.0.weight', 'loss_percep.vgg.mean',
            'loss_percep.vgg_style.vgg_layers.0.weight'} <= keys
    before = model.loss_percep.get_vgg().layers[0].weight.clone()
    for strict in (True, False):
        result = model.load_state_dict(mmagic_state, strict=strict)
        assert not result.missing_keys
        assert not result.unexpected_keys
    assert torch.equal(model.generator.weight, mmagic_state['generator.weight'])
    assert torch.equal(model.loss_percep.get_vgg().layers[0].weight, before)
    load_state_dict(model, mmagic_state, strict=True)  # MMEngine's own, which the runner uses
    assert set(mmagic_state) == keys


def test_keys_of_the_loss_that_nobody_knows_are_still_reported(model, mmagic_state):
    mmagic_state['loss_percep.foo'] = torch.zeros(1)
    assert model.load_state_dict(mmagic_state, strict=False).unexpected_keys == ['loss_percep.foo']


@pytest.mark.parametrize('duplicate', [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))],
                         ids=['deepcopy', 'pickle'])
def test_copies_give_the_same_loss_with_a_vgg_of_their_own(model, photos, duplicate):
    twin = duplicate(model)
    assert twin.loss_percep.get_vgg() is not model.loss_percep.get_vgg()
    assert twin.loss_percep(*photos[:2]) == model.loss_percep(*photos[:2])
    assert set(twin.state_dict()) == set(model.state_dict())


def test_vgg_stays_frozen_in_training_mode(model, photos):
    model.train()
    model.requires_grad_(True)
    vgg = model.loss_percep.get_vgg()
    out = photos[0].clone().requires_grad_()
    sum(model.loss_percep(out, photos[2])).backward()
    assert not any(module.training for module in vgg.modules())
    assert not any(p.requires_grad or p.grad is not None for p in vgg.parameters())


def test_vgg_follows_the_dtype_of_the_images_and_back(model, photos):
    before = model.loss_percep(*photos[:2])
    model.double()
    exact = model.loss_percep(*(x.double() for x in photos[:2]))
    assert exact[0].dtype == torch.float64
    torch.testing.assert_close(exact[0].float(), before[0])
    assert model.half().loss_percep(*photos[:2]) == before


@pytest.mark.skipif(not torch.cuda.is_available(), reason='there is no GPU')
def test_vgg_follows_the_images_to_the_gpu(model, photos):
    before = model.loss_percep.out_and_composed(*photos)
    after = model.loss_percep.out_and_composed(*(x.cuda() for x in photos))
    for name, value in after.items():
        assert value.item() == pytest.approx(before[name].item(), rel=1e-2)  # TF32
