"""The convolution blocks of the networks: partial with a mask, and plain."""
from mmagic.models.editors.pconv import MaskConvModule as MMagicMaskConvModule
from mmcv.cnn import ConvModule
from torch import Tensor, nn

from mmpconv.layers import PartialConv2d, PConv
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
        Others: See :class:`torch.nn.Conv2d`.
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


MODELS.register_module('PConv', module=PConv)


class ConvTypeError(ValueError, KeyError, AssertionError):
    """A convolution that takes no mask. Also of the types that MMagic's block raises for an unknown and a plain one."""

    __str__ = ValueError.__str__  # a KeyError would quote the sentence


@MODELS.register_module()
class MaskConvModule(MMagicMaskConvModule):
    """MMagic's block over this package's layer, with MMagic's arguments and state-dict keys.

    Overridden because MMagic's resolves ``conv_cfg`` in whatever scope is current, so that it can be
    built in scope ``mmagic`` only, and fails without a mask.

    Args:
        conv_cfg: ``dict(type='PConv', ...)`` or ``dict(type='PartialConv2d', ...)``; or
            ``dict(type='PlainConv2d')``, which takes a mask and ignores it.
        Others: See :class:`mmcv.cnn.ConvModule`.

    Raises:
        ConvTypeError: ``conv_cfg`` names another layer, or none.
    """
    supported_conv_list = [PConv, PartialConv2d, PlainConv2d]

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1,
                 bias: bool | str = 'auto', conv_cfg: dict | None = None, *args, **kwargs):
        layers = {layer.__name__: layer for layer in self.supported_conv_list}
        name = None if conv_cfg is None else conv_cfg.get('type')
        layer = layers.get(name.removeprefix('mmpconv.') if isinstance(name, str) else name, name)
        if conv_cfg is None:  # mmcv's complaints about other arguments come first, as they do in MMagic's
            ConvModule(in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, None, *args,
                       **kwargs)
        if layer not in self.supported_conv_list:
            raise ConvTypeError(f'conv_cfg has type {name!r}, but a block that passes a mask on needs one of '
                                f'{list(layers)}')
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias,
                         dict(conv_cfg, type=layer), *args, **kwargs)

    def forward(self, x: Tensor | tuple[Tensor, Tensor], mask: Tensor | None = None, activate: bool = True,
                norm: bool = True, return_mask: bool = True, *,
                channels: int | None = None) -> Tensor | tuple[Tensor, Tensor]:
        """Forward function.

        Args:
            x: ``(N, C, H, W)``, or two maps, see :func:`mmpconv.ops.masked_conv`, with ``channels``.
            mask: ``(N, C, H, W)``, or ``(N, 1, H, W)`` if the convolution is not multi-channel;
                1 = valid. None: a block without masks.
            activate, norm: Whether to run these layers.
            return_mask: Whether to return the updated mask too.
            channels: The form for networks, see :meth:`PartialConv2d.forward`: the output is zero
                in the holes of the returned mask ``(N, 1, H', W')``.
        """
        if mask is None:
            return ConvModule.forward(self, x, activate, norm)
        for layer in self.order:
            if layer == 'conv':
                if self.with_explicit_padding:
                    if isinstance(x, tuple):
                        x = upsample_concat(*x)
                    x, mask = self.padding_layer(x), self.padding_layer(mask)
                x, mask = self.conv(x, mask, return_mask=True, channels=channels)
            elif layer == 'norm' and norm and self.with_norm:
                x = self._normalise(x)
            elif layer == 'act' and activate and self.with_activation:
                x = self.activate(x)
        if channels is not None:
            # Normalisation moves the zeros of the holes. The mask's dtype must not widen half precision.
            x = x * mask.to(x.dtype) if x.requires_grad else x.mul_(mask)
        return (x, mask) if return_mask else x

    def _normalise(self, x: Tensor) -> Tensor:
        try:
            return self.norm(x)
        except ValueError as error:
            if x.numel() == x.shape[1]:
                raise ValueError(
                    f'a feature map of {x.shape[1]} channels has shrunk to a single pixel of a single '
                    'image, over which BatchNorm cannot normalise in training: use larger images (more '
                    'than 2^num_layers pixels), a batch of at least 2, fewer layers, or norm_eval=True'
                ) from error
            raise
