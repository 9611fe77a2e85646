"""The U-Net of partial convolutions (arXiv 1804.07723), with the names and state-dict keys of MMagic."""
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm

from mmpconv.ops import valid_channels
from mmpconv.ops.check import check_input, check_mask
from mmpconv.ops.holes import as_float_mask, hide_holes
from mmpconv.registry import MODELS

from .mask_conv_module import PConvStage


def stage_channels(width: int, num_layers: int) -> list[int]:
    """Channels after each encoder layer: doubling from ``width`` up to 8 times it."""
    if num_layers < 2:
        raise ValueError(f'num_layers is {num_layers} but a U-Net needs at least 2')
    return [width * min(2**i, 8) for i in range(num_layers)]


@MODELS.register_module()
class PConvEncoder(BaseModule):
    """Partial convolutions of stride 2, under MMagic's name, arguments and state-dict keys.

    Args:
        in_channels: Channels of the image.
        num_layers: Number of layers; each halves the size (rounding up). 7 in MMagic's configs
            for 256 pixels, 8 in the paper for 512.
        conv_cfg, norm_cfg: Configs of the convolutions and of all normalisations but the first
            layer's, which has none.
        norm_eval: Keep the statistics of BatchNorm frozen (second stage of training).
        width: Channels of the first layer; later ones have 2, 4 and 8 times as many.

    Raises:
        ValueError: Fewer than 2 layers.
    """

    def __init__(self, in_channels: int = 3, num_layers: int = 7,
                 conv_cfg: dict = dict(type='PConv', multi_channel=True),
                 norm_cfg: dict | None = dict(type='BN', requires_grad=True),
                 norm_eval: bool = False, width: int = 64):
        super().__init__()
        self.num_layers = num_layers
        self.norm_eval = norm_eval
        kernel_sizes = [7, 5, 5] + [3] * num_layers
        previous = in_channels
        for i, (channels, kernel_size) in enumerate(zip(stage_channels(width, num_layers), kernel_sizes)):
            self.add_module(f'enc{i + 1}', PConvStage(
                previous, channels, kernel_size, stride=2, padding=kernel_size // 2, conv_cfg=conv_cfg,
                norm_cfg=norm_cfg if i else None, act_cfg=dict(type='ReLU')))
            previous = channels

    def train(self, mode: bool = True):
        """Set the training mode; BatchNorm stays in evaluation mode if ``norm_eval``."""
        super().train(mode)
        if mode and self.norm_eval:
            for module in self.modules():
                if isinstance(module, _BatchNorm):
                    module.eval()
        return self

    def forward(self, x: Tensor, mask: Tensor) -> dict:
        """Encode an image.

        Args:
            x: Image ``(N, C, H, W)``; what it holds in the holes has no effect.
            mask: ``(N, C, H, W)`` or ``(N, 1, H, W)``, 1 = valid.

        Returns:
            dict: ``out``, the last feature map; ``hidden_feats`` and ``hidden_masks``, the feature
            maps and their masks, ``h0`` (the image) to ``h{num_layers}``. Features are zero in the
            holes (``zero_in_holes``); masks are ``(N, C_i, H_i, W_i)``, views of one channel.

        Raises:
            ValueError: Ranks, channels, sizes or devices do not fit.
            TypeError: Dtypes do not fit.
        """
        check_input(2, x, self.enc1.in_channels, self.enc1.conv.weight)
        check_mask(mask, x)
        mask = as_float_mask(mask, x).expand_as(x)
        feats, masks = {'h0': hide_holes(x, mask)}, {'h0': mask}
        h, valid = feats['h0'], valid_channels(mask)
        for i in range(1, self.num_layers + 1):
            h, mask = getattr(self, f'enc{i}')(h, valid)
            feats[f'h{i}'], masks[f'h{i}'] = h, mask.expand_as(h)
            valid = mask * h.shape[1]
        return dict(out=h, hidden_feats=feats, hidden_masks=masks, zero_in_holes=True)


