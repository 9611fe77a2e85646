from urllib.error import URLError

import pytest
import torch
from mmengine.model import BaseModule
from torchvision.models.vgg import cfgs, make_layers

from mmpconv.checkpoints import CheckpointError, UnsafeCheckpointError
from mmpconv.models.losses import PerceptualStyleLoss, VGGWeightsError, load_vgg

TAPS = ['4', '9', '16']


def saved(path, state):
    torch.save(state, path)
    return str(path)


@pytest.mark.parametrize('form', ['features.{}', '{}', 'vgg_layers.{}', 'loss_percep.vgg.vgg_layers.{}',
                                  'module.features.{}'])
@pytest.mark.parametrize('nested', [False, True])
def test_all_key_forms_are_read(tmp_path, vgg16_layers, form, nested):
    state = {form.format(key): value for key, value in vgg16_layers.state_dict().items()}
    state.update({'classifier.0.weight': torch.zeros(2, 2), 'generator.encoder.enc1.conv.weight': torch.zeros(1)})
    path = saved(tmp_path / 'vgg.pth', dict(state_dict=state, meta={}) if nested else state)
    loaded = load_vgg('vgg16', path, TAPS).layers.state_dict()
    assert loaded.keys() == vgg16_layers.state_dict().keys()
    assert all(torch.equal(loaded[key], value) for key, value in vgg16_layers.state_dict().items())


def test_weights_are_read_from_a_checkpoint_of_mmagics_loss(tmp_path, vgg16_layers, mmagic_loss):
    """With style layers of its own it holds two networks."""
    peer = torch.nn.ModuleDict({'loss_percep': mmagic_loss(
        layer_weights={'16': 1.}, layer_weights_style={'4': 1.})})
    path = saved(tmp_path / 'iter_1.pth', dict(state_dict=peer.state_dict()))
    assert 'loss_percep.vgg_style.vgg_layers.0.weight' in peer.state_dict()
    loaded = load_vgg('vgg16', path, TAPS).layers
    assert torch.equal(loaded[14].weight, vgg16_layers[14].weight)


def test_half_precision_files_are_used_in_float32(tmp_path, vgg16_layers):
    path = saved(tmp_path / 'vgg.pth', {k: v.half() for k, v in vgg16_layers.state_dict().items()})
    assert load_vgg('vgg16', path, TAPS).layers[0].weight.dtype == torch.float32


def test_torchvision_weights_are_found_in_the_cache(tmp_path, monkeypatch, vgg16_layers):
    cache = tmp_path / 'hub' / 'checkpoints'
    cache.mkdir(parents=True)
    saved(cache / 'vgg16-397923af.pth', {f'features.{k}': v for k, v in vgg16_layers.state_dict().items()})
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    for name in ('torchvision://vgg16', 'torchvision://vgg16.imagenet1k_v1'):
        assert torch.equal(load_vgg('vgg16', name, TAPS).layers[0].weight, vgg16_layers[0].weight)


@pytest.mark.parametrize('source', ['torchvision://vgg16', 'https://example.org/vgg16.pth'])
def test_no_network_is_one_error_with_both_remedies(tmp_path, monkeypatch, source):
    def no_network(*args, **kwargs):
        raise URLError('no route to host')

    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    monkeypatch.setattr(torch.hub, 'download_url_to_file', no_network)
    with pytest.raises(RuntimeError, match='no route to host') as caught:
        PerceptualStyleLoss(pretrained=source).init_weights()
    assert 'https://download.pytorch.org/models/vgg16-397923af.pth' in str(caught.value)
    assert str(tmp_path / 'hub/checkpoints') in str(caught.value)
    assert "pretrained='/path/to/vgg16-397923af.pth'" in str(caught.value)
    assert isinstance(caught.value, CheckpointError)


def test_a_missing_file_is_the_same_error_and_the_first_forward_raises_it_too(photos):
    loss = PerceptualStyleLoss(pretrained='/nowhere/vgg16.pth')
    for use in (loss.init_weights, lambda: loss(*photos[:2]), lambda: loss.out_and_composed(*photos)):
        with pytest.raises(VGGWeightsError, match="'/nowhere/vgg16.pth'.*pretrained='/path/to/vgg16-397923af.pth'"):
            use()


