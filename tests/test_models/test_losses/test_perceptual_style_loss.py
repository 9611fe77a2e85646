from pathlib import Path

import mmagic.models.losses
import numpy as np
import pytest
import torch
from numpy.lib.stride_tricks import sliding_window_view
from torch import nn
from torchvision.models.vgg import cfgs, make_layers

from mmpconv.models.losses import PerceptualStyleLoss, VGGWeightsError, gram_matrix
from mmpconv.registry import MODELS

MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
PAPER = {'4': 1., '9': 1., '16': 1.}
REAL_FILTERS = Path(__file__).parents[4] / 'shared/data/vgg/vgg16_features0-8.pth'


def numpy_features(layers, image, order='BGR', norm_img=True):
    """Outputs of all layers, float64; image (3, H, W)."""
    x = image.double().numpy()
    x = x[::-1] if order == 'BGR' else x
    x = (x + 1) / 2 if norm_img else x
    x = (x - MEAN[:, None, None]) / STD[:, None, None]
    outputs = []
    for layer in layers:
        if isinstance(layer, nn.Conv2d):
            windows = sliding_window_view(np.pad(x, ((0, 0), (1, 1), (1, 1))), (3, 3), axis=(1, 2))
            x = np.einsum('cyxij,ocij->oyx', windows, layer.weight.double().numpy(), optimize=True)
            x = x + layer.bias.double().numpy()[:, None, None]
        elif isinstance(layer, nn.ReLU):
            x = np.maximum(x, 0)
        else:
            c, h, w = x.shape
            x = x[:, :h // 2 * 2, :w // 2 * 2].reshape(c, h // 2, 2, w // 2, 2).max(axis=(2, 4))
        outputs.append(x)
    return outputs


def numpy_terms(layers, x, gt, weights=PAPER, style_weights=PAPER, power=1, **kwargs):
    """The paper's sums for a batch, unweighted: perceptual, style."""
    percep = style = 0
    for image, truth in zip(x, gt):
        a, b = numpy_features(layers, image, **kwargs), numpy_features(layers, truth, **kwargs)
        for tap, weight in weights.items():
            percep += weight * (np.abs(a[int(tap)] - b[int(tap)])**power).sum() / a[int(tap)].size
        for tap, weight in style_weights.items():
            f, g = a[int(tap)], b[int(tap)]
            c = f.shape[0]
            difference = np.einsum('ahw,bhw->ab', f, f) - np.einsum('ahw,bhw->ab', g, g)
            style += weight * (np.abs(difference / f.size)**power).sum() / c**2
    return percep / len(x), style / len(x)


def test_defaults_are_the_papers():
    loss = PerceptualStyleLoss()
    assert loss.layer_weights == loss.layer_weights_style == PAPER
    assert (loss.perceptual_weight, loss.style_weight, loss.vgg_type) == (0.05, 120, 'vgg16')
    assert (loss.channel_order, loss.pretrained) == ('BGR', 'torchvision://vgg16')


@pytest.mark.parametrize('criterion, power', [('l1', 1), ('mse', 2)])
def test_terms_equal_the_definition(vgg_file, vgg16_layers, photos, criterion, power):
    out, comp, gt = photos
    terms = PerceptualStyleLoss(pretrained=vgg_file, criterion=criterion).out_and_composed(out, comp, gt)
    for name, image in (('out', out), ('composed', comp)):
        percep, style = numpy_terms(vgg16_layers, image, gt, power=power)
        assert terms[f'loss_{name}_percep'].item() == pytest.approx(0.05 * percep, rel=1e-5)
        assert terms[f'loss_{name}_style'].item() == pytest.approx(120 * style, rel=1e-5)
    assert len(terms) == 4


def test_taps_and_weights_of_the_two_terms_may_differ(vgg_file, vgg16_layers, photos):
    """Tap 2 is a convolution, which an in-place ReLU after it would overwrite; 12 is another, 3 the ReLU."""
    weights, style_weights = {'2': 0.5, '3': 2.}, {12: 3., '2': 1.}
    loss = PerceptualStyleLoss(weights, style_weights, pretrained=vgg_file, norm_img=False)
    x, _, gt = photos
    percep, style = numpy_terms(vgg16_layers, x, gt, weights, style_weights, norm_img=False)
    actual = loss(x, gt)
    assert actual[0].item() == pytest.approx(0.05 * percep, rel=1e-5)
    assert actual[1].item() == pytest.approx(120 * style, rel=1e-5)


def test_every_layer_can_be_tapped(vgg_file, vgg16_layers, photos):
    x, _, gt = photos
    loss = PerceptualStyleLoss({str(i): 1. for i in range(17)}, pretrained=vgg_file, channel_order='RGB',
                               norm_img=False, style_weight=0)
    for tap, (of_x, of_gt) in loss.get_vgg()(x, gt).items():
        for features, image in ((of_x[1], x[1]), (of_gt[0], gt[0])):
            expected = numpy_features(vgg16_layers, image, 'RGB', norm_img=False)[int(tap)]
            torch.testing.assert_close(features, torch.from_numpy(expected).float(), rtol=1e-4, atol=1e-4)


def test_float64_gradient_is_that_of_finite_differences(vgg_file, photos):
    out, comp, gt = (x[:1, :, :16, :16].double() for x in photos)
    loss = PerceptualStyleLoss(pretrained=vgg_file)
    step = 1e-6 * torch.randn(2, *out.shape, dtype=torch.double, generator=torch.Generator().manual_seed(0))

    def total(images):
        return sum(loss.out_and_composed(*images, gt).values())

    images = torch.stack([out, comp]).requires_grad_()
    total(images).backward()
    difference = (total(images.detach() + step) - total(images.detach() - step)).item() / 2
    assert (images.grad * step).sum().item() == pytest.approx(difference, rel=1e-5)


@pytest.mark.parametrize('kwargs', [
    dict(layer_weights=PAPER),
    dict(layer_weights={'4': 1., '11': 0.3}, layer_weights_style={'9': 2.}),
    dict(layer_weights={'7': 1.}, criterion='mse', norm_img=False, use_input_norm=False)])
def test_values_and_gradients_equal_mmagics(vgg_file, mmagic_loss, photos, kwargs):
    """MMagic's takes one image at a time, and RGB for granted."""
    kwargs = dict(kwargs, perceptual_weight=0.05, style_weight=120)
    peer = mmagic_loss(**kwargs)
    ours = PerceptualStyleLoss(pretrained=vgg_file, channel_order='RGB', **kwargs)
    gt = photos[2].clone().requires_grad_()
    images = [x.clone().requires_grad_() for x in photos[:2]]
    expected = [peer(x, gt) for x in images]
    expected_grads = torch.autograd.grad(sum(map(sum, expected)), images)

    terms = ours.out_and_composed(*images, gt)
    grads = torch.autograd.grad(sum(terms.values()), images)
    torch.testing.assert_close(list(terms.values()), [term for pair in expected for term in pair])
    torch.testing.assert_close(grads, expected_grads, rtol=1e-4, atol=1e-8)
    torch.testing.assert_close(ours(images[0], gt), expected[0])


def test_ground_truth_gets_no_gradient(vgg_file, photos):
    out, comp, gt = (x.clone().requires_grad_() for x in photos)
    sum(PerceptualStyleLoss(pretrained=vgg_file).out_and_composed(out, comp, gt).values()).backward()
    assert gt.grad is None
    assert out.grad.abs().max() > 0
    assert comp.grad.abs().max() > 0


def test_vgg_runs_once_and_sees_each_image_once(vgg_file, photos):
    loss = PerceptualStyleLoss({'4': 1.}, {'9': 1.}, pretrained=vgg_file)
    passes, images = [], []
    loss.get_vgg().register_forward_hook(lambda *_: passes.append(1))
    loss.get_vgg().layers[0].register_forward_hook(lambda _, args, __: images.append(args[0].shape[0]))
    loss.out_and_composed(*photos)
    assert len(passes) == 1
    assert sum(images) == 3 * photos[0].shape[0]


def test_convention_images_are_bgr_and_vgg_sees_rgb(vgg_file, mmagic_loss, photos):
    peer = mmagic_loss(layer_weights=PAPER, perceptual_weight=0.05, style_weight=120)
    bgr, _, bgr_gt = photos
    rgb, rgb_gt = bgr.flip(1), bgr_gt.flip(1)
    loss = PerceptualStyleLoss(pretrained=vgg_file)
    torch.testing.assert_close(loss(bgr, bgr_gt), peer(rgb, rgb_gt))
    assert abs(loss(bgr, bgr_gt)[0] - peer(bgr, bgr_gt)[0]) > 1e-4


def test_a_weight_of_zero_leaves_its_term_out(vgg_file, photos):
    x, _, gt = photos
    no_style = PerceptualStyleLoss(pretrained=vgg_file, style_weight=0)
    no_percep = PerceptualStyleLoss(pretrained=vgg_file, perceptual_weight=0)
    assert no_style(x, gt)[1] is None
    assert set(no_style.out_and_composed(*photos)) == {'loss_out_percep', 'loss_composed_percep'}
    assert no_percep(x, gt)[0] is None
    assert set(no_percep.out_and_composed(*photos)) == {'loss_out_style', 'loss_composed_style'}


def test_both_weights_zero_need_no_vgg(photos):
    loss = PerceptualStyleLoss(perceptual_weight=0, style_weight=0, pretrained='/nowhere/vgg16.pth')
    loss.init_weights()
    assert loss(*photos[:2]) == (None, None)
    assert loss.out_and_composed(*photos) == {}


def test_unused_deeper_taps_cost_nothing(vgg_file):
    loss = PerceptualStyleLoss({'4': 1.}, {'16': 1.}, style_weight=0, pretrained=vgg_file)
    assert len(loss.get_vgg().layers) == 5


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_style_in_half_precision_stays_finite_at_weight_120(tmp_path, vgg16_layers, photos, dtype):
    """Activations in the hundreds: the unscaled Gram product of pool1 does not fit float16."""
    state = {key: value * (30 if key == '0.weight' else 1) for key, value in vgg16_layers.state_dict().items()}
    torch.save(state, tmp_path / 'loud.pth')
    loss = PerceptualStyleLoss(pretrained=str(tmp_path / 'loud.pth'))
    out, comp, gt = (x.to(dtype) for x in photos)
    features = loss.get_vgg()(out.float(), gt.float())['4'][0].flatten(2)
    assert not torch.isfinite((features @ features.mT).half()).all()

    out.requires_grad_()
    exact = loss.out_and_composed(out.float(), comp.float(), gt.float())
    with torch.autocast('cpu', dtype=dtype):
        terms = loss.out_and_composed(out, comp, gt)
    total = sum(terms.values())
    total.backward()
    assert total.dtype == torch.float32
    assert torch.isfinite(out.grad).all()
    for name, value in terms.items():
        assert value.item() == pytest.approx(exact[name].item(), rel=0.02)


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_images_without_autocast_are_computed_in_float32(vgg_file, photos, dtype):
    loss = PerceptualStyleLoss(pretrained=vgg_file).to(dtype)
    images = [x.to(dtype) for x in photos]
    terms = loss.out_and_composed(*images)
    assert terms == loss.out_and_composed(*(x.float() for x in images))


def test_images_of_different_dtypes_are_compared_in_the_wider_one(vgg_file, photos):
    """As under autocast: a half-precision output, a float32 composite and truth."""
    loss = PerceptualStyleLoss(pretrained=vgg_file)
    out, comp, gt = photos
    out = out.bfloat16()
    assert loss.out_and_composed(out, comp, gt) == loss.out_and_composed(out.float(), comp, gt)
    assert loss(out.double(), gt)[0].dtype == torch.float64


def test_autocast_runs_the_convolutions_in_half_precision_and_the_gram_matrix_not(vgg_file, photos):
    loss = PerceptualStyleLoss(pretrained=vgg_file)
    dtypes = []
    loss.get_vgg().layers[2].register_forward_hook(lambda _, __, output: dtypes.append(output.dtype))
    with torch.autocast('cpu', dtype=torch.bfloat16):
        loss.out_and_composed(*photos)
        assert set(dtypes) == {torch.bfloat16}
        assert gram_matrix(photos[0]).dtype == torch.float32


def test_gram_matrix_of_a_hand_computed_example():
    """Two channels of two pixels, (1, 2) and (3, 4), over C * H * W = 4."""
    gram = gram_matrix(torch.tensor([[[[1., 2.]], [[3., 4.]]]]))
    assert gram.tolist() == [[[5 / 4, 11 / 4], [11 / 4, 25 / 4]]]


def test_batch_norm_of_vgg_stays_frozen(tmp_path, photos):
    torch.manual_seed(0)
    layers = make_layers(cfgs['A'], batch_norm=True)[:8]
    layers[1].running_mean.normal_()
    state = {key: value for key, value in layers.state_dict().items() if 'num_batches' not in key}
    torch.save(state, tmp_path / 'vgg11_bn.pth')
    loss = PerceptualStyleLoss({'1': 1., '7': 1.}, vgg_type='vgg11_bn', pretrained=str(tmp_path / 'vgg11_bn.pth'))
    loss.train()
    before = loss(*photos[:2])
    assert loss(*photos[:2]) == before
    torch.testing.assert_close(loss.get_vgg().layers[1].running_mean, layers[1].running_mean, rtol=0, atol=0)
    layers.eval()
    x, gt = (((v.flip(1) + 1) / 2 - torch.tensor(MEAN).view(3, 1, 1).float())
             / torch.tensor(STD).view(3, 1, 1).float() for v in photos[:2])
    expected = sum((layers[:n](x) - layers[:n](gt)).abs().mean() for n in (2, 8))
    torch.testing.assert_close(before[0], 0.05 * expected)


def test_wrong_arguments_say_what_is_accepted(vgg_file, photos):
    with pytest.raises(ValueError, match="criterion is 'huber' but must be one of 'l1', 'mse'"):
        PerceptualStyleLoss(criterion='huber')
    with pytest.raises(ValueError, match="channel_order is 'GBR' but must be one of 'BGR', 'RGB'"):
        PerceptualStyleLoss(channel_order='GBR')
    with pytest.raises(ValueError, match='layer_weights_style is empty'):
        PerceptualStyleLoss(layer_weights_style={})
    loss = PerceptualStyleLoss(pretrained=vgg_file)
    with pytest.raises(ValueError, match=r"7 x 40 pixels are too small for tap '16'.* at least 8 x 8"):
        loss.out_and_composed(*(x[:, :, :7] for x in photos))
    loss.out_and_composed(*(x[:, :, :8, :8] for x in photos))
    with pytest.raises(ValueError, match='images have 1 channels but VGG takes 3'):
        loss(*(x[:, :1] for x in photos[:2]))
    with pytest.raises(ValueError, match=r'gt has shape \(1, 3, 32, 40\) but out has'):
        loss.out_and_composed(*photos[:2], photos[2][:1])


def test_registry_finds_ours_under_both_names():
    mmagic_config = dict(
        type='PerceptualLoss', vgg_type='vgg16', layer_weights=PAPER, perceptual_weight=0.05,
        style_weight=120, pretrained='torchvision://vgg16')
    assert type(MODELS.build(mmagic_config)) is PerceptualStyleLoss
    assert type(MODELS.build(dict(type='PerceptualStyleLoss'))) is PerceptualStyleLoss
    assert MODELS.get('mmagic.PerceptualLoss') is mmagic.models.losses.PerceptualLoss


@pytest.mark.skipif(not REAL_FILTERS.is_file(), reason='the folder shared/ with real VGG filters is absent')
def test_real_filters_serve_the_first_two_taps(mmagic_loss, photos):
    layers = make_layers(cfgs['D'])[:10].requires_grad_(False)
    state = torch.load(REAL_FILTERS, weights_only=True)
    layers.load_state_dict({key.removeprefix('features.'): value for key, value in state.items()})
    taps = {'4': 1., '9': 1.}
    x, _, gt = photos
    loss = PerceptualStyleLoss(taps, pretrained=str(REAL_FILTERS))
    peer = mmagic_loss(layers, layer_weights=taps, perceptual_weight=0.05, style_weight=120)
    torch.testing.assert_close(loss(x, gt), peer(x.flip(1), gt.flip(1)))
    percep, style = numpy_terms(layers, x, gt, taps, taps)
    assert loss(x, gt)[0].item() == pytest.approx(0.05 * percep, rel=1e-5)
    assert loss(x, gt)[1].item() == pytest.approx(120 * style, rel=1e-5)
    with pytest.raises(VGGWeightsError, match="layers 10, 12, 14 of vgg16.*serves taps '0' to '9'"):
        PerceptualStyleLoss(pretrained=str(REAL_FILTERS)).init_weights()
