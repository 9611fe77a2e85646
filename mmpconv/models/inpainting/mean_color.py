"""The simplest way to fill a hole, to compare networks with."""
from torch import Tensor, nn

from mmpconv.ops.partial_conv import hide_holes
from mmpconv.registry import MODELS


@MODELS.register_module()
class MeanColor(nn.Module):
    """Fills every hole with the mean colour of the valid pixels of its image; nothing to train.

    Takes the place of the network: ``encdec=dict(type='MeanColor')`` in a ``PConvInpaintor``.
    """

    def forward(self, x: Tensor, mask_in: Tensor) -> tuple[Tensor, Tensor]:
        """Fill the holes.

        Args:
            x: Image ``(N, C, H, W)``.
            mask_in: ``(N, C, H, W)`` or ``(N, 1, H, W)``, 1 = valid.

        Returns:
            tuple[Tensor, Tensor]: An image of the mean colours, 0 where nothing is valid, and a
            mask without holes.
        """
        mask = mask_in.to(x.dtype).expand_as(x)
        total = hide_holes(x, mask).sum((2, 3), keepdim=True)
        mean = total / mask.sum((2, 3), keepdim=True).clamp(min=1)
        return mean.expand_as(x), mask.new_ones(()).expand_as(x)
