"""The inpaintor: modes, composite, losses, and MMagic's config, model and checkpoints."""
from importlib.resources import files
from types import SimpleNamespace
from unittest import mock

import pytest
import torch
import torchvision
from mmagic_peers import build_in_mmagic, randomise
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.runner import load_checkpoint

import mmpconv
from mmpconv.layers import PConv
from mmpconv.models import PConvEncoderDecoder, PConvInpaintor
from mmpconv.models.losses import PerceptualStyleLoss
from mmpconv.registry import MODELS

assert mmpconv  # its import makes MMagic importable

from mmagic.structures import DataSample  # noqa: E402

PREPROCESSOR = dict(type='DataPreprocessor', mean=[127.5], std=[127.5])


@pytest.fixture(autouse=True)
def scope(request):
    """Lookups as in a runner with default_scope='mmpconv'."""
    with DefaultScope.overwrite_default_scope('mmpconv'):
        yield


@pytest.fixture(scope='module')
def vgg():
    """A random VGG-16, as far as the losses look."""
    torch.manual_seed(0)
    return torchvision.models.vgg.make_layers(torchvision.models.vgg.cfgs['D'])[:17]


@pytest.fixture(scope='module')
def vgg_file(vgg, tmp_path_factory):
    path = tmp_path_factory.mktemp('vgg') / 'vgg16.pth'
    torch.save({f'features.{key}': value for key, value in vgg.state_dict().items()}, path)
    return str(path)


@pytest.fixture(scope='module')
def mmagic_config():
    """Model of the second stage as MMagic configures it."""
    path = files('mmagic') / '.mim/configs/partial_conv/pconv_stage2_4xb2_places-256x256.py'
    return Config.fromfile(path).model


@pytest.fixture(scope='module')
def mmagic_model(mmagic_config, vgg):
    """MMagic's inpaintor; its loss would download VGG."""
    torch.manual_seed(0)
    with mock.patch('torchvision.models.vgg.vgg16', lambda pretrained: SimpleNamespace(features=vgg)):
        model = randomise(build_in_mmagic(mmagic_config)).eval()
    with torch.no_grad():  # to an image that is neither flat nor clipped
        model.generator.decoder.dec1.conv.weight.div_(1500)
        model.generator.decoder.dec1.conv.bias.div_(10)
    return model


def small_model(num_layers=3, **kwargs):
    config = dict(type='PConvInpaintor', data_preprocessor=PREPROCESSOR, encdec=dict(
        type='PConvEncoderDecoder', encoder=dict(type='PConvEncoder', num_layers=num_layers, width=4),
        decoder=dict(type='PConvDecoder', num_layers=num_layers, width=4)), **kwargs)
    return MODELS.build(config)


