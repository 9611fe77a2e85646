from .crop import Crop
from .load_image import LoadImageFromFile
from .load_mask import LoadMask
from .masked_image import GetMaskedImage

__all__ = ['Crop', 'GetMaskedImage', 'LoadImageFromFile', 'LoadMask']
