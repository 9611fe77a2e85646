"""Conversion of built models: what changes, what stays, what is refused."""
import copy
import doctest
import io
import pickle

import pytest
import torch
from reference import partial_conv
from torch import nn
from torch.testing import assert_close

from mmpconv import PartialConv1d, PartialConv2d, PartialConv3d, convert_padding
from mmpconv.padding import convert as padding

CONVOLUTIONS = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
MODES = ['partial', 'reflect', 'replicate', 'zeros']


def small_model():
    """Two branches with a convolution of each sort that conversion meets often."""
    return nn.ModuleDict(dict(
        backbone=nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.Conv2d(4, 4, 1)),
        head=nn.Sequential(nn.Conv2d(4, 4, 5, padding='same'), nn.ConvTranspose2d(4, 2, 4, 2, 1))))


def run(model, input):
    return model['head'](model['backbone'](input))


def loops(layer, input, mode):
    """The layer's output by loops in float64, for a mode of padding."""
    return partial_conv(input, layer.weight.detach(), layer.bias.detach(), None, layer.stride, layer.padding,
                        layer.dilation, layer.groups, mode)[0]


@pytest.mark.parametrize('first', MODES)
@pytest.mark.parametrize('mode', MODES)
@pytest.mark.parametrize('spatial', [1, 2, 3])
def test_a_converted_convolution_is_the_sum_over_windows(spatial, mode, first):
    """From every padding to every other."""
    layer = CONVOLUTIONS[spatial](4, 2, 3, stride=2, padding=2, dilation=2, groups=2).double()
    convert_padding(layer, first)
    convert_padding(layer, mode)
    input = torch.randn(2, 4, *(5, 6, 4)[:spatial]).double()
    if mode == 'zeros':
        expected = {1: nn.functional.conv1d, 2: nn.functional.conv2d, 3: nn.functional.conv3d}[spatial](
            input, layer.weight, layer.bias, 2, 2, 2, 2)
    else:
        expected = loops(layer, input, 'zeros' if mode == 'partial' else mode)
    assert_close(layer(input), expected, rtol=1e-12, atol=1e-12)
    kinds = {1: PartialConv1d, 2: PartialConv2d, 3: PartialConv3d} if mode == 'partial' else CONVOLUTIONS
    assert type(layer) is kinds[spatial]


def test_modules_parameters_hooks_and_names_stay():
    model, seen = small_model(), []
    conv = model['backbone'][0]
    conv.register_forward_hook(lambda *_: seen.append(True))
    modules, parameters = dict(model.named_modules()), dict(model.named_parameters())
    optimizer = torch.optim.SGD(model.parameters(), lr=1)
    state = {key: value.clone() for key, value in model.state_dict().items()}
    convert_padding(model)
    assert dict(model.named_modules()) == modules
    assert all(after is parameters[name] for name, after in model.named_parameters())
    run(model, torch.randn(1, 3, 8, 8)).sum().backward()
    optimizer.step()
    assert seen == [True] and isinstance(conv, nn.Conv2d)
    assert not torch.equal(conv.weight, state['backbone.0.weight'])
    model.load_state_dict(state)
    assert list(model.state_dict()) == list(state)


@pytest.mark.parametrize('mode', MODES[:3])
def test_undo_gives_the_model_back(mode):
    model, input = small_model().eval(), torch.randn(1, 3, 8, 8)
    model['backbone'][0].padding_mode = 'replicate'
    before, types = run(model, input), [type(part) for part in model.modules()]
    report = convert_padding(model, mode)
    assert len(report.converted) == (1 if mode == 'replicate' else 2)
    assert not torch.equal(run(model, input), before)
    for _ in range(2):
        report.undo()
        assert torch.equal(run(model, input), before)
        assert [type(part) for part in model.modules()] == types


def test_the_report_says_what_was_done_and_prints_as_a_table():
    report = convert_padding(small_model())
    assert [(c.name, c.layer, c.before) for c in report.converted] == [
        ('backbone.0', 'Conv2d', 'zeros'), ('head.0', 'Conv2d', 'zeros')]
    assert report.without_padding == 1 and report.mode == 'partial'
    assert str(report) == '''\
2 convolutions converted to partial padding; 1 module left alone; 1 convolution without padding

convolution  layer   kernel  padding  was    is
-----------  ------  ------  -------  -----  -------
backbone.0   Conv2d  3x3     1x1      zeros  partial
head.0       Conv2d  5x5     same     zeros  partial

left alone  layer            because it is
----------  ---------------  ----------------------------------------
head.1      ConvTranspose2d  transposed: its padding crops the output'''


def test_a_converted_model_is_converted_again_to_no_effect():
    model = small_model()
    convert_padding(model)
    report = convert_padding(model)
    assert not report.converted and report.unchanged == ('backbone.0', 'head.0')
    assert str(report).startswith('nothing to do: 2 convolutions had partial padding already; 1 module left alone')
    report = convert_padding(model, 'zeros', include='head')
    report = convert_padding(model)
    assert report.summary().startswith('1 convolution converted to partial padding, 1 had it already')


