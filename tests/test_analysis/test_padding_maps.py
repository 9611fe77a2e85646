"""The numbers of the picture of padding, against hand-computed ones and direct forward passes, and the picture."""
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
import torch
import torch.nn.functional as F
import torchvision
from PIL import Image
from torch import nn

import mmpconv
from mmpconv.analysis.padding_inputs import SURROUNDINGS, build_networks
from mmpconv.analysis.padding_maps import (
    NO_BORDER,
    PARTIAL,
    WINDOWS,
    ZERO,
    LayerMaps,
    compare,
    draw,
    summary,
)
from mmpconv.cli import main
from mmpconv.errors import LaunchError

SIDE = 32 + 2 * SURROUNDINGS
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope='module')
def networks():
    return build_networks('resnet18')


def averaging(stride=1):
    network = nn.Sequential(nn.Conv2d(3, 2, 3, stride, padding=1, bias=False), nn.ReLU())
    nn.init.constant_(network[0].weight, 1 / 27)
    return network


def test_zero_padding_darkens_the_border_of_a_constant_photo_and_partial_padding_does_not():
    maps, = compare('averaging', averaging(), torch.full((1, 3, SIDE, SIDE), 0.5), ['0'])
    expected = np.full((32, 32), 0.5)
    np.testing.assert_allclose(maps.maps[PARTIAL], expected, rtol=1e-6)
    np.testing.assert_allclose(maps.maps[NO_BORDER], expected, rtol=1e-6)
    expected[[0, -1]] *= 6 / 9
    expected[:, [0, -1]] *= 6 / 9
    np.testing.assert_allclose(maps.maps[ZERO], expected, rtol=1e-6)
    # 4 corners of 4 / 9 and 120 cells of 6 / 9 on the edges.
    assert maps.border(ZERO) == pytest.approx((4 * 4 / 9 + 120 * 6 / 9) / 124)
    assert maps.border(PARTIAL) == pytest.approx(1)


def test_averaging_filters_keep_a_constant_photo_constant_through_a_whole_network(networks):
    network, normalised = networks['averaging filters']
    assert not normalised
    for maps in compare('averaging', network, torch.ones(1, 3, 96 + 2 * SURROUNDINGS, 96 + 2 * SURROUNDINGS)):
        for which in (PARTIAL, NO_BORDER):
            values = maps.maps[which]
            np.testing.assert_allclose(values, values.mean(), rtol=1e-4)
        assert maps.border(ZERO) < 0.8


def test_maps_are_those_of_a_direct_forward_pass(networks):
    network, normalised = networks['filters of random sign']
    assert normalised
    image = torch.rand(1, 3, SIDE, SIDE)
    layers = ['layer2', 'maxpool', 'layer1.0.bn2']
    found = compare('random', network, image, layers)
    assert [maps.layer for maps in found] == layers
    crop = image[..., 64:96, 64:96]
    torch.manual_seed(0)
    partial = torchvision.models.resnet18().eval()
    mmpconv.convert_padding(partial)
    for which, padded in ((ZERO, network), (PARTIAL, partial)):
        with torch.no_grad():
            pooled = padded.maxpool(padded.relu(padded.bn1(padded.conv1(crop))))
            block = padded.layer1[0]
            # What the block then adds and cuts off in place is not part of it.
            inner = block.bn2(block.conv2(block.relu(block.bn1(block.conv1(pooled)))))
            expected = [padded.layer2(padded.layer1(pooled)), pooled, inner]
        for maps, values in zip(found, expected):
            np.testing.assert_allclose(maps.maps[which], values[0].abs().mean(0).numpy(), rtol=1e-5, atol=1e-7)
    assert inner.min() < 0
    assert np.abs(found[0].maps[ZERO] - found[0].maps[PARTIAL]).max() > 0.1


