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

    def _forward_with_mask(self, input: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        # Not its own `_conv_forward`, which pads partially.
        out = nn.Conv2d._conv_forward(self, input, self.weight, self.bias)
        return out, mask.new_ones(()).expand(out.shape[0], 1, *out.shape[2:])

    def _forward_masked(self, input: Tensor, valid: Tensor, low: Tensor | None) -> tuple[Tensor, Tensor]:
        return self._forward_with_mask(input if low is None else upsample_concat(low, input), valid)

    def _scripted(self, input: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
        raise NotImplementedError('PlainConv2d is a baseline and not scripted; script a torch.nn.Conv2d instead')


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

    def forward(self, x: Tensor, mask: Tensor | None = None, activate: bool = True, norm: bool = True,
                return_mask: bool = True) -> Tensor | tuple[Tensor, Tensor]:
        """Convolution, normalisation and activation, in the block's order.

        Args:
            x: ``(N, C, H, W)``.
            mask: ``(N, C, H, W)``, or ``(N, 1, H, W)`` if the convolution is not multi-channel;
                1 = valid. None: a block without masks.
            activate, norm: False leaves these layers out.
            return_mask: The updated mask is returned too.
        """
        if mask is None:
            return ConvModule.forward(self, x, activate, norm)
        for layer in self.order:
            if layer == 'conv':
                if self.with_explicit_padding:
                    x, mask = self.padding_layer(x), self.padding_layer(mask)
                x, mask = self.conv(x, mask, return_mask=True)
            elif layer == 'norm' and norm and self.with_norm:
                x = self.norm(x)
            elif layer == 'act' and activate and self.with_activation:
                x = self.activate(x)
        return (x, mask) if return_mask else x


class PConvStage(MaskConvModule):
    """The block as a stage of a network that masks features where it produces them.

    A mask is one channel of counts instead of a plane for each feature channel: after a convolution all are equal.
    """

    def forward(self, x: Tensor, valid: Tensor, low: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Convolution, normalisation, activation, and zeros in what is still a hole.

        Args:
            x, valid, low: See :meth:`PartialConv2d.forward_masked`.

        Returns:
            tuple[Tensor, Tensor]: Features ``(N, C_out, H', W')``, and their mask ``(N, 1, H', W')``, 1 = valid.
        """
        x, mask = self.conv.forward_masked(x, valid, low)
        if self.with_norm:
            x = self._normalise(x)
        if self.with_activation:
            x = self.activate(x)
        # Normalisation moves the zeros of the holes. The mask's dtype must not widen half precision.
        return x * mask.to(x.dtype) if x.requires_grad else x.mul_(mask), mask

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
