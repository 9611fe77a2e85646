"""MMagic, imported after this package's remedies for it, and without its dependencies' warnings."""
import warnings

import mmpconv  # noqa: F401  (the remedies)

with warnings.catch_warnings():
    warnings.simplefilter('ignore')
    from mmagic.models.editors import pconv
    from mmagic.models.editors.pconv import pconv_decoder as decoder_module
    from mmagic.models.editors.pconv import pconv_encoder as encoder_module
    from mmagic.models.editors.pconv.partial_conv import PartialConv2d as MMagicPartialConv2d
    from mmagic.models.losses import PerceptualLoss as MMagicPerceptualLoss

__all__ = ['MMagicPartialConv2d', 'MMagicPerceptualLoss', 'decoder_module', 'encoder_module', 'pconv']