@pytest.mark.parametrize('stride', [1, 2, 4])
def test_no_border_is_the_convolution_of_the_real_surroundings(stride):
    network, image = averaging(stride), torch.rand(1, 3, SIDE, SIDE)
    maps, = compare('', network, image, ['1'])
    expected = F.conv2d(image[..., 63:97, 63:97], network[0].weight, None, stride)[0].mean(0)
    assert expected.shape == (32 // stride,) * 2
    np.testing.assert_allclose(maps.maps[NO_BORDER], expected.detach().numpy(), rtol=1e-5)


def test_the_network_is_left_as_it_was(networks):
    network = networks['filters of random sign'][0]
    compare('', network, torch.rand(1, 3, SIDE, SIDE))
    assert not any(isinstance(module, mmpconv.PartialConv2d) for module in network.modules())
    assert not any(module._forward_hooks for module in network.modules())


def test_default_layers_are_the_last_ones_of_a_quarter_and_a_sixteenth(networks):
    network, side = networks['filters of random sign'][0], 64 + 2 * SURROUNDINGS
    assert [maps.layer for maps in compare('', network, torch.rand(1, 3, side, side))] == ['layer1', 'layer3']
    assert [maps.layer for maps in compare('', averaging(), torch.rand(1, 3, SIDE, SIDE))] == ['1']


def test_profile_and_interior_of_a_map():
    values = np.arange(25.).reshape(5, 5)
    values[2, 2] = 100
    maps = LayerMaps('', 'layer', {ZERO: values, PARTIAL: values * 0 + 2, NO_BORDER: values})
    border = [0, 1, 2, 3, 4, 5, 9, 10, 14, 15, 19, 20, 21, 22, 23, 24]
    ring = [6, 7, 8, 11, 13, 16, 17, 18]
    np.testing.assert_allclose(maps.profile(ZERO), [np.mean(border), np.mean(ring), 100])
    assert maps.interior(ZERO) == pytest.approx((sum(ring) + 100) / 9)
    assert maps.border(ZERO) == pytest.approx(np.mean(border) / maps.interior(ZERO))
    assert maps.border(PARTIAL) == 1


@pytest.mark.parametrize('network, layers, message', [
    (nn.Sequential(nn.Conv2d(3, 3, 1)), ['0'], 'shows nothing: nothing to convert'),
    (averaging(), ['2'], r"--layers has '2'.*its layers are 0, 1,"),
    (nn.Sequential(averaging(), nn.Flatten()), ['1'], r'layer 1 \(Flatten\) gives no map'),
    (nn.Sequential(nn.Conv2d(3, 3, 3, padding=2)), ['0'], 'layer 0 has 34x34 cells for 32 pixels'),
    (averaging(stride=16), ['0'], 'layer 0 has 2x2 cells, all of them at the border'),
    (nn.Sequential(nn.Conv2d(3, 3, 3, padding=2)), None, 'no layer whose activations line up'),
    (nn.Sequential(averaging(), nn.Flatten(), nn.Linear(5, 1)), ['0'], r'cannot process an image of \d+ x \d+ pixels'),
])
def test_networks_and_layers_that_show_nothing_are_refused(network, layers, message):
    with pytest.raises(LaunchError, match=message):
        compare('', network, torch.rand(1, 3, SIDE, SIDE), layers)
    assert not any(module._forward_hooks for module in network.modules())


def test_black_photo_has_nothing_to_compare_with():
    with pytest.raises(LaunchError, match='layer 0 .averaging. has no activation in the interior'):
        compare('averaging', averaging(), torch.zeros(1, 3, SIDE, SIDE), ['0'])


@pytest.fixture
def rows():
    random = np.random.default_rng(0)
    return [LayerMaps('weights', f'layer{n}', {
        which: random.random((n, n)).astype(np.float32) for which in (ZERO, PARTIAL, NO_BORDER)}) for n in (56, 7)]


def axes_of(figure, title):
    return [axis for axis in figure.axes if axis.get_title() == title]


def test_maps_are_drawn_in_units_of_the_interior_and_on_one_scale(rows):
    figure = draw(np.zeros((160, 160, 3)), rows)
    for i, maps in enumerate(rows):
        unit = maps.interior(NO_BORDER)
        shown = {which: axes_of(figure, which)[i].images[0] for which in (ZERO, PARTIAL, NO_BORDER)}
        for which, image in shown.items():
            np.testing.assert_allclose(image.get_array(), maps.maps[which] / unit)
            assert image.get_clim() == shown[ZERO].get_clim() and image.get_clim()[0] == 0
        difference = axes_of(figure, 'partial - zero')[i].images[0]
        np.testing.assert_allclose(difference.get_array(), (maps.maps[PARTIAL] - maps.maps[ZERO]) / unit, atol=1e-6)
        assert difference.get_clim()[0] == -difference.get_clim()[1]
        profiles = axes_of(figure, 'mean, by cells from the border')[i]
        curves = {line.get_label(): line.get_ydata() for line in profiles.lines}
        for which in (ZERO, PARTIAL, NO_BORDER):
            np.testing.assert_allclose(curves[which], maps.profile(which)[:8] / unit)


def test_box_enlarges_the_upper_left_corner(rows):
    figure = draw(np.zeros((160, 160, 3)), rows)
    for axis, cells in zip(axes_of(figure, ZERO), (8, 4)):
        box, = axis.child_axes
        np.testing.assert_allclose(box.images[0].get_array(), axis.images[0].get_array()[:cells, :cells])
        assert box.images[0].get_clim() == axis.images[0].get_clim()


@pytest.mark.parametrize('window', WINDOWS)
def test_ratio_that_is_drawn_is_that_of_a_convolution_of_ones(window):
    size, kernel_size, stride, padding, dilation = WINDOWS[window]
    count = F.conv2d(torch.ones(1, 1, size, size), torch.ones(1, 1, kernel_size, kernel_size), None, stride, padding,
                     dilation)[0, 0]
    expected = (kernel_size**2 / count)[:5, :5].numpy()
    axis, = axes_of(draw(np.zeros((160, 160, 3)), []), window)
    np.testing.assert_allclose(axis.images[0].get_array(), expected, rtol=1e-6)
    written = [float(text.get_text()) for text in axis.texts]
    np.testing.assert_allclose(written, expected.ravel(), atol=0.005)
    assert written[0] == {'3x3': 2.25, '7x7, stride 2': 3.06, '3x3, dilation 2': 2.25}[window]


def test_summary_lists_border_over_interior(rows):
    header, *lines = summary(rows).splitlines()
    assert re.split(' {2,}', header) == ['weights', 'layer', 'cells', ZERO, PARTIAL, NO_BORDER]
    for maps, line in zip(rows, lines):
        n = len(maps.maps[ZERO])
        assert line.split() == ['weights', f'layer{n}', f'{n}x{n}', *(
            f'{maps.border(which):.2f}' for which in (ZERO, PARTIAL, NO_BORDER))]


@pytest.mark.parametrize('arguments, message', [
    (['missing.jpg'], 'cannot read the photo missing.jpg: there is no such file; give a JPEG'),
    ([str(ROOT / 'LICENSE')], 'LICENSE: it is no picture of a known format .*; give a JPEG'),
    (['--network', 'resnet51'], "--network is 'resnet51' but must be a classification network .* resnet50"),
    (['--layers', 'layer9', '--size', '32'], "--layers has 'layer9'.* layer1, layer1.0"),
    (['--size', '100'], '--size is 100 but must be a multiple of 32'),
    (['--size', '-32'], '--size is -32 but'),
    (['--size', '416'], 'the photo is 512x512 pixels but must be at least 544x544: .* use --size 384 or less'),
    (['small.png', '--size', '32'], 'the photo is 40x30 pixels .* use a larger photo'),
    (['--checkpoint', 'missing.pth'], 'there is no checkpoint file missing.pth'),
])
def test_bad_input_ends_the_tool_with_a_sentence(arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.new('L', (40, 30)).save('small.png')
    with pytest.raises(SystemExit) as caught:
        main(['visualize-padding', *arguments, '-o', 'out.png'])
    assert re.fullmatch(f'error: .*{message}.*', caught.value.code)
    assert not Path('out.png').exists()


def test_the_tool_draws_a_photo_and_prints_what_it_shows(tmp_path, capsys):
    photo, picture = tmp_path / 'cat.jpg', tmp_path / 'out/cat.png'
    cv2.imwrite(str(photo), skimage.data.chelsea()[..., ::-1])
    main(['visualize-padding', str(photo), '--size', '96', '--layers', 'layer2', '-o', str(picture)])
    output = capsys.readouterr().out
    assert output.endswith(f'picture: {picture}\n')
    assert min(Image.open(picture).size) > 500
    lines = [re.split(' {2,}', line) for line in output.splitlines() if 'layer2' in line]
    assert [line[:3] for line in lines] == [['averaging filters', 'layer2', '12x12'],
                                            ['filters of random sign', 'layer2', '12x12']]
    zero, partial, no_border = map(float, lines[0][3:])
    assert zero < 0.8 * no_border and partial == pytest.approx(no_border, rel=0.1)
