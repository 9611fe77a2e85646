"""The network of the package: what it starts from, what reaches its output, and that all of it learns."""
import pytest
import torch
from torch.testing import assert_close

from mmpconv.models import OrientedUNet
from mmpconv.ops import oriented_fill

SMALL = dict(widths=(4, 6, 8), blocks=(1, 0, 2))


def batch(size=(21, 30)):
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(2, 3, *size, generator=generator) * 2 - 1
    return image, (torch.rand(2, 1, *size, generator=generator) > 0.4).float()


@pytest.fixture
def trained():
    """With weights that are not 0 anywhere."""
    torch.manual_seed(0)
    network = OrientedUNet(**SMALL).eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return network


@pytest.mark.parametrize('size', [(1, 1), (5, 2), (21, 30)], ids=str)
def test_it_starts_from_the_filling_along_lines(size):
    image, mask = batch(size)
    filled, seen = OrientedUNet(**SMALL)(image, mask)
    assert_close(filled, oriented_fill(image, mask), rtol=0, atol=1e-5)
    assert seen.shape == image.shape


def test_nothing_of_the_holes_reaches_the_output(trained):
    image, mask = batch()
    filled = trained(image, mask)[0]
    assert torch.equal(trained(image.masked_fill(mask == 0, torch.nan), mask)[0], filled)
    assert not torch.allclose(filled, oriented_fill(image, mask), atol=1e-3)


def test_the_mask_says_where_nothing_of_an_image_is_valid(trained):
    image, mask = batch()
    mask[1] = 0
    seen = trained(image, mask)[1]
    assert seen[0].eq(1).all() and seen[1].eq(0).all()


def test_masks_of_one_and_of_all_channels_mean_the_same(trained):
    image, mask = batch()
    assert torch.equal(trained(image, mask)[0], trained(image, mask.expand(-1, 3, -1, -1))[0])


def test_every_parameter_gets_a_gradient(trained):
    image, mask = batch()
    trained(image, mask)[0].square().mean().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in trained.parameters())


def test_widths_and_blocks_that_do_not_fit_are_refused():
    for arguments in (dict(widths=(8,), blocks=(1,)), dict(widths=(8, 8), blocks=(1,))):
        with pytest.raises(ValueError, match='must have the same number, at least 2'):
            OrientedUNet(**arguments)
