"""The PConv U-Net (arXiv 1804.07723) and its inpaintor. Importing this fills the registry."""
from .mask_conv_module import MaskConvModule
from .mean_color import MeanColor
from .oriented_unet import OrientedUNet
from .pconv_decoder import PConvDecoder
from .pconv_encoder import PConvEncoder
from .pconv_encoder_decoder import PConvEncoderDecoder
from .pconv_inpaintor import PConvInpaintor
from .plain_conv import PlainConv2d
from .unet_encoder_decoder import UNetEncoderDecoder

__all__ = [
    'MaskConvModule', 'MeanColor', 'OrientedUNet', 'PConvDecoder', 'PConvEncoder', 'PConvEncoderDecoder',
    'PConvInpaintor', 'PlainConv2d', 'UNetEncoderDecoder'
]