@pytest.mark.parametrize('include, exclude, names', [
    ('backbone', None, ['backbone.0']),
    ('*.0', None, ['backbone.0', 'head.0']),
    (['back*', 'head.?'], None, ['backbone.0', 'head.0']),
    (None, 'head', ['backbone.0']),
    ('*', ['backbone.?'], ['head.0']),
], ids=str)
def test_patterns_choose_modules_and_all_below_them(include, exclude, names):
    model = small_model()
    report = convert_padding(model, include=include, exclude=exclude)
    assert [c.name for c in report.converted] == names
    assert [name for name, part in model.named_modules() if isinstance(part, PartialConv2d)] == names


@pytest.mark.parametrize('arguments, error, message', [
    (dict(mode='circular'), ValueError, "mode is 'circular', which is for images that wrap around"),
    (dict(mode='Partial'), ValueError, "mode is 'Partial' but must be one of partial, reflect, replicate, zeros"),
    (dict(include='backbone1'), ValueError, "include pattern 'backbone1' matches no convolution; names are, "
     "for example, 'backbone.0', 'backbone.2', 'head.0' of 4"),
    (dict(exclude=['head', 'neck']), ValueError, "exclude pattern 'neck' matches no convolution"),
    (dict(include='head', exclude='*'), ValueError, r"exclude '\*' leaves none of the 2 convolutions that "
     "'head' is to convert, so there is nothing"),
    (dict(include=['head.1', 'backbone.2']), ValueError, 'nothing to convert: 1 convolution without padding; head.1 '
     r'\(ConvTranspose2d\) is transposed'),
])
def test_what_cannot_be_done_is_one_sentence_and_changes_nothing(arguments, error, message):
    model = small_model()
    types = [type(part) for part in model.modules()]
    with pytest.raises(error, match=message):
        convert_padding(model, **arguments)
    assert [type(part) for part in model.modules()] == types


@pytest.mark.parametrize('model, error, message', [
    (dict(type='ResNet'), TypeError, 'model is dict but must be a built torch.nn.Module; build it first, or wrap its '
     "config in type='mmpconv.PaddedModel'"),
    (nn.Linear(2, 2), ValueError, 'Linear has no convolution, so there is no padding to convert'),
    (nn.Conv2d(3, 3, 3), ValueError, 'nothing to convert: 1 convolution without padding'),
    (nn.Conv2d(3, 3, 3, padding=1, padding_mode='circular'), ValueError,
     r'nothing to convert: the model itself \(Conv2d\) is circular: beyond the border lies the other side'),
    (torch.jit.script(nn.Sequential(nn.Conv2d(3, 3, 3, padding=1))), TypeError,
     'model is scripted already, so its padding is fixed; convert it before torch.jit'),
], ids=['config', 'linear', 'unpadded', 'circular', 'scripted'])
def test_models_with_nothing_to_convert_are_refused(model, error, message):
    with pytest.raises(error, match=message):
        convert_padding(model)


@pytest.mark.parametrize('duplicate', [
    copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model)),
    lambda model: torch.load(_saved(model), weights_only=False)], ids=['deepcopy', 'pickle', 'torch.save'])
@pytest.mark.parametrize('mode', MODES[:3])
def test_converted_models_are_duplicated_and_the_duplicate_converts_back(duplicate, mode):
    model, input = small_model().eval(), torch.randn(1, 3, 8, 8)
    before = run(model, input)
    convert_padding(model, mode)
    other = duplicate(model)
    assert torch.equal(run(other, input), run(model, input))
    convert_padding(other, 'zeros')
    assert torch.equal(run(other, input), before)
    assert not torch.equal(run(model, input), before)


def _saved(model):
    file = io.BytesIO()
    torch.save(model, file)
    file.seek(0)
    return file


@pytest.mark.parametrize('compile', [torch.compile, lambda model, **how: model.compile(**how) or model],
                         ids=['wrapped', 'in place'])
def test_a_compiled_model_computes_what_it_was_converted_to(compile):
    model, input = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU()), torch.randn(1, 3, 8, 8)
    compiled = compile(model, backend='aot_eager')
    zero = compiled(input)
    for mode in MODES[:3]:
        report = convert_padding(compiled, mode)
        expected = loops(model[0], input, 'zeros' if mode == 'partial' else mode).relu()
        assert_close(compiled(input).double(), expected, rtol=1e-4, atol=1e-5)
        report.undo()
        assert torch.equal(compiled(input), zero)


def test_a_module_that_stands_in_two_places_is_converted_once():
    shared = nn.Conv2d(3, 3, 3, padding=1)
    report = convert_padding(nn.Sequential(shared, nn.ReLU(), shared))
    assert [c.name for c in report.converted] == ['0']


def test_the_example_of_the_docstring():
    result = doctest.testmod(padding)
    assert result.attempted >= 4 and not result.failed
