"""Pictures of every mode, as Pillow has them, and files of them."""
import io

import numpy as np
from PIL import ExifTags, Image, ImageCms

ICC_PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes()
PILLOW_MODES = ('1', 'L', 'LA', 'P', 'PA', 'RGB', 'RGBA', 'CMYK', 'YCbCr', 'I;16', 'I;16B', 'I', 'F')


def encoded(photo, fmt, **kwargs):
    """The bytes of a file. ``photo``: an array or a picture of Pillow's."""
    content = io.BytesIO()
    image = photo if isinstance(photo, Image.Image) else Image.fromarray(photo)
    image.save(content, fmt, **kwargs)
    return content.getvalue()


def picture(mode, photo):
    """``photo``, `(h, w, 3)` uint8 RGB, as a picture of any mode; alpha goes from 0 to 255."""
    h, w = photo.shape[:2]
    image = Image.fromarray(photo)
    alpha = np.linspace(0, 255, w).astype(np.uint8)[None].repeat(h, axis=0)
    deep = photo[..., 0].astype(np.uint16) * 256 + photo[..., 1]
    if mode == '1':
        return image.convert('1')
    if mode == 'P':
        return image.quantize(60)
    if mode == 'PA':
        indexed = image.quantize(60)
        made = Image.frombytes('PA', (w, h), np.dstack([np.asarray(indexed), alpha]).tobytes())
        made.putpalette(indexed.getpalette())
        return made
    if mode in ('LA', 'RGBA'):
        image = image.convert(mode)
        image.putalpha(Image.fromarray(alpha))
        return image
    if mode in ('I;16', 'I;16B'):
        return Image.frombytes(mode, (w, h), deep.astype('>u2' if mode == 'I;16B' else '<u2').tobytes())
    if mode == 'I':
        return Image.fromarray(deep.astype(np.int32))
    if mode == 'F':
        return Image.fromarray(deep.astype(np.float32) / 65535)
    return image.convert(mode)


def exif(orientation=1, thumbnail=b''):
    """EXIF data with a date, a place, and an orientation."""
    tags = Image.Exif()
    tags[ExifTags.Base.Make] = 'Camera'
    tags[ExifTags.Base.Orientation] = orientation
    tags.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = '2024:05:06 07:08:09'
    tags.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = 'N'
    return tags.tobytes()
