"""What MMagic's own test files of PConv pin, restated: each fact is held against MMagic's classes and against ours."""
import pytest
import torch
from mmagic_peers import NETWORK, DefaultScope, build_in_mmagic
from mmagic_peers import MaskConvModule as MMagicMaskConvModule
from mmagic_peers import PartialConv2d as MMagicPartialConv2d
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from mmpconv.layers import PConv
from mmpconv.models import MaskConvModule
from mmpconv.registry import MODELS

PCONV = dict(type='PConv', multi_channel=True)


@pytest.fixture(params=['theirs', 'ours'])
def whose(request):
    return request.param


@pytest.fixture
def layer(whose):
    return {'theirs': MMagicPartialConv2d, 'ours': PConv}[whose]


@pytest.fixture
def block(whose):
    with DefaultScope.overwrite_default_scope('mmagic'):
        yield {'theirs': MMagicMaskConvModule, 'ours': MaskConvModule}[whose]


@pytest.fixture
def build(whose):
    return {'theirs': build_in_mmagic, 'ours': MODELS.build}[whose]


@pytest.mark.parametrize('multi_channel', [True, False])
@pytest.mark.parametrize('bias', [True, False])
def test_the_layer_without_a_mask_returns_the_output_alone(layer, multi_channel, bias):
    conv = layer(3, 2, kernel_size=1, stride=1, bias=bias, multi_channel=multi_channel, eps=1e-8)
    x = torch.rand(1, 3, 6, 6)
    assert conv(x, mask=None).shape == (1, 2, 6, 6)


def test_the_layer_with_a_mask_returns_the_updated_mask_too_unless_told_not_to(layer):
    conv, x = layer(3, 2, kernel_size=1, stride=1, multi_channel=True, eps=1e-8), torch.rand(1, 3, 6, 6)
    mask = torch.ones_like(x)
    mask[..., 2, 2] = 0
    output, updated = conv(x, mask=mask)
    assert output.shape == updated.shape == (1, 2, 6, 6)
    assert torch.equal(conv(x, mask=mask, return_mask=False), output)
    assert output[..., 2, 2].eq(0).all() and updated.sum() == 2 * 35


@pytest.mark.parametrize('multi_channel, shape', [(True, (1, 1, 6, 6)), (False, (3, 6, 6)), (False, (1, 3, 6, 6))])
def test_masks_that_do_not_fit_the_layer_are_assertion_errors(layer, multi_channel, shape):
    conv = layer(3, 2, kernel_size=1, stride=1, bias=False, multi_channel=multi_channel, eps=1e-8)
    with pytest.raises(AssertionError):
        conv(torch.rand(1, 3, 6, 6), mask=torch.ones(shape))


@pytest.mark.parametrize('arguments, error', [
    (dict(conv_cfg=dict(type='conv')), KeyError),
    (dict(norm_cfg=['norm']), AssertionError),
    (dict(order=['conv', 'norm', 'act']), AssertionError),
    (dict(order=('conv', 'norm')), AssertionError),
    (dict(act_cfg=dict(type='softmax')), KeyError),
    (dict(padding=1, padding_mode='igccc'), KeyError),
    (dict(conv_cfg=dict(type='Conv2d')), AssertionError),
], ids=str)
def test_arguments_that_the_block_refuses_and_how(block, arguments, error):
    with pytest.raises(error):
        block(3, 8, 2, **arguments)


@pytest.mark.parametrize('kernel_size, arguments, with_mask', [
    (2, {}, True),
    (2, dict(order=('norm', 'conv', 'act')), True),
    (3, dict(padding=1, with_spectral_norm=True), False),
    (3, dict(padding=1, norm_cfg=dict(type='BN'), padding_mode='reflect'), True),
    (3, dict(padding=1, act_cfg=dict(type='LeakyReLU')), True),
], ids=str)
def test_the_block_in_its_variants(block, kernel_size, arguments, with_mask):
    conv, x = block(3, 8, kernel_size, conv_cfg=PCONV, **arguments), torch.rand(1, 3, 256, 256)
    mask = torch.ones_like(x)
    mask[..., 20:130, 120:150] = 0
    size = 256 if arguments.get('padding') else 255
    assert hasattr(conv.conv, 'weight_orig') == ('with_spectral_norm' in arguments)
    if arguments.get('padding_mode') == 'reflect':
        assert isinstance(conv.padding_layer, nn.ReflectionPad2d)
    if with_mask:
        output, updated = conv(x, mask)
        assert output.shape == updated.shape == (1, 8, size, size)
    assert conv(x, mask if with_mask else None, return_mask=False).shape == (1, 8, size, size)


def test_the_block_takes_its_convolution_by_position(block):
    conv = block(3, 8, 3, 2, 1, 1, 1, 'auto', PCONV, dict(type='BN'), None)
    assert conv.conv.stride == (2, 2) and conv.conv.bias is None and conv.norm is not None and not conv.with_activation
    assert conv(torch.rand(2, 3, 9, 9), torch.ones(2, 3, 9, 9))[0].shape == (2, 8, 5, 5)


@pytest.mark.parametrize('norm_eval', [False, True])
def test_norm_eval_keeps_the_encoders_statistics(build, norm_eval):
    encoder = build(dict(type='PConvEncoder', norm_eval=norm_eval))
    encoder.train()
    norms = [module for module in encoder.modules() if isinstance(module, _BatchNorm)]
    assert len(norms) == 6 and all(norm.training != norm_eval for norm in norms)


def test_encoder_and_decoder_hand_features_and_masks_on(build):
    encoder, decoder = build(dict(type='PConvEncoder')), build(dict(type='PConvDecoder'))
    image = torch.randn(2, 3, 128, 128)
    with torch.no_grad():
        encoded = encoder(image, torch.ones_like(image))
        assert encoded['out'].shape == (2, 512, 1, 1)
        assert isinstance(encoded['hidden_feats'], dict) and isinstance(encoded['hidden_masks'], dict)
        filled, mask = decoder({key: encoded[key] for key in ('hidden_feats', 'hidden_masks')})
    assert filled.shape == mask.shape == (2, 3, 128, 128)


def test_the_whole_network_initialises_its_weights_and_takes_no_arguments_for_that(build):
    network = build(NETWORK)
    network.init_weights()
    with pytest.raises(TypeError):
        network.init_weights(pretrained=dict(igccc=8989))
