"""Decoder of the PConv U-Net (arXiv 1804.07723, section 3.2 and supplement)."""
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor

from mmpconv.ops import valid_channels
from mmpconv.ops.partial_conv import hide_holes
from mmpconv.registry import MODELS

from .mask_conv_module import MaskConvModule
from .pconv_encoder import stage_channels


@MODELS.register_module()
class PConvDecoder(BaseModule):
    """Upsampling, concatenation and partial convolution, under MMagic's name, arguments and keys.

    Each layer upsamples to the size of the skip connection, so that the image may have any size;
    on multiples of ``2^num_layers`` this is the factor of 2 of the paper.

    Args:
        num_layers: As of the encoder.
        interpolation: ``'nearest'`` only: any other would smear holes and features into each other.
        conv_cfg, norm_cfg: Configs of the convolutions and of all normalisations but the last
            layer's, which has none.
        in_channels: Channels of the image, for the last skip connection and the output.
        width: As of the encoder.
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
            self.add_module(f'dec{i}', MaskConvModule(
                channels[i] + channels[i - 1], channels[i - 1], kernel_size=3, padding=1, conv_cfg=conv_cfg,
                norm_cfg=None if last else norm_cfg,
                act_cfg=out_act_cfg if last else dict(type='LeakyReLU', negative_slope=0.2)))

    def forward(self, input_dict: dict) -> tuple[Tensor, Tensor]:
        """Decode what the encoder returned.

        Args:
            input_dict: ``hidden_feats`` and ``hidden_masks`` as of :meth:`PConvEncoder.forward`.
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
            h, mask = getattr(self, f'dec{i}')((h, skip), valid, channels=h.shape[1] + skip.shape[1])
            valid = mask * h.shape[1]
        return h, mask.expand_as(h)
