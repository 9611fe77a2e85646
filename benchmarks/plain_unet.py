"""The U-Net of PConv with plain convolutions and no masks: the speed that partial convolutions aim at."""
import torch
import torch.nn.functional as F
from mmcv.cnn import ConvModule
from torch import Tensor, nn


class PlainUNet(nn.Module):
    """As MMagic's ``PConvEncoderDecoder`` in channels, kernels, strides, normalisation and activation.

    Its state-dict keys are the same too, so that the sizes of checkpoints can be compared to the byte.

    Args:
        width: Channels of the first layer, doubling to 8 times as many.
        num_layers: Layers of the encoder, and of the decoder.
    """

    def __init__(self, width: int = 64, num_layers: int = 7):
        super().__init__()
        channels = [3] + [width * min(2**i, 8) for i in range(num_layers)]
        kernel_sizes = [7, 5, 5] + [3] * num_layers
        self.num_layers = num_layers
        self.encoder, self.decoder = nn.ModuleDict(), nn.ModuleDict()
        for i in range(num_layers):
            self.encoder[f'enc{i + 1}'] = ConvModule(
                channels[i], channels[i + 1], kernel_sizes[i], stride=2, padding=kernel_sizes[i] // 2,
                norm_cfg=dict(type='BN') if i else None, act_cfg=dict(type='ReLU'))
        for i in range(num_layers, 0, -1):
            self.decoder[f'dec{i}'] = ConvModule(
                channels[i] + channels[i - 1], channels[i - 1], 3, padding=1,
                norm_cfg=dict(type='BN') if i > 1 else None,
                act_cfg=dict(type='LeakyReLU', negative_slope=0.2) if i > 1 else None)

    def forward(self, x: Tensor) -> Tensor:
        """Map an image ``(N, 3, H, W)`` to one of the same shape."""
        feats = [x]
        for layer in self.encoder.values():
            feats.append(layer(feats[-1]))
        h = feats.pop()
        for layer in self.decoder.values():
            skip = feats.pop()
            h = layer(torch.cat([F.interpolate(h, size=skip.shape[2:], mode='nearest'), skip], 1))
        return h
