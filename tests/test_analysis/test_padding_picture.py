"""The picture of padding and the tool that draws it."""
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
import torch
import torch.nn.functional as F
from PIL import Image

from mmpconv.analysis.padding_maps import NO_BORDER, PARTIAL, WINDOWS, ZERO, LayerMaps, draw, summary
from mmpconv.cli import main

ROOT = Path(__file__).parents[2]


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


def test_the_tool_draws_a_photo_and_prints_what_it_shows(tmp_path):
    cv2.imwrite(str(tmp_path / 'cat.jpg'), skimage.data.chelsea()[..., ::-1])
    done = subprocess.run(
        [sys.executable, str(ROOT / 'tools/visualize_padding.py'), 'cat.jpg', '--size', '96', '--layers', 'layer2',
         '-o', 'out/cat.png'], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith('picture: out/cat.png\n')
    assert min(Image.open(tmp_path / 'out/cat.png').size) > 500
    lines = [re.split(' {2,}', line) for line in done.stdout.splitlines() if 'layer2' in line]
    assert [line[:3] for line in lines] == [['averaging filters', 'layer2', '12x12'],
                                            ['filters of random sign', 'layer2', '12x12']]
    zero, partial, no_border = map(float, lines[0][3:])
    assert zero < 0.8 * no_border and partial == pytest.approx(no_border, rel=0.1)