def test_an_incomplete_file_names_what_it_lacks_and_what_it_serves(tmp_path, vgg16_layers):
    state = vgg16_layers.state_dict()
    first = saved(tmp_path / 'first.pth', {k: v for k, v in state.items() if int(k.split('.')[0]) < 8})
    with pytest.raises(VGGWeightsError, match=r"layers 10, 12, 14 of vgg16, which tap '16' needs; "
                                              r"it serves taps '0' to '9'"):
        load_vgg('vgg16', first, TAPS)
    assert len(load_vgg('vgg16', first, ['9']).layers) == 10
    no_bias = saved(tmp_path / 'no_bias.pth', {k: v for k, v in state.items() if k != '7.bias'})
    with pytest.raises(VGGWeightsError, match="layers 7 of vgg16.*serves taps '0' to '6'"):
        load_vgg('vgg16', no_bias, TAPS)
    other = saved(tmp_path / 'other.pth', {'conv1.weight': torch.zeros(1)})
    with pytest.raises(VGGWeightsError, match='it serves no tap'):
        load_vgg('vgg16', other, TAPS)


@pytest.mark.parametrize('cfg, batch_norm', [('E', False), ('A', False), ('D', True)])
def test_weights_of_another_network_are_refused(tmp_path, cfg, batch_norm):
    """VGG-19 agrees with VGG-16 in all shapes up to tap 16; its deeper layers tell them apart."""
    with torch.device('meta'):
        other = make_layers(cfgs[cfg], batch_norm=batch_norm)
    # Of one storage, so that the file is small, which may not be unfolded too far: in small numbers.
    zeros = torch.zeros(max(v.numel() for v in other.state_dict().values()), dtype=torch.float16)
    state = {f'features.{k}': zeros[:v.numel()].view(v.shape) for k, v in other.state_dict().items()}
    with pytest.raises(VGGWeightsError, match='is not of vgg16.*set vgg_type'):
        load_vgg('vgg16', saved(tmp_path / 'other.pth', state), TAPS)


def test_not_a_state_dict_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match='holds something of type Tensor, not a checkpoint'):
        load_vgg('vgg16', saved(tmp_path / 'tensor.pth', torch.zeros(1)), TAPS)


class Hostile:

    def __init__(self, victim):
        self.victim = victim

    def __reduce__(self):
        return open, (self.victim, 'w')


def test_a_file_that_would_run_code_is_refused(tmp_path):
    victim = tmp_path / 'executed'
    path = saved(tmp_path / 'hostile.pth', {'features.0.weight': Hostile(str(victim))})
    with pytest.raises(UnsafeCheckpointError):
        load_vgg('vgg16', path, TAPS)
    assert not victim.exists()


@pytest.mark.parametrize('kwargs, message', [
    (dict(pretrained=None), "pretrained is None, but .* random filters .*'torchvision://vgg16'"),
    (dict(pretrained=''), "pretrained is '', but"),
    (dict(pretrained='torchvision://vgg19'), "'torchvision://vgg19' is not of vgg_type='vgg16'"),
    (dict(pretrained='torchvision://vgg16_bn'), "is not of vgg_type='vgg16'"),
    (dict(vgg_type='vgg19'), "'torchvision://vgg16' is not of vgg_type='vgg19'"),
    (dict(pretrained='torchvision://vgg16.imagenet1k_features'), 'normalised otherwise'),
    (dict(vgg_type='resnet18'), "vgg_type is 'resnet18' but must be one of vgg11, vgg11_bn"),
    (dict(layer_weights={'31': 1.}), "'31' names no layer of vgg16; .*'0' to '30'"),
    (dict(layer_weights={'conv1_2': 1.}), "'conv1_2' names no layer"),
    (dict(layer_weights={'-1': 1.}), "'-1' names no layer")])
def test_wrong_arguments_are_refused_at_construction(kwargs, message):
    with pytest.raises(ValueError, match=message):
        PerceptualStyleLoss(**kwargs)


def test_loading_draws_no_random_numbers(vgg_file):
    torch.manual_seed(3)
    before = torch.get_rng_state()
    PerceptualStyleLoss(pretrained=vgg_file).init_weights()
    assert torch.equal(torch.get_rng_state(), before)


def test_init_weights_of_the_model_loads_vgg_once(vgg_file, photos, monkeypatch):
    import mmpconv.models.losses.perceptual_style_loss as module
    calls = []
    monkeypatch.setattr(module, 'load_vgg', lambda *args: calls.append(1) or load_vgg(*args))
    model = BaseModule()
    model.loss_percep = PerceptualStyleLoss(pretrained=vgg_file)
    assert not calls
    model.init_weights()
    assert len(calls) == 1
    model.init_weights()
    model.loss_percep.init_weights()
    model.loss_percep.out_and_composed(*photos)
    assert len(calls) == 1
