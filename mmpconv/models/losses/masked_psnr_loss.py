"""The peak signal-to-noise ratio in the hole, as a loss."""
import math

import torch
from mmengine.model import BaseModule
from torch import Tensor

from mmpconv.registry import MODELS

from .inputs import check_images, check_region, full_precision


@MODELS.register_module()
class MaskedPSNRLoss(BaseModule):
    """Minus the PSNR of the region that counts, in decibels, averaged over the samples of a batch.

    Each sample weighs the same, whatever the size of its hole and however hard it is; with an L1 or L2 loss the
    batch is ruled by its worst samples. Called as MMagic's ``L1Loss``.

    Convention:
        The mask is image-level, 1 = hole; ``weight`` is 1 where the loss counts. The peak is that of images in [-1, 1].
        The PSNR of the whole image is larger by ``-10 log10(hole ratio)``, which is a constant.

    Args:
        loss_weight: Factor of the loss. Defaults to 1.
        floor: Mean squared error below which a sample gains nothing, for images in [-1, 1]; the default is 56 dB.
    """

    def __init__(self, loss_weight: float = 1.0, floor: float = 1e-5):
        super().__init__()
        self.loss_weight = loss_weight
        self.floor = floor

    def forward(self, pred: Tensor, target: Tensor, weight: Tensor | None = None, **kwargs) -> Tensor:
        """Compute the loss in float32 (float64 for float64 images), also under autocast.

        Args:
            pred: ``(N, C, H, W)`` in [-1, 1].
            target: As ``pred``.
            weight: ``(N, 1, H, W)`` or ``(N, C, H, W)``, any dtype, 1 where the loss counts and 0 elsewhere. None:
                everywhere.
            **kwargs: Ignored, as by MMagic's losses.

        Returns:
            Tensor: Scalar. Samples in which nothing counts are left out; 0 if these are all.

        Raises:
            TypeError: An image is not floating point.
            ValueError: Shapes or devices differ.
        """
        check_images(pred=pred, target=target)
        squares = (full_precision(pred) - full_precision(target)).square()
        if weight is None:
            weight = torch.ones_like(squares[:, :1])
        check_region('weight', weight, pred)
        weight = weight.to(squares.dtype).expand_as(squares)
        counted = weight.sum((1, 2, 3))
        error = (squares * weight).sum((1, 2, 3)) / counted.clamp(min=1)
        decibels = 10 / math.log(10) * torch.log((error + self.floor) / 4)
        there = (counted > 0).to(decibels.dtype)
        return self.loss_weight * (decibels * there).sum() / there.sum().clamp(min=1)

    def extra_repr(self) -> str:
        return f'loss_weight={self.loss_weight}, floor={self.floor}'
