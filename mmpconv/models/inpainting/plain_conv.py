"""A plain convolution in the place of a partial one, for comparison."""
from torch import Tensor, nn

from mmpconv.layers import PConv
from mmpconv.ops import upsample_concat
from mmpconv.registry import MODELS


@MODELS.register_module()
class PlainConv2d(PConv):
    """A convolution that takes holes for zeros and reports that nothing is missing.

    With it the U-Net of PConv becomes the baseline "Conv" of the paper's tables (arXiv 1804.07723, section 4.3):
    the same network, weights and state-dict keys, but nothing is renormalised and no mask is handed on::

        encoder=dict(type='PConvEncoder', conv_cfg=dict(type='PlainConv2d')),
        decoder=dict(type='PConvDecoder', conv_cfg=dict(type='PlainConv2d'))

    Args:
        Others: As of :class:`torch.nn.Conv2d`.
    """

    def forward(self, input: Tensor | tuple[Tensor, Tensor], mask: Tensor | None = None, return_mask: bool = True,
                *, channels: int | None = None) -> Tensor | tuple[Tensor, Tensor]:
        """Convolve, as :meth:`PConv.forward` is called.

        Args:
            input: ``(N, C_in, H, W)``, zero in the holes of the image, or two maps as of
                :func:`mmpconv.ops.masked_conv`.
            mask: Whether it is there decides what is returned; what it holds has no effect.
            return_mask: Whether to return a mask too.
            channels: The form for networks: the returned mask has one channel.

        Returns:
            Tensor or tuple[Tensor, Tensor]: Output ``(N, C_out, H', W')``, and a mask of ones.
        """
        if isinstance(input, tuple):
            input = upsample_concat(*input)
        # Not its own `_conv_forward`, which pads partially.
        out = nn.Conv2d._conv_forward(self, input, self.weight, self.bias)
        if mask is None or (channels is None and not return_mask):
            return out
        planes = self.out_channels if channels is None and self.multi_channel else 1
        return out, mask.new_ones(()).expand(out.shape[0], planes, *out.shape[2:])
