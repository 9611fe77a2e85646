"""The mathematics: functions on tensors. Imports torch only."""
from .oriented import line_variation, oriented_fill, oriented_fills, oriented_logits
from .partial_conv import masked_conv, partial_conv1d, partial_conv2d, partial_conv3d, upsample_concat, upsampled_conv2d
from .partial_padding import partial_padding_conv, partial_padding_ratio
from .pyramid import pyramid_fill
from .window import valid_channels, window_count

__all__ = [
    'line_variation', 'masked_conv', 'oriented_fill', 'oriented_fills', 'oriented_logits', 'partial_conv1d',
    'partial_conv2d', 'partial_conv3d', 'partial_padding_conv', 'partial_padding_ratio', 'pyramid_fill',
    'upsample_concat', 'upsampled_conv2d', 'valid_channels', 'window_count'
]
