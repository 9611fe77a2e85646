import networks
import pytest
import torch
from networks import MMAGIC, NETWORKS, OURS, PLAIN
from peers import MMagicPartialConv2d
from torch import nn

CPU = torch.device('cpu')


@pytest.fixture
def built() -> dict[str, nn.Module]:
    torch.manual_seed(0)
    return {name: networks.build(name, width=4, num_layers=5).eval() for name in NETWORKS}


def test_plain_network_is_mmagics_without_masks(built, monkeypatch):
    def plain(self, input, mask, return_mask):
        out = self._conv_forward(input, self.weight, self.bias)
        return out, torch.ones_like(out)

    weights = {key: value for key, value in built[MMAGIC].state_dict().items()
               if not key.endswith('weight_mask_updater')}
    built[PLAIN].load_state_dict(weights)
    image, mask = networks.random_input(1, 64, CPU)
    monkeypatch.setattr(MMagicPartialConv2d, 'forward', plain)
    expected, got = (networks.inference(built[name], image, mask) for name in (MMAGIC, PLAIN))
    torch.testing.assert_close(got, expected, rtol=0, atol=0)


def test_all_networks_have_the_same_weights(built):
    sizes = {name: {key: value.shape for key, value in network.named_parameters()}
             for name, network in built.items()}
    assert sizes[OURS] == sizes[PLAIN] == sizes[MMAGIC]


def test_networks_are_mmagics_default_at_width_64():
    weight = networks.build(MMAGIC, 64, 4).encoder.enc3.conv.weight
    assert weight.shape == (256, 128, 5, 5)


def test_holes_cover_about_two_fifths():
    image, mask = networks.random_input(8, 64, CPU)
    assert set(mask.unique().tolist()) == {0, 1}
    assert 0.3 < 1 - mask.mean() < 0.5
    assert not (image * (1 - mask)).any()


@pytest.mark.parametrize('name', NETWORKS)
def test_training_step_leaves_gradients_of_one_step(built, name):
    network, data = built[name].train(), networks.random_input(2, 64, CPU)
    networks.training_step(network, *data)
    first = [parameter.grad.clone() for parameter in network.parameters()]
    networks.training_step(network, *data)
    torch.testing.assert_close([parameter.grad for parameter in network.parameters()], first,
                               rtol=1e-3, atol=1e-5)
