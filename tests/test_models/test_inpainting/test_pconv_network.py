"""The network at any size, depth and width, against the published formula layer by layer."""
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from mmagic_peers import randomise
from reference import published_formula
from torch import nn
from torch.testing import assert_close

from mmpconv.models import PConvDecoder, PConvEncoder, PConvEncoderDecoder
from mmpconv.ops import partial_conv as upsampled_conv


def network(num_layers=7, width=4, encoder={}, decoder={}):
    return PConvEncoderDecoder(
        dict(type='PConvEncoder', num_layers=num_layers, width=width, **encoder),
        dict(type='PConvDecoder', num_layers=num_layers, width=width, **decoder))


def by_the_paper(model, image, mask):
    """U-Net with one mask plane per channel, masked at every layer, upsampled and concatenated."""

    def block(layer, x, mask):
        conv = layer.conv
        x, mask = published_formula(x, conv.weight, conv.bias, mask, conv.stride, conv.padding)
        mask = mask.expand_as(x)
        x = layer.norm(x) if layer.with_norm else x
        return layer.activate(x) if layer.with_activation else x, mask

    skips = []
    x, mask = image, mask.expand_as(image)
    for i in range(1, model.encoder.num_layers + 1):
        skips.append((x, mask))
        x, mask = block(getattr(model.encoder, f'enc{i}'), x, mask)
    for i in range(model.decoder.num_layers, 0, -1):
        skip, skip_mask = skips.pop()
        up, up_mask = (F.interpolate(t, skip.shape[2:], mode='nearest') for t in (x, mask))
        both, both_masks = torch.cat([up, skip], 1), torch.cat([up_mask, skip_mask], 1)
        x, mask = block(getattr(model.decoder, f'dec{i}'), both, both_masks)
    return x, mask


