"""Total variation in and around the hole (arXiv 1804.07723, section 3.3, equation 6)."""
import torch.nn.functional as F
from mmagic.models.losses import MaskedTVLoss as MMagicMaskedTVLoss
from torch import Tensor

from mmpconv.registry import MODELS

from .inputs import check_choice, check_image, check_region, full_precision


@MODELS.register_module()
class MaskedTVLoss(MMagicMaskedTVLoss):
    """L1 of differences between neighbouring pixels, on the composite, under MMagic's name.

    Convention:
        The mask is image-level, 1 = hole. ``'hole'``, the default, is MMagic's meaning of the name: a pair
        of neighbours counts if its upper or left pixel is in the hole, and the sums of vertical and of
        horizontal pairs are each divided by how many count. ``'dilated'`` is the paper's definition: a pair
        counts if both lie in the hole dilated by one pixel (3 x 3 window, diagonals included), and the sum
        over all pairs is divided by the number of elements of the image, ``N * C * H * W``. On masks of
        irregular holes it is some 25 times smaller.

    Args:
        loss_weight: Factor of the loss. The paper's is 0.1; by default 1, as in MMagic.
        region: ``'hole'`` (MMagic) or ``'dilated'`` (paper).

    Raises:
        ValueError: ``region`` is neither.
    """

    def __init__(self, loss_weight: float = 1., region: str = 'hole'):
        super().__init__(loss_weight=loss_weight)
        check_choice('region', region, ('hole', 'dilated'))
        self.region = region

    def forward(self, pred: Tensor, mask: Tensor | None = None) -> Tensor:
        """Compute the loss in float32 (float64 for float64 images), also under autocast.

        Args:
            pred: Composite image ``(N, C, H, W)``, any range.
            mask: ``(N, 1, H, W)`` or ``(N, C, H, W)``, any dtype, 1 = hole. None: the whole image.

        Returns:
            Tensor: Scalar; 0 without a hole.

        Raises:
            TypeError: The image is not floating point.
            ValueError: The shapes or devices of image and mask differ.
        """
        check_image('pred', pred)
        pred = full_precision(pred)
        if mask is None:
            mask = pred.new_ones(pred.shape[0], 1, *pred.shape[2:])
        check_region('mask', mask, pred)
        mask = mask.to(pred.dtype)
        return super().forward(pred, mask) if self.region == 'hole' else self._dilated(pred, mask)

    def _dilated(self, pred: Tensor, mask: Tensor) -> Tensor:
        region = F.max_pool2d(mask, kernel_size=3, stride=1, padding=1)
        vertical = pred.diff(dim=2).abs() * region[:, :, 1:] * region[:, :, :-1]
        horizontal = pred.diff(dim=3).abs() * region[..., 1:] * region[..., :-1]
        return self.loss_weight * (vertical.sum() + horizontal.sum()) / pred.numel()

    def extra_repr(self) -> str:
        return f'loss_weight={self.loss_weight}, region={self.region!r}'
