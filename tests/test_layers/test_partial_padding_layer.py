"""The layer without a mask, wherever a convolution stands: what it computes is the sum over windows, in float64."""
import copy
import pickle
import socket

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import partial_conv
from torch import distributed, nn
from torch.nn.utils import parametrizations, parametrize, spectral_norm
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torch.testing import assert_close

from mmpconv import PartialConv1d, PartialConv2d, PartialConv3d
from mmpconv.engine.machine import end_distributed

pytest.importorskip('mmcv')
from mmcv.cnn import ConvModule, fuse_conv_bn

LAYERS = {1: PartialConv1d, 2: PartialConv2d, 3: PartialConv3d}
PLAIN = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}


@st.composite
def layers_and_inputs(draw):
    """Everything that a convolution of torch accepts, on inputs of any size that gives an output."""
    torch.manual_seed(draw(st.integers(0, 1000)))
    spatial = draw(st.integers(1, 3))
    numbers = lambda low, high: draw(st.tuples(*[st.integers(low, high)] * spatial))  # noqa: E731
    kernel, dilation, groups = numbers(1, 4), numbers(1, 2), draw(st.integers(1, 2))
    if draw(st.integers(0, 3)) == 3:
        stride, padding, least = (1,) * spatial, 'same', (1,) * spatial
    else:
        stride, padding = numbers(1, 3), numbers(0, 3)
        least = tuple(max(d * (k - 1) + 1 - 2 * p, 1) for k, d, p in zip(kernel, dilation, padding))
    size = tuple(n + extra for n, extra in zip(least, numbers(0, 3)))
    layer = LAYERS[spatial](4, 2, kernel, stride, padding, dilation, groups, bias=draw(st.booleans()))
    return layer.double(), torch.randn(draw(st.sampled_from([1, 2, 0])), 4, *size).double()


@settings(max_examples=250)
@given(layers_and_inputs())
@pytest.mark.filterwarnings('ignore:Using padding=.same')
def test_any_layer_on_any_size(case):
    """Inputs smaller than the kernel among them, and windows that see nothing but padding."""
    layer, input = case
    bias = None if layer.bias is None else layer.bias.detach()
    expected, _ = partial_conv(input, layer.weight.detach(), bias, None, layer.stride, layer.padding, layer.dilation,
                               layer.groups)
    out = layer(input)
    assert_close(out, expected, rtol=1e-11, atol=1e-11)
    plain = PLAIN[input.dim() - 2](4, 2, layer.kernel_size, layer.stride, layer.padding, layer.dilation, layer.groups,
                                   bias is not None)
    assert out.shape == plain.double()(input).shape


@pytest.mark.parametrize('spatial', [1, 2, 3])
def test_arguments_attributes_and_state_dict_are_those_of_the_plain_layer(spatial):
    arguments = dict(in_channels=4, out_channels=6, kernel_size=3, stride=2, padding=1, groups=2, bias=False,
                     padding_mode='replicate', dtype=torch.float64)
    layer, plain = LAYERS[spatial](**arguments), PLAIN[spatial](**arguments)
    layer.load_state_dict(plain.state_dict())
    input = torch.randn(2, 4, *[5] * spatial).double()
    assert torch.equal(layer(input), plain(input))
    assert {name: getattr(layer, name) for name in plain.__constants__} == {
        name: getattr(plain, name) for name in plain.__constants__}


def standardised(weight):
    flat = weight.flatten(1)
    return ((flat - flat.mean(1, keepdim=True)) / flat.std(1, keepdim=True)).view_as(weight)


class Standardise(nn.Module):
    forward = staticmethod(standardised)


def normalised(weight):
    """Divided by the largest singular value, which is the root of that of W W^T."""
    return weight / torch.linalg.eigvalsh(weight.flatten(1) @ weight.flatten(1).T)[-1].sqrt()


def settled(layer):
    """After power iterations enough to find the largest singular value."""
    for _ in range(100):
        layer(torch.zeros(1, 3, 4, 4).double())
    return layer.eval()


# Name: what is made of a layer, and the weight that it should convolve with.
WRAPPED = {
    'deepcopy': (copy.deepcopy, lambda w: w),
    'pickle': (lambda layer: pickle.loads(pickle.dumps(layer)), lambda w: w),
    'compile': (lambda layer: torch.compile(layer, backend='aot_eager', fullgraph=True), lambda w: w),
    'export': (lambda layer: torch.export.export(layer, (torch.randn(2, 3, 6, 7).double(),)).module(), lambda w: w),
    'data parallel': (nn.DataParallel, lambda w: w),
    'weight standardisation': (lambda layer: parametrize.register_parametrization(layer, 'weight', Standardise()),
                               standardised),
    'spectral norm': (lambda layer: settled(parametrizations.spectral_norm(layer)), normalised),
    'spectral norm by hook': (lambda layer: settled(spectral_norm(layer)), normalised),
}


