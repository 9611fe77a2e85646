"""Photos and masks as people have them: read and written without loss, and one sentence for what cannot be used."""
from .formats import MAX_PIXELS, PhotoError, PhotoWarning, UnreadableImageError
from .hole_mask import hole_mask
from .mask_picture import binarise_mask, resize_mask
from .photo import Photo

__all__ = [
    'MAX_PIXELS', 'Photo', 'PhotoError', 'PhotoWarning', 'UnreadableImageError', 'binarise_mask', 'hole_mask',
    'resize_mask'
]
