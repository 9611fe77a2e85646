"""PSNR as a loss: against the definition in plain numbers."""
import math

import pytest
import torch

from mmpconv.models.losses import MaskedPSNRLoss
from mmpconv.registry import MODELS


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    pred, target = torch.rand(2, 3, 3, 5, 6, generator=generator) * 2 - 1
    mask = torch.zeros(3, 1, 5, 6)
    mask[0, :, 1:3, 2:5] = mask[1, :, 0, 0] = 1  # and nothing in the third
    return pred, target, mask


def test_value_is_minus_the_mean_psnr_of_the_holes_there_are(batch):
    pred, target, mask = batch
    psnr = []
    for sample in range(2):
        errors = [(float(pred[sample, c, i, j]) - float(target[sample, c, i, j]))**2
                  for c in range(3) for i in range(5) for j in range(6) if mask[sample, 0, i, j]]
        psnr.append(10 * math.log10(2**2 / (sum(errors) / len(errors) + 1e-5)))
    loss = MODELS.build(dict(type='MaskedPSNRLoss', loss_weight=3))(pred, target, weight=mask)
    assert loss.item() == pytest.approx(-3 * sum(psnr) / 2, rel=1e-6)


def test_each_sample_weighs_the_same_whatever_its_hole(batch):
    pred, target, mask = (x[:2].clone().requires_grad_() for x in batch)
    MaskedPSNRLoss()(pred, target, weight=mask.detach()).backward()
    # Of a logarithm, the gradient times the error is the same for small and large errors.
    by_sample = ((pred - target).detach() * pred.grad).sum((1, 2, 3))
    assert torch.allclose(by_sample, torch.full((2,), 10 / math.log(10)), rtol=1e-3)


def test_gradients_are_right_and_a_perfect_or_empty_hole_is_finite(batch):
    pred, target, mask = (x.double() for x in batch)
    assert torch.autograd.gradcheck(lambda x: MaskedPSNRLoss()(x, target, weight=mask), pred.requires_grad_())
    same = target.clone().requires_grad_()
    MaskedPSNRLoss()(same, target, weight=mask).backward()
    assert same.grad.isfinite().all()
    assert MaskedPSNRLoss()(pred, target, weight=torch.zeros_like(mask)) == 0
