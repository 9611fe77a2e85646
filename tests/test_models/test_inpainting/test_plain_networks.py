"""Networks of plain convolutions, against the definition written as calls of torch."""
import pytest
import torch
import torch.nn.functional as F
from mmagic_peers import randomise
from mmengine.registry import DefaultScope
from torch import nn
from torch.testing import assert_close

from mmpconv.models import PConvEncoderDecoder, PlainConv2d, UNetEncoderDecoder
from mmpconv.registry import MODELS

CLOSE = dict(rtol=1e-10, atol=1e-10)


def normalised(layer, x):
    return layer.bn(x) if layer.with_norm else x


def unet_by_hand(model, image, mask):
    """Odd sizes: a last row or column is pooled alone; what is upsampled is cut to the skip connection."""

    def pooled(x):
        x = F.pad(x, (0, x.shape[3] % 2, 0, x.shape[2] % 2), value=-torch.inf)
        return x.unfold(2, 2, 2).unfold(3, 2, 2).amax((4, 5))

    x = torch.where(mask.expand_as(image) > 0, image, 0)
    feats = []
    for i in range(1, model.num_layers + 1):
        layer = getattr(model, f'enc{i}')
        x = pooled(x) if i > 1 else x
        x = normalised(layer, F.conv2d(x, layer.conv.weight, layer.conv.bias, padding=1)).clamp(min=0)
        feats.append(x)
    x = feats.pop()
    for i in range(model.num_layers, 1, -1):
        layer, skip = getattr(model, f'dec{i}'), feats.pop()
        x = x.repeat_interleave(2, 2).repeat_interleave(2, 3)[:, :, :skip.shape[2], :skip.shape[3]]
        x = F.conv2d(torch.cat([skip, x], 1), layer.conv.weight, layer.conv.bias, padding=1)
        x = normalised(layer, x).clamp(min=0)
    return torch.tanh(F.conv2d(x, model.dec1.conv.weight, model.dec1.conv.bias, padding=1))


