import mmagic.models.losses
import pytest
import torch

from mmpconv.models.losses import MaskedTVLoss
from mmpconv.registry import MODELS


@pytest.fixture
def batch():
    pred = torch.rand(2, 3, 6, 7, generator=torch.Generator().manual_seed(0))
    mask = torch.zeros(2, 1, 6, 7)
    mask[0, :, 2:4, 3] = 1
    mask[0, :, 5, 6] = 1
    mask[1, :, 0, 0:2] = 1
    return pred, mask


def in_dilated(mask, b, i, j):
    h, w = mask.shape[2:]
    return any(mask[b, 0, y, x] for y in range(max(i - 1, 0), min(i + 2, h))
               for x in range(max(j - 1, 0), min(j + 2, w)))


def by_loops(pred, mask):
    """The paper's definition, in float64."""
    n, c, h, w = pred.shape
    total = 0.0
    for b in range(n):
        for i in range(h):
            for j in range(w):
                for y, x in ((i + 1, j), (i, j + 1)):
                    if y < h and x < w and in_dilated(mask, b, i, j) and in_dilated(mask, b, y, x):
                        total += (pred[b, :, i, j].double() - pred[b, :, y, x].double()).abs().sum().item()
    return total / pred.numel()


def test_convention_the_paper_sums_over_the_dilated_hole_and_divides_by_the_image():
    """4 x 4 squares, hole in the corner: its dilation holds 0, 1 / 16, 25; 16 + 24 + 1 + 9 = 50."""
    pred = torch.arange(16.).square().view(1, 1, 4, 4)
    mask = torch.zeros(1, 1, 4, 4)
    mask[..., 0, 0] = 1
    assert MaskedTVLoss(region='dilated')(pred, mask=mask).item() == 50 / 16
    assert MaskedTVLoss(0.1, region='dilated')(pred, mask=mask).item() == pytest.approx(0.1 * 50 / 16)
    # MMagic's: one vertical pair of 16, one horizontal of 1, each over an area of 1.
    assert MaskedTVLoss()(pred, mask=mask).item() == 17


def test_value_equals_the_definition(batch):
    pred, mask = batch
    paper = MaskedTVLoss(2.0, region='dilated')
    assert paper(pred, mask=mask).item() == pytest.approx(2 * by_loops(pred, mask), rel=1e-6)
    torch.testing.assert_close(paper(pred, mask.expand(-1, 3, -1, -1)), paper(pred, mask))


@pytest.mark.parametrize('region', ['dilated', 'hole'])
def test_gradients_are_those_of_finite_differences(batch, region):
    pred, mask = (x.double() for x in batch)
    assert torch.autograd.gradcheck(MaskedTVLoss(1.0, region), (pred.requires_grad_(), mask))


@pytest.mark.parametrize('arguments', [{}, dict(loss_weight=0.1)])
def test_convention_under_mmagics_name_and_arguments_it_is_mmagics_loss(batch, arguments):
    pred, mask = batch
    ours, theirs = pred.clone().requires_grad_(), pred.clone().requires_grad_()
    loss = MODELS.build(dict(type='MaskedTVLoss', **arguments))(ours, mask=mask)
    peer = mmagic.models.losses.MaskedTVLoss(**arguments)(theirs, mask=mask)
    loss.backward()
    peer.backward()
    assert torch.equal(loss, peer)
    assert torch.equal(ours.grad, theirs.grad)


@pytest.mark.parametrize('region', ['dilated', 'hole'])
def test_without_hole_it_is_zero_with_zero_gradient(batch, region):
    pred, mask = batch
    pred.requires_grad_()
    loss = MaskedTVLoss(1.0, region)(pred, mask=torch.zeros_like(mask))
    loss.backward()
    assert loss.item() == 0
    assert pred.grad.abs().max() == 0


@pytest.mark.parametrize('region', ['dilated', 'hole'])
def test_without_mask_the_whole_image_counts(batch, region):
    pred, mask = batch
    loss = MaskedTVLoss(1.0, region)
    assert torch.equal(loss(pred), loss(pred, torch.ones_like(mask)))


@pytest.mark.parametrize('region', ['dilated', 'hole'])
@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision_is_summed_in_float32(dtype, region):
    stripes = (torch.arange(256) % 2 * 4.).to(dtype).expand(1, 1, 256, 256)
    mask = torch.ones(1, 1, 256, 256, dtype=dtype)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        loss = MaskedTVLoss(1.0, region)(stripes, mask=mask)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(4 * 255 / 256 if region == 'dilated' else 4, rel=1e-6)


def test_registry_finds_ours_before_mmagics():
    assert type(MODELS.build(dict(type='MaskedTVLoss'))) is MaskedTVLoss
    assert type(MODELS.build(dict(type='mmagic.MaskedTVLoss'))) is mmagic.models.losses.MaskedTVLoss


def test_wrong_input_says_what_to_do(batch):
    pred, mask = batch
    with pytest.raises(ValueError, match="region is 'valid' but must be one of 'hole', 'dilated'"):
        MaskedTVLoss(region='valid')
    with pytest.raises(ValueError, match=r"mask has shape \(2, 1, 6, 6\).*resize it with mode='nearest'"):
        MaskedTVLoss()(pred, mask=mask[..., :6])
    with pytest.raises(TypeError, match='pred is torch.int64 but must be floating point'):
        MaskedTVLoss()(pred.long(), mask=mask)