@MODELS.register_module()
class PConvDecoder(BaseModule):
    """Upsampling, concatenation and partial convolution, under MMagic's name, arguments and keys.

    Each layer upsamples to the size of the skip connection, so that the image may have any size;
    on multiples of ``2^num_layers`` this is the factor of 2 of the paper.

    Args:
        num_layers: That of the encoder.
        interpolation: ``'nearest'`` only: any other would smear holes and features into each other.
        conv_cfg, norm_cfg: Configs of the convolutions and of all normalisations but the last
            layer's, which has none.
        in_channels: Channels of the image, for the last skip connection and the output.
        width: That of the encoder.
        out_act_cfg: Activation of the last layer, such as ``dict(type='Tanh')`` to keep the image in [-1, 1].
            None, as in the paper: a hole's colours may leave the range.

    Raises:
        ValueError: Fewer than 2 layers, or another interpolation.
    """

    def __init__(self, num_layers: int = 7, interpolation: str = 'nearest',
                 conv_cfg: dict = dict(type='PConv', multi_channel=True),
                 norm_cfg: dict | None = dict(type='BN'), in_channels: int = 3, width: int = 64,
                 out_act_cfg: dict | None = None):
        super().__init__()
        if interpolation != 'nearest':
            raise ValueError(f"interpolation is {interpolation!r} but masks stay binary only with 'nearest'")
        self.num_layers = num_layers
        channels = [in_channels, *stage_channels(width, num_layers)]
        for i in range(num_layers, 0, -1):
            last = i == 1
            self.add_module(f'dec{i}', PConvStage(
                channels[i] + channels[i - 1], channels[i - 1], kernel_size=3, padding=1, conv_cfg=conv_cfg,
                norm_cfg=None if last else norm_cfg,
                act_cfg=out_act_cfg if last else dict(type='LeakyReLU', negative_slope=0.2)))

    def forward(self, input_dict: dict) -> tuple[Tensor, Tensor]:
        """Decode what the encoder returned.

        Args:
            input_dict: ``hidden_feats`` and ``hidden_masks``, see :meth:`PConvEncoder.forward`.
                Features from elsewhere, without ``zero_in_holes``, are masked first.

        Returns:
            tuple[Tensor, Tensor]: Output ``(N, C, H, W)`` of any range, and its mask of the same
            shape (a view of one channel).
        """
        feats, masks = input_dict['hidden_feats'], input_dict['hidden_masks']
        if not input_dict.get('zero_in_holes'):
            feats = {key: hide_holes(feat, masks[key]) for key, feat in feats.items()}
        key = f'h{self.num_layers}'
        h, valid = feats[key], valid_channels(masks[key])
        for i in range(self.num_layers, 0, -1):
            skip, skip_valid = feats[f'h{i - 1}'], valid_channels(masks[f'h{i - 1}'])
            # Two parts, of which all channels of each are equal: the count needs no concatenation.
            valid = F.interpolate(valid, skip.shape[-2:], mode='nearest') + skip_valid
            h, mask = getattr(self, f'dec{i}')(skip, valid, h)
            valid = mask * h.shape[1]
        return h, mask.expand_as(h)


@MODELS.register_module()
class PConvEncoderDecoder(BaseModule):
    """Encoder and decoder, under MMagic's name, arguments and state-dict keys.

    Args:
        encoder: Config of the encoder, e.g. ``dict(type='PConvEncoder')``.
        decoder: Config of the decoder, e.g. ``dict(type='PConvDecoder')``.
    """

    def __init__(self, encoder: dict, decoder: dict):
        super().__init__()
        self.encoder = MODELS.build(encoder)
        self.decoder = MODELS.build(decoder)

    def forward(self, x: Tensor, mask_in: Tensor) -> tuple[Tensor, Tensor]:
        """Fill the holes.

        Args:
            x: Image ``(N, C, H, W)`` of any size; what it holds in the holes has no effect.
            mask_in: ``(N, C, H, W)`` or ``(N, 1, H, W)``, 1 = valid.

        Returns:
            tuple[Tensor, Tensor]: Filled image, of the same shape, and its mask (0 where even the
            last layer saw nothing).
        """
        return self.decoder(self.encoder(x, mask_in))
