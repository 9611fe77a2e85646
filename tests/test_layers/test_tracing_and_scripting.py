"""torch.fx takes the layers whole, torch.jit.script compiles them, and quantisation leaves them in floating point."""
import copy
import io
import pickle
import warnings

import pytest
import torch
import torchvision
from torch import nn
from torch.fx import symbolic_trace
from torchvision.models.feature_extraction import create_feature_extractor, get_graph_node_names

from mmpconv import PartialConv1d, PartialConv2d, PartialConv3d, convert_padding
from mmpconv.layers import PConv

GEOMETRIES = [
    dict(padding=1), dict(padding='same', bias=False), dict(padding='valid'), dict(padding=5),
    dict(padding=(2, 0), stride=(2, 1)), dict(padding=3, dilation=2, groups=2)]


@pytest.fixture(autouse=True)
def _quiet():
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', DeprecationWarning)  # of torch.jit and torch.ao as a whole
        yield


def assert_same(results, expected):
    results, expected = (x if isinstance(x, tuple) else (x,) for x in (results, expected))
    for result, value in zip(results, expected, strict=True):
        assert torch.equal(result, value) and result.dtype == value.dtype


def masks(channels):
    mask = (torch.rand(2, channels, 9, 10) > .6).float()
    mask[:, :, 2:7, 3:8] = 0
    return [mask, mask.bool(), mask.double(), mask * torch.rand_like(mask), mask[:1],
            mask[:, :1].expand(-1, channels, -1, -1)]


@pytest.fixture(scope='module')
def network():
    torch.manual_seed(0)
    model = torchvision.models.resnet18().eval()
    convert_padding(model)
    return model


@pytest.mark.parametrize('geometry', GEOMETRIES, ids=str)
@pytest.mark.parametrize('multi_channel', [False, True])
@pytest.mark.parametrize('return_mask', [False, True])
def test_a_scripted_layer_gives_the_same_bits(geometry, multi_channel, return_mask):
    layer = PartialConv2d(4, 8, 3, multi_channel=multi_channel, return_mask=return_mask, **geometry)
    scripted, input = torch.jit.script(layer), torch.randn(2, 4, 9, 10)
    assert_same(scripted(input), layer(input))
    for mask in masks(4 if multi_channel else 1):
        holed = torch.where(mask == 0, torch.nan, input)
        assert_same(scripted(holed, mask), layer(holed, mask))
    with pytest.raises(torch.jit.Error, match='one channel per input channel if the layer is multi_channel'):
        scripted(input, torch.ones(2, 3, 9, 10))


@pytest.mark.parametrize('layer, shape', [(PartialConv1d, (2, 4, 9)), (PartialConv3d, (2, 4, 5, 6, 7))])
def test_other_dimensions_are_scripted_too(layer, shape):
    layer = layer(4, 8, 3, stride=2, padding=1, return_mask=True)
    input, mask = torch.randn(shape), (torch.rand(2, 1, *shape[2:]) > .7).float()
    assert_same(torch.jit.script(layer)(input), layer(input))
    assert_same(torch.jit.script(layer)(input, mask), layer(input, mask))


def test_mmagics_layer_is_scripted_saved_and_loaded_and_its_gradients_are_the_same():
    layer, file = PConv(4, 8, 3, padding=1, multi_channel=True), io.BytesIO()
    torch.jit.save(torch.jit.script(layer), file)
    file.seek(0)
    loaded, input, mask = torch.jit.load(file), torch.randn(2, 4, 9, 10), masks(4)[0]
    assert_same(loaded(input, mask), layer(input, mask))
    for module in (layer, loaded):
        module(input, mask)[0].square().sum().backward()
    for ours, theirs in zip(layer.parameters(), loaded.parameters(), strict=True):
        assert torch.equal(ours.grad, theirs.grad)
    with pytest.raises(torch.jit.Error, match='so it needs a mask'):
        loaded(input)


def test_scripting_leaves_the_layer_as_it_was():
    model = nn.Sequential(PartialConv2d(3, 4, 3, padding=1), nn.ReLU())
    layer = model[0]
    torch.jit.script(model)
    assert model[0] is layer and type(layer) is PartialConv2d


def test_a_converted_network_is_traced_extracted_and_scripted_bit_by_bit(network):
    input = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        expected = network(input)
        for other in (symbolic_trace(network), torch.jit.script(network), copy.deepcopy(symbolic_trace(network)),
                      pickle.loads(pickle.dumps(symbolic_trace(network)))):
            assert torch.equal(other(input), expected)
            assert other.state_dict().keys() == network.state_dict().keys()
        names = get_graph_node_names(network)[1]
        assert names == get_graph_node_names(torchvision.models.resnet18())[1]
        features = create_feature_extractor(network, ['layer1.0.conv1', 'layer4'])(input)
        assert torch.equal(features['layer1.0.conv1'], network.layer1[0].conv1(network.maxpool(
            network.relu(network.bn1(network.conv1(input))))))


def test_spectral_norm_stays_a_hook_of_a_traced_layer():
    model = nn.Sequential(nn.utils.spectral_norm(PartialConv2d(4, 8, 3, padding=1))).eval()
    traced, input = symbolic_trace(model), torch.randn(2, 4, 9, 10)
    with torch.no_grad():
        model[0].weight_orig.mul_(3).add_(1)  # shared with the traced one
    assert torch.equal(traced(input), model(input))


def test_undoing_makes_plain_convolutions_of_torch_again():
    model = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1))
    keys = set(vars(model[0]))
    convert_padding(model).undo()
    assert type(model[0]) is nn.Conv2d and set(vars(model[0])) == keys


def quantised(model, input):
    from torch.ao.quantization import get_default_qconfig_mapping, quantize_fx

    prepared = quantize_fx.prepare_fx(copy.deepcopy(model), get_default_qconfig_mapping('x86'), (input,))
    prepared(input)
    return prepared, quantize_fx.convert_fx(prepared)


def test_quantisation_after_conversion_leaves_converted_convolutions_in_floating_point():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 8, 3, padding=2), nn.ReLU(), nn.Conv2d(8, 8, 1), nn.Flatten()).eval()
    input, zero_padded = torch.rand(4, 3, 6, 6), copy.deepcopy(model)
    convert_padding(model)
    _, converted = quantised(model, input)
    assert [type(converted.get_submodule('0')), type(converted.get_submodule('2')).__module__] == [
        PartialConv2d, 'torch.ao.nn.quantized.modules.conv']
    with torch.no_grad():
        result, expected, other = converted(input), model(input), zero_padded(input)
    assert (result - expected).abs().max() < 0.1 * (other - expected).abs().max()


def test_conversion_within_quantisation_is_refused_with_the_order_that_works():
    model = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU()).eval()
    prepared, converted = quantised(model, torch.rand(1, 3, 6, 6))
    for quantised_model in (prepared, converted):
        with pytest.raises(ValueError, match='nothing to convert: .*quantised or about to be, with zero padding: '
                                             'convert the float model, which keeps it in floating point'):
            convert_padding(quantised_model)
    with pytest.raises(TypeError, match=r'input is quantised, torch.quint8, .* pass input.dequantize\(\)'):
        PartialConv2d(3, 8, 3)(torch.quantize_per_tensor(torch.rand(1, 3, 6, 6), .1, 0, torch.quint8))


@pytest.mark.parametrize('layer', [PartialConv2d, PConv])
def test_a_layer_can_be_made_without_its_initialisation(layer):
    made = nn.utils.skip_init(layer, 3, 4, 3, padding=1, multi_channel=True, device='meta')
    assert made.weight.is_meta and made.multi_channel and made.padding == (1, 1)
