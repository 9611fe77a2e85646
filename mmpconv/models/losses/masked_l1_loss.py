"""L1 over the hole or over the valid pixels (arXiv 1804.07723, section 3.3, equation 3)."""
import torch
from mmengine.model import BaseModule
from torch import Tensor

from mmpconv.registry import MODELS

from .inputs import check_choice, check_images, check_region, full_precision


@MODELS.register_module()
class MaskedL1Loss(BaseModule):
    """Weighted L1 with a choice of what it is divided by; called as MMagic's ``L1Loss``.

    The paper's terms are ``L_hole = loss(out, gt, weight=mask)`` with ``loss_weight=6`` and
    ``L_valid = loss(out, gt, weight=1 - mask)`` with ``loss_weight=1``.

    Convention:
        The mask is image-level, 1 = hole; ``weight`` is 1 where the loss counts. ``'image'`` divides
        by the number of all elements ``N * C * H * W``, so a small hole weighs little (paper);
        ``'area'`` divides by the number of elements that count in the whole batch, so the term is the
        same for a small and a large hole of equal error (MMagic's ``L1Loss``).

    Args:
        loss_weight: Factor of the loss. Defaults to 1, the paper's weight of the valid pixels.
        normalize: ``'image'`` (paper) or ``'area'`` (MMagic).

    Raises:
        ValueError: ``normalize`` is neither.
    """

    def __init__(self, loss_weight: float = 1.0, normalize: str = 'image'):
        super().__init__()
        check_choice('normalize', normalize, ('image', 'area'))
        self.loss_weight = loss_weight
        self.normalize = normalize

    def forward(self, pred: Tensor, target: Tensor, weight: Tensor | None = None, **kwargs) -> Tensor:
        """Compute the loss in float32 (float64 for float64 images), also under autocast.

        Args:
            pred: ``(N, C, H, W)``, any range.
            target: As ``pred``.
            weight: ``(N, 1, H, W)`` or ``(N, C, H, W)``, any dtype, 1 where the loss counts and 0
                elsewhere. None: everywhere.
            **kwargs: Ignored, as by MMagic's losses.

        Returns:
            Tensor: Scalar; 0 where nothing counts.

        Raises:
            TypeError: An image is not floating point.
            ValueError: Shapes or devices differ.
        """
        check_images(pred=pred, target=target)
        difference = (full_precision(pred) - full_precision(target)).abs()
        if weight is None:
            return self.loss_weight * difference.mean()
        check_region('weight', weight, pred)
        weight = weight.to(difference.dtype)
        total = (difference * weight).sum()
        if self.normalize == 'image':
            return self.loss_weight * total / difference.numel()
        area = weight.sum() * (pred.shape[1] // weight.shape[1])
        return self.loss_weight * total / torch.where(area > 0, area, 1)

    def extra_repr(self) -> str:
        return f'loss_weight={self.loss_weight}, normalize={self.normalize!r}'