@pytest.mark.parametrize('padding', [1, 'same'])
@pytest.mark.parametrize('name', WRAPPED)
def test_what_wraps_convolutions_leaves_them_right(name, padding):
    torch._dynamo.reset()
    wrap, weight_of = WRAPPED[name]
    layer, input = PartialConv2d(3, 4, 3, padding=padding).double(), torch.randn(2, 3, 6, 7).double()
    expected, _ = partial_conv(input, weight_of(layer.weight.detach()), layer.bias.detach(), padding=1)
    wrapped = wrap(layer)
    for _ in range(2):  # from the cache the second time
        assert_close(wrapped(input), expected, rtol=1e-9, atol=1e-9)


def test_an_exported_layer_takes_other_sizes():
    layer = PartialConv2d(3, 4, 3, padding=1).double()
    height, width = torch.export.Dim('height', min=4, max=64), torch.export.Dim('width', min=4, max=64)
    program = torch.export.export(layer, (torch.randn(2, 3, 10, 11).double(),),
                                  dynamic_shapes=({2: height, 3: width},))
    for size in ((10, 11), (5, 6), (7, 4)):
        input = torch.randn(2, 3, *size).double()
        expected, _ = partial_conv(input, layer.weight.detach(), layer.bias.detach(), padding=1)
        assert_close(program.module()(input), expected, rtol=1e-11, atol=1e-11)


def normalisation():
    norm = nn.BatchNorm2d(4)
    for value in (norm.weight, norm.bias, norm.running_mean):
        nn.init.normal_(value)
    nn.init.uniform_(norm.running_var, .5, 2)
    return norm.double().eval()


def fused_by_torch(block):
    return fuse_conv_bn_eval(block.conv, block.bn)


def fused_by_mmcv(block):
    return fuse_conv_bn(nn.Sequential(block))


def evaluated_at_once_by_mmcv(block):
    block.turn_on_efficient_conv_bn_eval(True)
    return block


@pytest.mark.parametrize('bias', [True, False])
@pytest.mark.parametrize('fuse', [fused_by_torch, fused_by_mmcv, evaluated_at_once_by_mmcv])
@pytest.mark.filterwarnings('ignore:Unnecessary conv bias')
def test_a_convolution_fused_with_batch_norm_computes_both(fuse, bias):
    """The weight is scaled and a bias comes in, which partial padding must not scale."""
    block = ConvModule(3, 4, 3, stride=2, padding=1, bias=bias, norm_cfg=dict(type='BN'), act_cfg=None,
                       conv_cfg=dict(type='PartialConv2d')).double().eval()
    block.bn, input = normalisation(), torch.randn(2, 3, 6, 7).double()
    conv = block.conv
    out, _ = partial_conv(input, conv.weight.detach(), conv.bias.detach() if bias else None, stride=2, padding=1)
    expected = F.batch_norm(out, block.bn.running_mean, block.bn.running_var, block.bn.weight, block.bn.bias)
    assert_close(fuse(block)(input), expected, rtol=1e-11, atol=1e-11)


def train_in_parallel(rank, port, *args):
    torch.set_num_threads(1)
    distributed.init_process_group('gloo', init_method=f'tcp://127.0.0.1:{port}', rank=rank, world_size=2)
    put_gradients(rank, *args)
    end_distributed()


def put_gradients(rank, state, input, results):
    layer = PartialConv2d(3, 4, 3, padding=1).double()
    layer.load_state_dict(state)
    parallel = nn.parallel.DistributedDataParallel(layer)
    for _ in range(2):
        layer.zero_grad()
        parallel(input[rank]).square().mean().backward()
    if rank == 0:
        results.put([layer.weight.grad.numpy(), layer.bias.grad.numpy()])


def test_two_processes_have_the_gradient_of_one_batch():
    """The whole batch's, by the definition of the paper with automatic differentiation."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = probe.getsockname()[1]
    layer, input = PartialConv2d(3, 4, 3, padding=1).double(), torch.randn(4, 3, 6, 7).double()
    context = torch.multiprocessing.get_context('spawn')
    results = context.SimpleQueue()
    torch.multiprocessing.spawn(train_in_parallel, (port, layer.state_dict(), input.chunk(2), results), nprocs=2)
    gradients = [torch.from_numpy(gradient) for gradient in results.get()]

    weight, bias = (p.detach().clone().requires_grad_() for p in layer.parameters())
    ones = torch.ones(1, 1, 6, 7).double()
    ratio = 9 / F.conv2d(ones, torch.ones(1, 1, 3, 3).double(), padding=1)
    out = F.conv2d(input, weight, None, padding=1) * ratio + bias.view(-1, 1, 1)
    out.square().mean().backward()
    for gradient, parameter in zip(gradients, (weight, bias)):
        assert_close(gradient, parameter.grad, rtol=1e-11, atol=1e-11)
