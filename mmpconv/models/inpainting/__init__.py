"""The PConv U-Net (arXiv 1804.07723) and its inpaintor. Importing this fills the registry."""
from .mask_conv_module import MaskConvModule
from .mean_color import MeanColor
from .pconv_decoder import PConvDecoder
from .pconv_encoder import PConvEncoder
from .pconv_encoder_decoder import PConvEncoderDecoder
from .pconv_inpaintor import PConvInpaintor

__all__ = [
    'MaskConvModule', 'MeanColor', 'PConvDecoder', 'PConvEncoder', 'PConvEncoderDecoder', 'PConvInpaintor'
]