def baseline_by_hand(model, image, mask):
    """The U-Net of PConv with zeros in the holes of the image and nothing else."""
    x = torch.where(mask.expand_as(image) > 0, image, 0)
    feats = []
    for i in range(1, model.encoder.num_layers + 1):
        layer = getattr(model.encoder, f'enc{i}')
        feats.append(x)
        conv = layer.conv
        x = normalised(layer, F.conv2d(x, conv.weight, conv.bias, stride=2, padding=conv.weight.shape[2] // 2))
        x = x.clamp(min=0)
    for i in range(model.decoder.num_layers, 0, -1):
        layer, skip = getattr(model.decoder, f'dec{i}'), feats.pop()
        x = x.repeat_interleave(2, 2).repeat_interleave(2, 3)[:, :, :skip.shape[2], :skip.shape[3]]
        x = normalised(layer, F.conv2d(torch.cat([x, skip], 1), layer.conv.weight, layer.conv.bias, padding=1))
        x = F.leaky_relu(x, .2) if i > 1 else x
    return x


def pconv_network(num_layers=4, **arguments):
    return PConvEncoderDecoder(*[dict(type=f'PConv{part}', num_layers=num_layers, width=4, **arguments)
                                 for part in ('Encoder', 'Decoder')])


def baseline(num_layers=4):
    return pconv_network(num_layers, conv_cfg=dict(type='PlainConv2d'))


def image_and_mask(height, width, batch=1):
    mask = (torch.rand(batch, 1, height, width) > .3).double()
    mask[:, :, height // 3:, :width // 2] = 0
    return torch.randn(batch, 3, height, width).double(), mask


NETWORKS = {'unet': (lambda layers: UNetEncoderDecoder(num_layers=layers, width=4), unet_by_hand),
            'baseline': (baseline, baseline_by_hand)}


@pytest.mark.parametrize('layers, size', [(4, (64, 64)), (4, (37, 50)), (8, (24, 9)), (2, (1, 1)), (8, (1, 3))])
@pytest.mark.parametrize('name', NETWORKS)
@torch.no_grad()
def test_it_computes_its_definition_at_any_size(name, layers, size):
    build, by_hand = NETWORKS[name]
    model = randomise(build(layers)).double().eval()
    image, mask = image_and_mask(*size, batch=2)
    out, out_mask = model(image, mask)
    assert out.shape == image.shape and out.std() > 1e-3
    assert_close(out, by_hand(model, image, mask), **CLOSE)
    assert out_mask.shape == image.shape and out_mask.eq(1).all(), 'it knows of no hole'


@pytest.mark.parametrize('name', NETWORKS)
def test_a_training_step_has_the_gradients_of_the_definition(name):
    build, by_hand = NETWORKS[name]
    model = randomise(build(3)).double().train()
    image, mask = image_and_mask(20, 25, batch=2)
    gradients = []
    for forward in (lambda: model(image, mask)[0], lambda: by_hand(model, image, mask)):
        model.zero_grad()
        forward().square().mean().backward()
        gradients.append([parameter.grad.clone() for parameter in model.parameters()])
    for value, expected in zip(*gradients):
        assert expected.ne(0).any()
        assert_close(value, expected, rtol=1e-8, atol=1e-10 * expected.abs().max().item())


@pytest.mark.parametrize('name', NETWORKS)
@torch.no_grad()
def test_what_holes_hold_has_no_effect_and_holes_are_mid_grey(name):
    model = randomise(NETWORKS[name][0](3)).double().eval()
    image, mask = image_and_mask(20, 24)
    expected = model(torch.where(mask.bool(), image, 0), torch.ones_like(mask))[0]
    for fill in (float('nan'), float('inf'), 3.):
        assert torch.equal(model(torch.where(mask.bool(), image, fill), mask)[0], expected)
    assert torch.equal(model(image, mask.bool())[0], expected)
    assert torch.equal(model(image, mask.expand(-1, 3, -1, -1))[0], expected)


def test_the_unet_has_the_channels_of_sunnerlis():
    with torch.device('meta'):
        model = UNetEncoderDecoder()
    weights = {name.removesuffix('.conv.weight'): tuple(value.shape) for name, value in model.named_parameters()
               if name.endswith('conv.weight')}
    channels = [3, 64, 128, 256, 512, 512, 512, 512, 512]
    expected = {f'enc{i}': (channels[i], channels[i - 1], 3, 3) for i in range(1, 9)}
    expected |= {f'dec{i}': (channels[i - 1], channels[i] + channels[i - 1], 3, 3) for i in range(2, 9)}
    assert weights == expected | {'dec1': (3, 64, 3, 3)}
    assert not hasattr(model.enc1, 'bn') and not model.dec1.with_norm and model.enc2.with_norm


def test_the_unet_takes_the_place_of_the_partial_one_in_the_inpaintor():
    network = dict(type='UNetEncoderDecoder', num_layers=3, width=4)
    with DefaultScope.overwrite_default_scope('mmpconv'):
        model = MODELS.build(dict(type='PConvInpaintor', data_preprocessor=dict(type='DataPreprocessor'),
                                  encdec=network)).double().eval()
    image, mask = image_and_mask(30, 20)
    out, comp = model.forward_tensor(image, type('Sample', (), dict(mask=1 - mask)))
    assert torch.equal(out, model.generator(image, mask)[0])
    assert torch.equal(comp, torch.where(mask.bool(), image, out))


def test_a_frozen_encoder_keeps_statistics_and_parameters_of_batch_norm():
    model = UNetEncoderDecoder(num_layers=3, width=4, freeze_encoder_norm=True).train()
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=1.)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    model(torch.rand(2, 3, 16, 16), torch.ones(2, 1, 16, 16))[0].square().sum().backward()
    optimizer.step()
    unchanged = {name for name, value in model.state_dict().items() if torch.equal(value, before[name])}
    assert unchanged == {name for name in before if name.startswith('enc') and '.bn.' in name} != set()
    assert model.training and not model.enc2.bn.training and model.dec2.bn.training and model.train() is model


def test_too_small_an_image_for_batch_norm_in_training_says_so():
    model = UNetEncoderDecoder(num_layers=4, width=4).train()
    with pytest.raises(ValueError, match=r'image of \(8, 8\) pixels shrinks .* larger than 8 pixels, a batch of at'):
        model(torch.rand(1, 3, 8, 8), torch.ones(1, 1, 8, 8))
    model(torch.rand(1, 3, 9, 8), torch.ones(1, 1, 9, 8))
    model(torch.rand(2, 3, 8, 8), torch.ones(1, 1, 8, 8))


@pytest.mark.parametrize('image, mask, error, message', [
    (torch.rand(1, 1, 8, 8), torch.ones(1, 1, 8, 8), ValueError, 'input has 1 channels .* takes 3'),
    (torch.rand(1, 3, 8, 8), torch.ones(1, 1, 4, 4), ValueError, r'mask is of size \(4, 4\) but input of \(8, 8\)'),
    (torch.zeros(1, 3, 8, 8).byte(), torch.ones(1, 1, 8, 8), TypeError, 'input is torch.uint8'),
])
def test_images_and_masks_that_do_not_fit_the_unet(image, mask, error, message):
    with pytest.raises(error, match=message):
        UNetEncoderDecoder(num_layers=2, width=4)(image, mask)
    with pytest.raises(ValueError, match='num_layers is 1 but a U-Net needs at least 2'):
        UNetEncoderDecoder(num_layers=1)


@pytest.mark.parametrize('multi_channel, planes', [(True, 5), (False, 1)])
def test_a_plain_convolution_is_called_as_a_partial_one(multi_channel, planes):
    conv = PlainConv2d(3, 5, 3, padding=1, multi_channel=multi_channel)
    input, mask = torch.rand(2, 3, 6, 7), torch.zeros(2, 3 if multi_channel else 1, 6, 7)
    expected = F.conv2d(input, conv.weight, conv.bias, padding=1)
    assert torch.equal(conv(input), expected) and torch.equal(conv(input, mask, return_mask=False), expected)
    out, out_mask = conv(input, mask)
    assert torch.equal(out, expected) and torch.equal(out_mask, torch.ones(2, planes, 6, 7))
    with pytest.raises(torch.jit.Error, match='PlainConv2d is a baseline and not scripted'):
        torch.jit.script(conv)(input, mask)


def test_weights_are_exchanged_with_the_partial_network_by_name():
    partial = pconv_network()
    assert list(baseline().state_dict()) == list(partial.state_dict())
    baseline().load_state_dict(partial.state_dict())


@torch.no_grad()
def test_the_decoders_last_activation_is_an_argument_and_holes_stay_zero():
    plain = randomise(pconv_network(2)).double().eval()
    bounded = PConvEncoderDecoder(dict(type='PConvEncoder', num_layers=2, width=4), dict(
        type='PConvDecoder', num_layers=2, width=4, out_act_cfg=dict(type='Sigmoid'))).double().eval()
    bounded.load_state_dict(plain.state_dict())
    image, mask = image_and_mask(40, 40)
    mask[:, :, :30] = 0
    (out, out_mask), (expected, _) = bounded(image, mask), plain(image, mask)
    assert 0 < out_mask.mean() < 1
    assert_close(out, expected.sigmoid() * out_mask, **CLOSE)
    assert isinstance(bounded.decoder.dec2.activate, nn.LeakyReLU)
