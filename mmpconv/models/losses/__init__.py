"""Losses of the inpaintor. Image-level masks: 1 = hole."""
from .masked_l1_loss import MaskedL1Loss
from .masked_psnr_loss import MaskedPSNRLoss
from .masked_tv_loss import MaskedTVLoss
from .perceptual_style_loss import PerceptualStyleLoss, gram_matrix
from .vgg_features import VGGFeatures
from .vgg_weights import VGGWeightsError, load_vgg

__all__ = [
    'MaskedL1Loss', 'MaskedPSNRLoss', 'MaskedTVLoss', 'PerceptualStyleLoss', 'VGGFeatures', 'VGGWeightsError',
    'gram_matrix', 'load_vgg'
]
