"""Losses of the inpaintor. Image-level masks: 1 = hole."""
from .masked_losses import MaskedL1Loss, MaskedPSNRLoss, MaskedTVLoss
from .perceptual_style_loss import PerceptualStyleLoss, gram_matrix
from .vgg import VGGFeatures, VGGWeightsError, load_vgg

__all__ = [
    'MaskedL1Loss', 'MaskedPSNRLoss', 'MaskedTVLoss', 'PerceptualStyleLoss', 'VGGFeatures', 'VGGWeightsError',
    'gram_matrix', 'load_vgg'
]
