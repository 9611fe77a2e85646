"""Checkpoints: those of ``nn.Conv*d`` and of the peers load, and ours are theirs without the ones."""
import pytest
import torch
from torch import nn

import mmpconv
from mmpconv import PartialConv2d, PartialConv3d
from mmpconv.layers import PConv

pytest.importorskip('mmagic')
assert mmpconv  # its import makes MMagic importable

from mmagic.models.editors.pconv.partial_conv import PartialConv2d as MMagicPartialConv2d  # noqa: E402


@pytest.mark.parametrize('layer, plain', [
    (PartialConv2d, nn.Conv2d), (PConv, nn.Conv2d), (PartialConv3d, nn.Conv3d)])
@pytest.mark.parametrize('bias', [True, False])
def test_the_keys_are_those_of_a_plain_convolution(layer, plain, bias):
    ours, theirs = layer(3, 4, 3, bias=bias, multi_channel=True), plain(3, 4, 3, bias=bias)
    theirs.load_state_dict(ours.state_dict())
    ours.load_state_dict(theirs.state_dict())
    assert not list(ours.buffers())


@pytest.mark.parametrize('buffer', ['weight_mask_updater', 'weight_maskUpdater'])
def test_the_peers_kernels_of_ones_are_dropped_silently(buffer, recwarn):
    network = nn.Sequential(PartialConv2d(3, 4, 3, multi_channel=True), nn.ReLU())
    state = {'0.weight': torch.randn(4, 3, 3, 3), '0.bias': torch.randn(4), f'0.{buffer}': torch.ones(4, 3, 3, 3)}
    keys = network.load_state_dict(state, strict=True)
    assert not keys.missing_keys and not keys.unexpected_keys and not recwarn
    assert torch.equal(network[0].weight, state['0.weight'])
    assert f'0.{buffer}' in state  # the caller's dict is its own


def test_mmagics_checkpoint_is_as_large_again():
    ours, theirs = PConv(8, 8, 3, multi_channel=True), MMagicPartialConv2d(8, 8, 3, multi_channel=True)
    ours.load_state_dict(theirs.state_dict())
    size = lambda layer: sum(t.numel() for t in layer.state_dict().values())  # noqa: E731
    assert size(theirs) == size(ours) + 8 * 8 * 9


def test_other_keys_are_still_reported():
    layer = PartialConv2d(3, 4, 3)
    with pytest.raises(RuntimeError, match=r'(?s)Missing.*bias.*Unexpected.*scale'):
        layer.load_state_dict({'weight': torch.zeros(4, 3, 3, 3), 'scale': torch.zeros(1)})
    with pytest.raises(RuntimeError, match='size mismatch for weight'):
        layer.load_state_dict({'weight': torch.zeros(4, 3, 5, 5), 'bias': torch.zeros(4)})
