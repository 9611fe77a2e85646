"""The network against MMagic's, weights copied: output, mask, gradients, statistics of BatchNorm."""
import pytest
import torch
from mmagic_peers import NETWORK, build_in_mmagic, randomise
from torch.testing import assert_close

from mmpconv.ops import partial_conv as upsampled_conv
from mmpconv.registry import MODELS

SIZE = 128  # of the image: the smallest that MMagic's 7 layers take


# Rounding, in epsilons of the largest value, that 14 layers amplify. MMagic's own results move by up to 36
# epsilons in evaluation, and by 18,000 in training (BatchNorm over the two pixels of the innermost map), if
# each of its weights is moved by one rounding; ours differ from them by up to 36 and 17,000.
ROUNDING = {False: 200, True: 1e5}


def assert_agree(value, expected, training=False, name=''):
    largest = max(expected.abs().max().item(), 1e-3)
    assert_close(value, expected, rtol=0, atol=ROUNDING[training] * torch.finfo(expected.dtype).eps * largest,
                 msg=lambda message: f'{name}: {message}')


def images(dtype, size=SIZE):
    mask = (torch.rand(2, 1, size, size) > .3).to(dtype)
    mask[:, :, 20:110, 30:115] = 0  # a hole that the first layers cannot close
    return torch.randn(2, 3, size, size, dtype=dtype), mask.repeat(1, 3, 1, 1)


@pytest.fixture(scope='module')
def networks():
    """MMagic's, and ours with its weights, in float64."""
    torch.manual_seed(0)
    peer = randomise(build_in_mmagic(NETWORK)).double()
    ours = MODELS.build(NETWORK).double()
    assert type(ours.encoder).__module__ == 'mmpconv.models.inpainting.pconv_encoder_decoder'
    ours.load_state_dict(peer.state_dict())
    return peer, ours


def outcome(network, training):
    """All that a step produces, by name; leaves the statistics of BatchNorm as they were."""
    torch.manual_seed(1)
    input, mask = images(torch.float64)
    state = {name: value.clone() for name, value in network.state_dict().items()}
    network.train(training)
    network.zero_grad()
    input.requires_grad_()
    out, mask_out = network(input, mask)
    out.backward(torch.randn(out.shape).double())
    results = {'output': out.detach(), 'mask': mask_out, 'gradient of the input': input.grad}
    results.update({f'gradient of {name}': p.grad for name, p in network.named_parameters()})
    results.update({name: value.clone() for name, value in network.named_buffers() if '.bn.' in name})
    network.load_state_dict(state)
    return results


@pytest.fixture(scope='module', params=[False, True], ids=['eval', 'train'])
def training(request):
    return request.param


@pytest.fixture(scope='module')
def expected(networks, training):
    return outcome(networks[0], training)


@pytest.mark.slow
@pytest.mark.parametrize('fast', [True, False], ids=['fast', 'direct'])
def test_output_mask_gradients_and_statistics_agree(networks, training, expected, fast, monkeypatch):
    monkeypatch.setattr(upsampled_conv, '_MIN_PIXELS', 0 if fast else 1 << 30)
    results = outcome(networks[1], training)
    assert results.keys() == expected.keys()
    assert results['mask'].shape == expected['mask'].shape and torch.equal(results['mask'], expected['mask'])
    for name, value in expected.items():
        if value.dtype.is_floating_point:
            assert_agree(results[name], value, training, name)
        else:  # number of batches
            assert torch.equal(results[name], value) and value == training


def test_outputs_agree_to_float32_rounding():
    peer = randomise(build_in_mmagic(NETWORK)).eval()
    ours = MODELS.build(NETWORK).eval()
    ours.load_state_dict(peer.state_dict())
    input, mask = images(torch.float32)
    with torch.no_grad():
        theirs, results = peer(input, mask), ours(input, mask)
    assert_agree(results[0], theirs[0])
    assert torch.equal(results[1], theirs[1])


def test_without_the_fast_path_every_bit_agrees(monkeypatch):
    """Initial biases are 0: MMagic subtracts and adds a bias around the ratio, with two more roundings."""
    monkeypatch.setattr(upsampled_conv, '_MIN_PIXELS', 1 << 30)
    peer = build_in_mmagic(NETWORK).eval()
    ours = MODELS.build(NETWORK).eval()
    ours.load_state_dict(peer.state_dict())
    input, mask = images(torch.float32)
    with torch.no_grad():
        theirs, results = peer(input, mask), ours(input, mask)
    assert torch.equal(results[0], theirs[0]) and torch.equal(results[1], theirs[1])


@torch.no_grad()
def test_encoders_agree_where_features_are_valid(networks):
    """Ours are zero in the holes, MMagic's are whatever BatchNorm makes of zero there."""
    (peer, ours), (input, mask) = networks, images(torch.float64)
    theirs, results = peer.eval().encoder(input, mask), ours.eval().encoder(input, mask)
    assert results['hidden_masks'].keys() == theirs['hidden_masks'].keys()
    for key, expected_mask in theirs['hidden_masks'].items():
        assert torch.equal(results['hidden_masks'][key], expected_mask)
        assert_agree(results['hidden_feats'][key], theirs['hidden_feats'][key] * expected_mask)
    assert results['out'] is results['hidden_feats']['h7']


@torch.no_grad()
def test_the_decoder_takes_mmagics_encoding(networks):
    """Features that are not zero in the holes, and masks with a plane per channel."""
    (peer, ours), (input, mask) = networks, images(torch.float64)
    encoded = peer.eval().encoder(input, mask)
    feats, masks = encoded['hidden_feats'], encoded['hidden_masks']
    assert any(feats[key][masks[key] == 0].ne(0).any() for key in feats)
    (out, out_mask), (expected, expected_mask) = ours.eval().decoder(encoded), peer.decoder(encoded)
    assert_agree(out, expected)
    assert torch.equal(out_mask, expected_mask)


@torch.no_grad()
def test_soft_masks_agree_without_bias(networks, monkeypatch):
    """With a bias MMagic multiplies by a soft mask twice."""
    for network in networks:
        monkeypatch.setattr(network.eval().encoder.enc1.conv, 'bias', None)
        monkeypatch.setattr(network.decoder.dec1.conv, 'bias', None)
    peer, ours = networks
    input, mask = images(torch.float64)
    mask = mask.clamp(min=.002)  # a window of the first layer has 147 positions
    encoded, theirs = ours.encoder(input, mask), peer.encoder(input, mask)
    assert ((theirs['hidden_masks']['h1'] > .2) & (theirs['hidden_masks']['h1'] < .3)).any()
    for key, expected_mask in theirs['hidden_masks'].items():
        assert_agree(encoded['hidden_masks'][key], expected_mask)
    for value, expected in zip(ours.decoder(encoded), peer.decoder(theirs)):
        assert_agree(value, expected)
