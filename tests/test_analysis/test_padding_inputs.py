"""The photo and the networks of the picture of padding."""
import numpy as np
import pytest
import torch
import torchvision
from PIL import Image
from torch import nn

from mmpconv.analysis import padding_inputs
from mmpconv.analysis.padding_inputs import SURROUNDINGS, build_networks
from mmpconv.analysis.padding_maps import PARTIAL, compare
from mmpconv.errors import LaunchError

SIDE = 32 + 2 * SURROUNDINGS


@pytest.fixture(scope='module')
def networks():
    return build_networks('resnet18')


def test_averaging_filters_take_the_mean_of_what_they_see(networks):
    convolutions = [module for module in networks['averaging filters'][0].modules() if isinstance(module, nn.Conv2d)]
    assert len(convolutions) == 20
    for convolution in convolutions:
        window = torch.rand(1, convolution.in_channels, *convolution.kernel_size)
        out = nn.functional.conv2d(window, convolution.weight, convolution.bias)
        torch.testing.assert_close(out, window.mean().expand_as(out))


def test_filters_of_random_sign_are_those_of_torchvision_and_the_same_each_time(networks):
    state = torch.get_rng_state()
    again = build_networks('resnet18')['filters of random sign'][0].state_dict()
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(0)
    for expected in (networks['filters of random sign'][0], torchvision.models.resnet18()):
        torch.testing.assert_close(again, expected.state_dict(), rtol=0, atol=0)


def test_middle_is_scaled_to_the_short_side_and_cut_around_the_centre():
    photo = np.zeros((2 * SIDE, 3 * SIDE, 3), np.uint8)
    photo[:, SIDE // 2:-SIDE // 2] = (255, 51, 0)  # of the long side, the middle two thirds are seen
    image = padding_inputs.middle(photo, 32)
    assert image.shape == (1, 3, SIDE, SIDE)
    torch.testing.assert_close(image, torch.tensor([1, 0.2, 0]).view(1, 3, 1, 1).expand_as(image))
    exact = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    np.testing.assert_array_equal((padding_inputs.middle(exact, 32)[0] * 255).round().permute(1, 2, 0), exact)


def test_normalised_as_torchvision_does():
    image = torch.rand(1, 3, 4, 4)
    expected = torchvision.transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])(image)
    torch.testing.assert_close(padding_inputs.normalise(image), expected)


@pytest.mark.parametrize('mode, expected', [
    ('RGB', [[200, 100, 50]]), ('L', [[90, 90, 90]]), ('RGBA', [[200, 100, 50]]), ('P', [[200, 100, 50]]),
    ('I;16', [[90, 90, 90]])])
def test_photos_of_any_mode_are_read(tmp_path, mode, expected):
    colour = {'L': 90, 'RGBA': (200, 100, 50, 128), 'I;16': 90 * 257}.get(mode, (200, 100, 50))
    image = Image.new('RGB' if mode == 'P' else mode, (6, 4), colour)
    if mode == 'P':
        image = image.quantize(4)
    image.save(tmp_path / 'photo.png')
    photo = padding_inputs.load_photo(tmp_path / 'photo.png')
    assert photo.dtype == np.uint8
    np.testing.assert_array_equal(photo, np.broadcast_to(np.uint8(expected), (4, 6, 3)))


def test_photos_are_turned_upright(tmp_path):
    pixels = np.zeros((16, 32, 3), np.uint8)
    pixels[:, 16:] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # the right side of the file is the bottom of the photo
    Image.fromarray(pixels).save(tmp_path / 'photo.jpg', exif=exif, quality=95)
    photo = padding_inputs.load_photo(tmp_path / 'photo.jpg')
    assert photo.shape == (32, 16, 3)
    assert photo[:14].max() < 50 and photo[18:].min() > 200


@pytest.mark.parametrize('form', ['plain', 'parallel', 'other classes'])
def test_weights_of_a_checkpoint_are_used(tmp_path, networks, form):
    torch.manual_seed(1)
    trained = torchvision.models.resnet18(num_classes=10 if form == 'other classes' else 1000).eval()
    state = trained.state_dict()
    if form == 'parallel':
        state = {'state_dict': {f'module.{key}': value for key, value in state.items()}}
    torch.save(state, tmp_path / 'trained.pth')
    (weights, (network, normalised)), = build_networks('resnet18', tmp_path / 'trained.pth').items()
    assert weights == 'trained.pth' and normalised
    image = torch.rand(1, 3, SIDE, SIDE)
    found, expected, others = (compare('', padded, image, ['layer2'])[0].maps for padded in (
        network, trained, networks['filters of random sign'][0]))
    np.testing.assert_array_equal(found[PARTIAL], expected[PARTIAL])
    assert np.abs(found[PARTIAL] - others[PARTIAL]).max() > 1e-2


def test_checkpoint_of_another_network_is_refused(tmp_path):
    torch.save(torchvision.models.resnet34().state_dict(), tmp_path / 'resnet34.pth')
    torch.save(torch.rand(3), tmp_path / 'tensor.pth')
    with pytest.raises(LaunchError, match=r'resnet34.pth is not a checkpoint of resnet50 .*layer1.0.conv1.weight'):
        build_networks('resnet50', tmp_path / 'resnet34.pth')
    with pytest.raises(LaunchError, match='tensor.pth holds something of type Tensor, not a checkpoint'):
        build_networks('resnet18', tmp_path / 'tensor.pth')