def image_and_mask(height, width, batch=1, channels=3):
    mask = (torch.rand(batch, channels, height, width) > .4).double()
    mask[:, :, height // 3:, :width * 2 // 3] = 0
    return torch.randn(batch, 3, height, width).double(), mask


@pytest.fixture(scope='module')
def evaluated():
    return randomise(network()).double().eval()


@settings(max_examples=25)
@given(st.tuples(st.integers(1, 70), st.integers(1, 70)), st.sampled_from([1, 3]), st.integers(1, 2))
@torch.no_grad()
def test_any_size(evaluated, size, mask_channels, batch):
    image, mask = image_and_mask(*size, batch, mask_channels)
    out, out_mask = evaluated(image, mask)
    expected, expected_mask = by_the_paper(evaluated, image, mask)
    assert out.shape == image.shape
    assert_close(out, expected, rtol=1e-10, atol=1e-10)
    assert torch.equal(out_mask, expected_mask)


@pytest.mark.parametrize('fast', [True, False], ids=['fast', 'direct'])
@pytest.mark.parametrize('size', [(64, 64), (45, 58)])
def test_a_training_step(size, fast, monkeypatch):
    """Output, and gradients of all parameters, with BatchNorm over the batch."""
    monkeypatch.setattr(upsampled_conv, '_MIN_PIXELS', 0 if fast else 1 << 30)
    model = randomise(network(num_layers=4)).double().train()
    image, mask = image_and_mask(*size, batch=2)
    results = []
    for forward in (model, lambda *args: by_the_paper(model, *args)):
        model.zero_grad()
        out, _ = forward(image, mask)
        out.square().mean().backward()
        results.append([out.detach(), *[p.grad for p in model.parameters()]])
    for value, expected in zip(*results):
        assert expected.ne(0).any()
        assert_close(value, expected, rtol=1e-9, atol=1e-10 * expected.abs().max().item())


@torch.no_grad()
def test_the_papers_8_layers_at_512():
    model = randomise(network(num_layers=8, width=8)).eval()
    image, mask = (t.float() for t in image_and_mask(512, 512, channels=1))
    out, out_mask = model(image, mask)
    expected, expected_mask = by_the_paper(model, image, mask)
    assert_close(out, expected, rtol=0, atol=64 * torch.finfo(torch.float32).eps * expected.abs().max().item())
    assert torch.equal(out_mask, expected_mask)


@pytest.mark.parametrize('num_layers, width, channels', [
    (7, 64, [64, 128, 256, 512, 512, 512, 512]), (3, 8, [8, 16, 32]), (8, 4, [4, 8, 16, 32, 32, 32, 32, 32])])
def test_width_doubles_up_to_eight_times(num_layers, width, channels):
    with torch.device('meta'):
        model = network(num_layers, width)
    encoder = [getattr(model.encoder, f'enc{i + 1}').conv for i in range(num_layers)]
    decoder = [getattr(model.decoder, f'dec{i + 1}').conv for i in range(num_layers)]
    assert [conv.out_channels for conv in encoder] == channels
    assert [conv.in_channels for conv in encoder] == [3, *channels[:-1]]
    assert [conv.kernel_size[0] for conv in encoder] == [7, 5, 5, 3, 3, 3, 3, 3][:num_layers]
    assert [conv.out_channels for conv in decoder] == [3, *channels[:-1]]
    assert [conv.in_channels for conv in decoder] == [a + b for a, b in zip(channels, [3, *channels])]
    assert {conv.stride for conv in encoder} == {(2, 2)} and {conv.stride for conv in decoder} == {(1, 1)}


def test_every_parameter_gets_a_gradient():
    model = network(num_layers=5)
    image, mask = (t.float() for t in image_and_mask(96, 80, batch=2))
    model(image, mask)[0].square().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad.ne(0).any(), name


@pytest.mark.parametrize('training', [True, False])
def test_what_holes_hold_has_no_effect(training):
    model = network(num_layers=3).double().train(training)
    image, mask = image_and_mask(20, 24, batch=2)
    results = []
    for fill in (0., float('nan'), 1e30):
        model.zero_grad()
        out, _ = model(torch.where(mask.bool(), image, fill), mask)
        out.sum().backward()
        results.append([out.detach(), *[p.grad.clone() for p in model.parameters()]])
    for zeros, nans, large in zip(*results):
        assert torch.equal(nans, zeros) and torch.equal(large, zeros)


def test_features_are_zero_in_the_holes_and_masks_are_views():
    image, mask = image_and_mask(90, 90, channels=1)
    mask[:, :, 10:80, 10:80] = 0
    encoded = randomise(PConvEncoder(num_layers=4, width=4)).double().eval()(image, mask)
    assert encoded['zero_in_holes']
    for key, feat in encoded['hidden_feats'].items():
        hidden_mask = encoded['hidden_masks'][key]
        assert hidden_mask.shape == feat.shape and hidden_mask.stride(1) == 0
        assert feat[hidden_mask == 0].eq(0).all() and hidden_mask.unique().tolist() in ([0, 1], [1])
    assert (encoded['hidden_masks']['h2'] == 0).any()


@torch.no_grad()
def test_one_mask_is_shared_by_the_batch(evaluated):
    image, mask = image_and_mask(40, 30, batch=3)
    out, out_mask = evaluated(image, mask[:1])
    expected, expected_mask = evaluated(image, mask[:1].repeat(3, 1, 1, 1))
    assert out_mask.shape == image.shape and torch.equal(out_mask, expected_mask)
    assert_close(out, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize('dtype', [torch.bool, torch.uint8, torch.float32])
@torch.no_grad()
def test_masks_of_any_dtype(evaluated, dtype):
    image, mask = image_and_mask(40, 30)
    assert torch.equal(evaluated(image, mask.to(dtype))[0], evaluated(image, mask)[0])


def test_autocast_is_half_precision_near_float32():
    model = randomise(network(num_layers=4)).eval()
    image, mask = (t.float() for t in image_and_mask(64, 64))
    expected, expected_mask = model(image, mask)
    dtypes = []
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d):
            layer.register_forward_hook(lambda module, args, outputs: dtypes.append(outputs[0].dtype))
    with torch.autocast('cpu', torch.bfloat16):
        out, out_mask = model(image, mask)
    assert set(dtypes) == {torch.bfloat16} and len(dtypes) == 8
    assert torch.equal(out_mask.float(), expected_mask)
    # 8 layers, each of which rounds its input, its weight, and up to three results.
    assert (out - expected).norm() < 8 * 5 / 2 * torch.finfo(torch.bfloat16).eps * expected.norm()


def test_too_small_an_image_for_batch_norm_in_training_says_so():
    model = network(num_layers=4).train()
    message = (r'32 channels has shrunk to a single pixel of a single image.*'
               r'larger images.*batch of at least 2.*norm_eval')
    with pytest.raises(ValueError, match=message):
        model(torch.rand(1, 3, 16, 16), torch.ones(1, 1, 16, 16))
    model(torch.rand(2, 3, 16, 16), torch.ones(1, 1, 16, 16))
    model(torch.rand(1, 3, 17, 16), torch.ones(1, 1, 17, 16))
    model.eval()(torch.rand(1, 3, 1, 1), torch.ones(1, 1, 1, 1))


def test_norm_eval_freezes_the_encoders_statistics():
    model = network(num_layers=3, encoder=dict(norm_eval=True)).train()
    assert model.encoder.training and model.encoder.train() is model.encoder
    before = {name: value.clone() for name, value in model.named_buffers()}
    model(torch.rand(2, 3, 32, 32), torch.ones(1, 1, 32, 32))[0].sum().backward()
    for name, value in model.named_buffers():
        assert torch.equal(value, before[name]) == name.startswith('encoder.'), name
    assert model.encoder.enc2.bn.weight.grad is not None  # its parameters are trained


@pytest.mark.parametrize('model, error', [
    (lambda: PConvEncoder(num_layers=1), 'num_layers is 1 but a U-Net needs at least 2'),
    (lambda: PConvDecoder(num_layers=1), 'num_layers is 1 but a U-Net needs at least 2'),
    (lambda: PConvDecoder(interpolation='bilinear'),
     "interpolation is 'bilinear' but masks stay binary only with 'nearest'"),
])
def test_networks_that_cannot_be_are_refused(model, error):
    with pytest.raises(ValueError, match=error):
        model()


@pytest.mark.parametrize('image, mask, error, message', [
    (torch.rand(3, 8, 8), torch.ones(1, 8, 8), ValueError, r'input has 3 dimensions.*input\[None\]'),
    (torch.rand(1, 1, 8, 8), torch.ones(1, 1, 8, 8), ValueError, 'input has 1 channels .* takes 3'),
    (torch.rand(1, 3, 8, 8), torch.ones(1, 1, 4, 4), ValueError, r'mask is of size \(4, 4\) but input of \(8, 8\)'),
    (torch.rand(1, 3, 8, 8), torch.ones(1, 2, 8, 8), ValueError, 'mask has 2 channels but must have 1 or 3'),
    (torch.rand(1, 3, 8, 8), torch.ones(1, 8, 8), ValueError, r'mask has 3 dimensions.*use mask\[:, None\]'),
    (torch.zeros(1, 3, 8, 8).byte(), torch.ones(1, 1, 8, 8), TypeError, 'input is torch.uint8'),
    (torch.rand(1, 3, 8, 8), torch.ones(1, 1, 8, 8, device='meta'), ValueError, 'mask is on meta'),
])
def test_images_and_masks_that_do_not_fit(image, mask, error, message):
    with pytest.raises(error, match=message):
        network(num_layers=2)(image, mask)
