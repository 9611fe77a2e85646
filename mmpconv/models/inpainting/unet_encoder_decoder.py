"""A plain U-Net: what partial convolutions are compared with."""
import torch
import torch.nn.functional as F
from mmcv.cnn import ConvModule
from mmengine.model import BaseModule
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm

from mmpconv.ops.check import check_input, check_mask
from mmpconv.ops.holes import as_float_mask, hide_holes
from mmpconv.ops.tracing import is_exporting
from mmpconv.registry import MODELS

from .pconv_encoder_decoder import stage_channels


@MODELS.register_module()
class UNetEncoderDecoder(BaseModule):
    """The U-Net with max pooling that SunnerLi/P-Conv trains beside its partial one.

    Takes the place of :class:`PConvEncoderDecoder`: ``encdec=dict(type='UNetEncoderDecoder')``. It knows nothing of
    masks: a hole is mid-grey (0 in [-1, 1]) to it. All convolutions are 3x3; the encoder's are followed by pooling,
    the decoder's preceded by nearest upsampling to the size of the skip connection, so that the image may have any
    size; on multiples of ``2^(num_layers - 1)`` these are the factors of 2 of the original. The output is a tanh.

    Args:
        in_channels: Channels of the image.
        num_layers: Convolutions of the encoder, and of the decoder.
        width: Channels of the first layer; later ones have 2, 4 and 8 times as many.
        norm_cfg: Config of all normalisations but the first and the last layer's, which have none.
        freeze_encoder_norm: Keep BatchNorm of the encoder as it is, statistics and parameters (fine-tuning).

    Raises:
        ValueError: Fewer than 2 layers.
    """

    def __init__(self, in_channels: int = 3, num_layers: int = 8, width: int = 64,
                 norm_cfg: dict | None = dict(type='BN'), freeze_encoder_norm: bool = False):
        super().__init__()
        self.num_layers = num_layers
        self.freeze_encoder_norm = freeze_encoder_norm
        channels = [in_channels, *stage_channels(width, num_layers)]
        for i in range(1, num_layers + 1):
            self.add_module(f'enc{i}', ConvModule(
                channels[i - 1], channels[i], 3, padding=1, norm_cfg=norm_cfg if i > 1 else None,
                act_cfg=dict(type='ReLU')))
        for i in range(num_layers, 1, -1):
            self.add_module(f'dec{i}', ConvModule(
                channels[i] + channels[i - 1], channels[i - 1], 3, padding=1, norm_cfg=norm_cfg,
                act_cfg=dict(type='ReLU')))
        self.dec1 = ConvModule(width, in_channels, 3, padding=1, act_cfg=dict(type='Tanh'))
        if freeze_encoder_norm:
            for norm in self._encoder_norms():
                norm.requires_grad_(False)

    def _encoder_norms(self) -> list[_BatchNorm]:
        layers = [getattr(self, f'enc{i}') for i in range(1, self.num_layers + 1)]
        return [module for layer in layers for module in layer.modules() if isinstance(module, _BatchNorm)]

    def train(self, mode: bool = True):
        """Set the training mode; the encoder's BatchNorm stays in evaluation mode if it is frozen."""
        super().train(mode)
        if self.freeze_encoder_norm:
            for norm in self._encoder_norms():
                norm.eval()
        return self

    def forward(self, x: Tensor, mask_in: Tensor) -> tuple[Tensor, Tensor]:
        """Fill the holes.

        Args:
            x: Image ``(N, C, H, W)`` of any size in [-1, 1]; what it holds in the holes has no effect.
            mask_in: ``(N, C, H, W)`` or ``(N, 1, H, W)``, 1 = valid.

        Returns:
            tuple[Tensor, Tensor]: Filled image in [-1, 1], of the same shape, and a mask without holes.

        Raises:
            ValueError: Ranks, channels, sizes or devices do not fit, or the image is too small to train with.
            TypeError: Dtypes do not fit.
        """
        check_input(2, x, self.enc1.in_channels, self.enc1.conv.weight)
        check_mask(mask_in, x)
        h = hide_holes(x, as_float_mask(mask_in, x).expand_as(x))
        try:
            h = self._decode(self._encode(h))
        except ValueError as error:
            if 'more than 1 value per channel' in str(error):
                raise ValueError(
                    f'an image of {tuple(x.shape[2:])} pixels shrinks to a single one, over which BatchNorm cannot '
                    f'normalise in training: use images larger than {2**(self.num_layers - 1)} pixels, a batch of at '
                    'least 2, or fewer layers') from error
            raise
        return h, h.new_ones(()).expand_as(h)

    def _encode(self, h: Tensor) -> list[Tensor]:
        feats = [self.enc1(h)]
        for i in range(2, self.num_layers + 1):
            feats.append(getattr(self, f'enc{i}')(_pool(feats[-1])))
        return feats

    def _decode(self, feats: list[Tensor]) -> Tensor:
        h = feats[-1]
        for i in range(self.num_layers, 1, -1):
            skip = feats[i - 2]
            h = F.interpolate(h, skip.shape[2:], mode='nearest')
            h = getattr(self, f'dec{i}')(torch.cat([skip, h], 1))
        return self.dec1(h)


def _pool(h: Tensor) -> Tensor:
    """The largest of each 2 x 2; a row or column that is left over is not lost, and a single pixel stays one."""
    if is_exporting():  # torch would look whether the size is odd
        h = F.pad(h, (0, 1, 0, 1), value=-torch.inf)
        h = torch.maximum(h[:, :, :-1:2], h[:, :, 1::2])
        return torch.maximum(h[..., :-1:2], h[..., 1::2])
    return F.max_pool2d(h, 2, ceil_mode=True)
