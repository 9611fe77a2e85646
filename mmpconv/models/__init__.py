"""Networks, inpaintors and losses. Importing this fills the registry."""
from .losses import *  # noqa: F401, F403
from .mask_conv_module import MaskConvModule
from .pconv_decoder import PConvDecoder
from .pconv_encoder import PConvEncoder
from .pconv_encoder_decoder import PConvEncoderDecoder

__all__ = ['MaskConvModule', 'PConvDecoder', 'PConvEncoder', 'PConvEncoderDecoder']
