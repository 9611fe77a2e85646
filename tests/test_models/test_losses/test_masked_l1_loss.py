import mmagic.models.losses
import pytest
import torch

from mmpconv.models.losses import MaskedL1Loss
from mmpconv.registry import MODELS


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    pred, target = torch.rand(2, 2, 3, 5, 6, generator=generator)
    mask = torch.zeros(2, 1, 5, 6)
    mask[0, :, 1:3, 2:5] = 1
    mask[1, :, 0, 0] = 1
    return pred, target, mask


def by_loops(pred, target, weight, normalize):
    """The definition, in float64."""
    n, c, h, w = pred.shape
    total, count = 0.0, 0.0
    for b in range(n):
        for ch in range(c):
            for i in range(h):
                for j in range(w):
                    wt = float(weight[b, ch if weight.shape[1] > 1 else 0, i, j])
                    total += wt * abs(float(pred[b, ch, i, j]) - float(target[b, ch, i, j]))
                    count += wt
    return total / (n * c * h * w if normalize == 'image' else count)


@pytest.mark.parametrize('channels', [1, 3])
@pytest.mark.parametrize('region', ['hole', 'valid'])
@pytest.mark.parametrize('normalize', ['image', 'area'])
def test_value_equals_the_definition(batch, normalize, region, channels):
    pred, target, mask = batch
    weight = (mask if region == 'hole' else 1 - mask).expand(-1, channels, -1, -1)
    loss = MaskedL1Loss(6.0, normalize)(pred, target, weight=weight)
    assert loss.item() == pytest.approx(6 * by_loops(pred, target, weight, normalize), rel=1e-6)


@pytest.mark.parametrize('normalize', ['image', 'area'])
def test_gradients_are_those_of_finite_differences(batch, normalize):
    pred, target, mask = (x.double() for x in batch)
    assert torch.autograd.gradcheck(MaskedL1Loss(1.0, normalize), (pred.requires_grad_(), target, mask))


def test_area_equals_mmagics_l1_loss(batch):
    pred, target, mask = batch
    ours, theirs = pred.clone().requires_grad_(), pred.clone().requires_grad_()
    MaskedL1Loss(6.0, 'area')(ours, target, weight=mask).backward()
    peer = mmagic.models.losses.L1Loss(loss_weight=6.0)
    peer(theirs, target, weight=mask).backward()
    torch.testing.assert_close(MaskedL1Loss(6.0, 'area')(pred, target, mask), peer(pred, target, mask))
    torch.testing.assert_close(ours.grad, theirs.grad)


def test_without_weight_it_is_the_mean(batch):
    pred, target, _ = batch
    torch.testing.assert_close(MaskedL1Loss()(pred, target), (pred - target).abs().mean())


def test_convention_hole_over_image_plus_valid_over_image_is_the_mean(batch):
    pred, target, mask = batch
    loss = MaskedL1Loss()
    assert (loss.loss_weight, loss.normalize) == (1.0, 'image')
    torch.testing.assert_close(loss(pred, target, mask) + loss(pred, target, 1 - mask),
                               (pred - target).abs().mean())


@pytest.mark.parametrize('normalize', ['image', 'area'])
def test_an_empty_region_gives_zero_and_zero_gradient(batch, normalize):
    pred, target, mask = batch
    pred.requires_grad_()
    loss = MaskedL1Loss(1.0, normalize)(pred, target, weight=torch.zeros_like(mask))
    loss.backward()
    assert loss.item() == 0
    assert pred.grad.abs().max() == 0


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision_is_summed_in_float32(dtype):
    """65536 elements of difference 3 sum to more than float16 holds; bfloat16 would stall at 768."""
    pred, target = torch.full((1, 1, 256, 256), 3, dtype=dtype), torch.zeros(1, 1, 256, 256, dtype=dtype)
    mask = torch.ones(1, 1, 256, 256, dtype=dtype)
    for normalize in ('image', 'area'):
        with torch.autocast('cpu', dtype=torch.bfloat16):
            loss = MaskedL1Loss(1.0, normalize)(pred, target, weight=mask)
        assert loss.dtype == torch.float32
        assert loss.item() == 3


@pytest.mark.parametrize('dtype', [torch.bool, torch.uint8, torch.float64])
def test_masks_of_any_dtype_are_accepted(batch, dtype):
    pred, target, mask = batch
    loss = MaskedL1Loss(1.0, 'area')
    assert torch.equal(loss(pred, target, mask.to(dtype)), loss(pred, target, mask))


def test_registry_finds_ours_and_leaves_mmagics_l1_loss_alone():
    loss = MODELS.build(dict(type='MaskedL1Loss', loss_weight=6.0, normalize='area'))
    assert type(loss) is MaskedL1Loss
    assert type(MODELS.build(dict(type='L1Loss'))) is mmagic.models.losses.L1Loss


def test_wrong_input_says_what_to_do(batch):
    pred, target, mask = batch
    with pytest.raises(ValueError, match="normalize is 'hole' but must be one of 'image', 'area'"):
        MaskedL1Loss(normalize='hole')
    with pytest.raises(ValueError, match=r"weight has shape \(2, 5, 6\) but .* need \(2, 1, 5, 6\)"):
        MaskedL1Loss()(pred, target, mask[:, 0])
    with pytest.raises(ValueError, match=r'target has shape \(1, 3, 5, 6\) but pred has \(2, 3, 5, 6\)'):
        MaskedL1Loss()(pred, target[:1], mask)
    with pytest.raises(ValueError, match=r'pred has 3 dimensions.*use pred\[None\]'):
        MaskedL1Loss()(pred[0], target[0], mask)
    with pytest.raises(TypeError, match='pred is torch.uint8 but must be floating point'):
        MaskedL1Loss()(pred.byte(), target, mask)
    with pytest.raises(ValueError, match='weight is on meta but the image is on cpu'):
        MaskedL1Loss()(pred, target, mask.to('meta'))