def batch(size=40, count=2):
    """What a data loader gives: photos of 0 to 255, their holes (1) grey."""
    samples, inputs = [], []
    for i in range(count):
        photo = torch.randint(0, 256, (3, size, size)).float()
        hole = torch.zeros(1, size, size)
        hole[:, size // 4:size // 2 + 3 * i, size // 5:-4] = 1
        inputs.append(photo * (1 - hole) + 127 * hole)
        samples.append(DataSample(gt_img=photo, mask=hole))
    return dict(inputs=inputs, data_samples=samples)


def prepared(model, data):
    data = model.data_preprocessor(data)
    return data['inputs'], data['data_samples']


def test_the_composite_keeps_valid_pixels_exactly():
    model = small_model().eval()
    inputs, samples = prepared(model, batch())
    output, composite = model(inputs, samples, mode='tensor')
    hole = samples.mask.bool().expand_as(inputs)
    assert torch.equal(composite[~hole], inputs[~hole])
    assert torch.equal(composite[hole], output[hole])
    assert not torch.isclose(output[~hole], inputs[~hole]).all()


def test_convention_image_level_masks_are_1_in_the_hole():
    """What the network is given is the complement."""
    model = small_model().eval()
    inputs, samples = prepared(model, batch())
    output, _ = model(inputs, samples)
    assert torch.equal(output, model.generator(inputs, 1 - samples.mask.float())[0])


@pytest.mark.parametrize('fill', [float('nan'), 1e30])
def test_what_holes_hold_has_no_effect(fill):
    model = small_model().eval()
    inputs, samples = prepared(model, batch())
    filled = inputs.masked_fill(samples.mask.bool(), fill)
    for result, expected in zip(model(filled, samples), model(inputs, samples)):
        assert torch.equal(result, expected)


def test_prediction_is_the_composite_in_0_to_255():
    model, data = small_model().eval(), batch()
    predictions = model.test_step(data)
    _, composite = model(*prepared(model, data))
    assert len(predictions) == 2
    for i, sample in enumerate(predictions):
        torch.testing.assert_close(sample.output.pred_img, composite[i].clamp(-1, 1) * 127.5 + 127.5)
        valid = data['data_samples'][i].mask.expand(3, -1, -1) == 0
        torch.testing.assert_close(sample.output.pred_img[valid], data['inputs'][i][valid], rtol=0, atol=1e-4)


def test_losses_are_those_of_the_configured_modules(vgg_file):
    """Under MMagic's names, on the direct output and the composite with the truth."""
    model = small_model(
        loss_l1_hole=dict(type='MaskedL1Loss', loss_weight=6.), loss_l1_valid=dict(type='MaskedL1Loss'),
        loss_tv=dict(type='MaskedTVLoss'), loss_out_percep=True,
        loss_composed_percep=dict(type='PerceptualStyleLoss', pretrained=vgg_file)).eval()
    inputs, samples = prepared(model, batch())
    losses = model(inputs, samples, mode='loss')
    out, hole, gt = model(inputs, samples)[0], samples.mask.float(), samples.gt_img
    comp = gt * (1 - hole) + out * hole
    percep = {name: model.loss_percep(image, gt) for name, image in {'out': out, 'composed': comp}.items()}
    expected = dict(
        loss_l1_hole=6 * ((out - gt).abs() * hole).mean(), loss_l1_valid=((out - gt).abs() * (1 - hole)).mean(),
        loss_tv=model.loss_tv(comp, mask=hole))
    for name, values in percep.items():
        expected[f'loss_{name}_percep'], expected[f'loss_{name}_style'] = values
    torch.testing.assert_close(losses, expected, rtol=1e-4, atol=0)


@pytest.mark.parametrize('terms', [(True, False), (True, True)], ids=['composed', 'composed and out'])
def test_another_perceptual_loss_is_called_as_mmagic_calls_it(terms):

    class Distance(torch.nn.Module):

        def forward(self, x, gt):
            return (x - gt).abs().mean(), None

    model = small_model(loss_out_percep=terms[1], loss_composed_percep=dict(type=Distance))
    losses = model(*prepared(model, batch()), mode='loss')
    assert list(losses) == ['loss_composed_percep', 'loss_out_percep'][:sum(terms)]


def test_a_discriminator_is_refused():
    with pytest.raises(ValueError, match='disc is configured.*set disc=None'):
        small_model(disc=dict(type='MultiLayerDiscriminator'))


def test_an_unknown_mode_is_refused():
    model = small_model()
    with pytest.raises(ValueError, match='mode'):
        model(*prepared(model, batch()), mode='train')


def test_mmagics_config_builds_our_model(mmagic_config, vgg_file):
    config = mmagic_config.copy()
    config.loss_composed_percep.pretrained = vgg_file
    model = MODELS.build(config)
    assert type(model) is PConvInpaintor and isinstance(model.loss_percep, PerceptualStyleLoss)
    assert type(model.generator) is PConvEncoderDecoder
    convs = [module for module in model.generator.modules() if isinstance(module, torch.nn.Conv2d)]
    assert len(convs) == 14 and {type(conv) for conv in convs} == {PConv}
    assert {type(loss).__module__.split('.')[0] for name, loss in model.named_children() if 'loss' in name} <= {
        'mmpconv', 'mmagic'}


@pytest.mark.slow
@pytest.mark.parametrize('with_losses', [True, False], ids=['with losses', 'without'])
@pytest.mark.parametrize('with_vgg', [True, False], ids=['VGG in the file', 'none'])
def test_a_checkpoint_of_mmagic_loads_and_tests_unchanged(mmagic_config, mmagic_model, vgg_file, with_vgg,
                                                          with_losses, tmp_path):
    state = mmagic_model.state_dict()
    assert any('weight_mask_updater' in key for key in state) and any('loss_percep' in key for key in state)
    if not with_vgg:
        state = {key: value for key, value in state.items() if 'loss_percep' not in key}
    torch.save(dict(meta={}, state_dict=state), tmp_path / 'mmagic.pth')
    config = mmagic_config.copy()
    if with_losses:
        config.loss_composed_percep.pretrained = vgg_file
    else:
        config.update({key: None for key in config if key.startswith('loss_') and key != 'loss_out_percep'})
    model = MODELS.build(config).eval()
    load_checkpoint(model, str(tmp_path / 'mmagic.pth'), map_location='cpu', strict=True)
    data = batch(size=128)
    for result, expected in zip(model.test_step(data), mmagic_model.test_step(data), strict=True):
        assert set(result.output.keys()) == set(expected.output.keys()) == {'fake_res', 'fake_img', 'pred_img'}
        for name in ('fake_res', 'fake_img', 'pred_img'):
            # 200 epsilons, as between the networks, of images of up to 127.5 before the mean is added.
            torch.testing.assert_close(result.output.get(name), expected.output.get(name), rtol=0,
                                       atol=200 * 127.5 * torch.finfo(torch.float32).eps)
        filled = result.output.pred_img[expected.mask.bool().expand(3, -1, -1)]
        assert filled.std() > 10 and ((filled > 0) & (filled < 255)).float().mean() > .5


def test_our_checkpoint_is_as_large_as_a_plain_networks_and_loads_again(vgg_file, tmp_path):
    model = small_model(loss_composed_percep=dict(type='PerceptualStyleLoss', pretrained=vgg_file))
    state = model.state_dict()
    assert all(key.startswith('generator.') for key in state)
    plain = [value for module in model.generator.modules() if not list(module.children())
             for value in (*module.parameters(), *module.buffers())]
    assert sum(value.numel() for value in state.values()) == sum(value.numel() for value in plain)
    torch.save(state, tmp_path / 'ours.pth')
    load_checkpoint(small_model(), str(tmp_path / 'ours.pth'), map_location='cpu', strict=True)


def test_channels_last_changes_the_layout_and_nothing_else():
    torch.manual_seed(0)
    plain = small_model(loss_l1_hole=dict(type='MaskedL1Loss'), loss_tv=dict(type='MaskedTVLoss')).double()
    last = small_model(channels_last=True, loss_l1_hole=dict(type='MaskedL1Loss'), loss_tv=dict(type='MaskedTVLoss'))
    last.double().load_state_dict(plain.state_dict())
    features, losses = [], {}
    last.generator.encoder.enc2.conv.register_forward_hook(lambda _, __, output: features.append(output[0]))
    data = batch()
    for model in (plain, last):
        inputs, samples = prepared(model, data)
        samples.gt_img = samples.gt_img.double()
        losses[model] = model(inputs.double(), samples, mode='loss')
        sum(losses[model].values()).backward()
    assert features[0].is_contiguous(memory_format=torch.channels_last) and not features[0].is_contiguous()
    torch.testing.assert_close(losses[last], losses[plain])
    for (name, weight), expected in zip(last.generator.named_parameters(), plain.generator.parameters(), strict=True):
        torch.testing.assert_close(weight.grad, expected.grad, msg=name)
        assert weight.dim() != 4 or weight.is_contiguous(memory_format=torch.channels_last)
