"""What torch.export writes down is good for images of other sizes."""
import pytest
import torch
import torch.fx.experimental._config as symbolic_shapes
from torch import nn
from torch.export import Dim

from mmpconv.ops import line_variation, partial_conv2d, pyramid_fill, window_count
from mmpconv.ops.partial_conv import upsampled_conv2d
from mmpconv.ops.tracing import is_exporting

requires_export = pytest.mark.skipif(not hasattr(torch.compiler, 'is_exporting'), reason='needs torch 2.7')
ROWS, COLUMNS = Dim('rows', min=9), Dim('columns', min=9)


class Function(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, *inputs):
        return self.function(*inputs)


def export(function, *inputs):
    sizes = {2: ROWS, 3: COLUMNS}
    program = torch.export.export(Function(function), inputs, dynamic_shapes=((sizes, ) * len(inputs), ))
    return program.module()


@requires_export
@pytest.mark.parametrize('kernel, stride, padding, dilation, groups', [
    ((3, 3), (1, 1), (1, 1), (1, 1), 1), ((7, 7), (2, 2), (3, 3), (1, 1), 1), ((1, 4), (1, 2), (0, 3), (2, 3), 3),
    ((2, 3), (1, 1), 'same', (1, 1), 2),
], ids=str)
def test_counts_of_an_export_are_the_same(kernel, stride, padding, dilation, groups):
    def count(valid):
        return window_count(valid, kernel, stride, padding, dilation)

    exported = export(count, torch.zeros(2, groups, 12, 11))
    for size in ((12, 11), (9, 9), (20, 33)):
        valid = torch.randint(0, 5, (2, groups, *size)).float()
        assert torch.equal(exported(valid), count(valid))


@requires_export
def test_a_partial_convolution_is_exported_for_any_size():
    weight, bias = torch.randn(4, 3, 3, 3), torch.randn(4)

    def layer(input, mask):
        return partial_conv2d(input, weight, bias, mask, stride=2, padding=1)

    exported = export(layer, torch.zeros(2, 3, 16, 18), torch.ones(2, 1, 16, 18))
    for size in ((16, 18), (9, 31)):
        input, mask = torch.randn(2, 3, *size), (torch.rand(2, 1, *size) > 0.7).float()
        output, mask_out = layer(input, mask)
        got, got_mask = exported(input.masked_fill(mask == 0, torch.nan), mask)
        torch.testing.assert_close(got, output)
        assert torch.equal(got_mask, mask_out)


@requires_export
def test_an_export_does_not_count_on_doubled_maps():
    weight = torch.randn(4, 5, 3, 3)

    def convolve(low, skip):
        low = low[:, :, ::2, ::2]  # half of the size, rounded up
        return upsampled_conv2d(low, skip, weight, (1, 1), (1, 1), (1, 1), 1)

    exported = export(convolve, torch.zeros(1, 2, 64, 64), torch.zeros(1, 3, 64, 64))
    for size in ((64, 64), (63, 64), (33, 51)):
        low, skip = torch.randn(1, 2, *size), torch.randn(1, 3, *size)
        torch.testing.assert_close(exported(low, skip), convolve(low, skip), rtol=1e-4, atol=1e-4)


@requires_export
@pytest.mark.parametrize('fill', [pyramid_fill, line_variation], ids=['colours', 'variation'])
def test_pyramids_are_exported_for_any_size(fill):
    sizes = {2: Dim('rows', min=1), 3: Dim('columns', min=1)}
    with symbolic_shapes.patch(backed_size_oblivious=True):  # as mmpconv.apis.export does it
        exported = torch.export.export(Function(fill), (torch.zeros(2, 3, 37, 50), torch.ones(2, 1, 37, 50)),
                                       dynamic_shapes=((sizes, ) * 2, )).module()
    for size in ((37, 50), (1, 1), (70, 3), (5, 129)):
        image, mask = torch.rand(2, 3, *size), (torch.rand(2, 1, *size) > 0.6).float()
        torch.testing.assert_close(exported(image, mask), fill(image, mask), rtol=1e-5, atol=1e-6)


def test_nothing_else_is_an_export():
    assert not is_exporting()
    seen = []
    torch.jit.trace(lambda x: (seen.append(is_exporting()), x + 1)[1], torch.zeros(1))
    assert seen and not any(seen)
