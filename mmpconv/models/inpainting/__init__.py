"""The PConv U-Net (arXiv 1804.07723) and its inpaintor. Importing this fills the registry."""
from mmpconv.registry import MODELS

from ..oriented_unet import OrientedUNet
from .mask_conv_module import MaskConvModule, PlainConv2d
from .pconv_encoder_decoder import PConvDecoder, PConvEncoder, PConvEncoderDecoder
from .pconv_inpaintor import MeanColor, PConvInpaintor
from .unet_encoder_decoder import UNetEncoderDecoder

__all__ = [
    'MaskConvModule', 'MeanColor', 'OrientedUNet', 'PConvDecoder', 'PConvEncoder', 'PConvEncoderDecoder',
    'PConvInpaintor', 'PlainConv2d', 'UNetEncoderDecoder'
]

MODELS.register_module(module=OrientedUNet)
