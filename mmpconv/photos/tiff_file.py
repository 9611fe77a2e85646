"""TIFF files beyond what Pillow does: colour of 16 bits and of floating point."""
import zlib
from typing import BinaryIO

import cv2
import numpy as np
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from .details import Details, Picture, described, directories_of, orientation_in, resolution
from .formats import PhotoError, check_frames, check_size, mode_of

# Tags and values of TIFF 6.0.
_BITS, _SAMPLES, _ICC_PROFILE = 258, 277, 34675
_DEFLATE, _GREY, _RGB, _UNASSOCIATED_ALPHA = 8, 1, 2, 2
_SAMPLE_FORMATS = {'u': 1, 'f': 3}
_DTYPES = ('uint16', 'float32', 'float64')
_INCHES = {2: 1, 3: 2.54}  # in the units of resolution
_ROWS = 64


def is_deep(image: Image.Image) -> bool:
    """True if a TIFF file that Pillow has opened has colours of more than 8 bits, which it would cut down to 8."""
    return image.tag_v2.get(_SAMPLES, 1) > 1 and max(image.tag_v2.get(_BITS, (1,))) > 8


def read_deep_tiff(file: BinaryIO, max_pixels: int) -> Picture:
    """Decode a TIFF file of 16-bit or floating-point grey with alpha, RGB, or RGBA.

    Raises:
        PhotoError: It is of another kind.
        Exception: Any that the decoder raises.
    """
    import tifffile  # takes 0.1 s, and few photos need it

    file.seek(0)
    with tifffile.TiffFile(file) as tiff:
        page = tiff.pages[0]
        check_size((page.imagewidth, page.imagelength), max_pixels)
        check_frames(len(tiff.pages))
        _check_kind(page)
        try:
            pixels = page.asarray()
        except (ValueError, KeyError) as error:
            if 'imagecodecs' not in str(error):
                raise
            pixels = _decoded_by_opencv(file, page)
        shape = page.imagelength, page.imagewidth, page.samplesperpixel
        if page.planarconfig == tifffile.PLANARCONFIG.SEPARATE:
            pixels = pixels.reshape(shape[2], *shape[:2]).transpose(1, 2, 0)
        pixels = pixels.reshape(shape[:2] if shape[2] == 1 else shape)
        pixels = np.ascontiguousarray(pixels)
    return Picture(pixels, mode_of(pixels), _details(file))


def _check_kind(page) -> None:
    photometric = getattr(page.photometric, 'name', str(page.photometric))
    channels = {'MINISBLACK': (1, 2), 'RGB': (3, 4)}.get(photometric, ())
    if page.dtype is None or page.dtype.name not in _DTYPES or page.samplesperpixel not in channels:
        raise PhotoError(f'it is a TIFF file of {page.samplesperpixel} channels ({photometric}) of '
                         f'{page.bitspersample} bits; save it with 8 bits, or as grey or RGB of 16 bits')
    if page.samplesperpixel in (2, 4) and page.extrasamples and page.extrasamples[0] == 1:
        raise PhotoError('its colours are multiplied by alpha, which loses what is transparent; save it with straight '
                         '(unassociated) alpha')


def _decoded_by_opencv(file: BinaryIO, page) -> np.ndarray:
    """Pixels whose compression tifffile leaves to a package that is large and seldom needed."""
    pixels = None
    if page.samplesperpixel > 2:
        file.seek(0)
        pixels = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype != page.dtype or pixels.shape[2:] != (page.samplesperpixel,):
        raise PhotoError(f'its {getattr(page.compression, "name", page.compression)} compression is not known; save it '
                         'with deflate or without compression')
    return pixels[..., [2, 1, 0, 3][:page.samplesperpixel]]


def _details(file: BinaryIO) -> Details:
    tags = Image.Exif()
    file.seek(0)
    tags.load_from_fp(file)
    exif = described(tags)
    per_inch = _INCHES.get(tags.get(ExifTags.Base.ResolutionUnit, 2), 0)
    dots = [tags.get(tag, 0) * per_inch for tag in (ExifTags.Base.XResolution, ExifTags.Base.YResolution)]
    return Details(format='TIFF', orientation=orientation_in(exif) if exif else 1, exif=exif, dpi=resolution(dots),
                   icc_profile=tags.get(_ICC_PROFILE))


def write_deep_tiff(file: BinaryIO, samples: np.ndarray, details: Details) -> None:
    """Write samples that Pillow cannot, compressed by deflate.

    Args:
        samples: `(h, w)` or `(h, w, 2 to 4)`, uint16, float32 or float64.
    """
    h, w = samples.shape[:2]
    channels = 1 if samples.ndim == 2 else samples.shape[2]
    little_endian = samples.astype(samples.dtype.newbyteorder('<'), copy=False)
    strips = [zlib.compress(little_endian[top:top + _ROWS].tobytes()) for top in range(0, h, _ROWS)]
    sizes = [len(strip) for strip in strips]
    tags = dict(
        ImageWidth=w, ImageLength=h, BitsPerSample=(8 * samples.itemsize,) * channels, Compression=_DEFLATE,
        PhotometricInterpretation=_RGB if channels > 2 else _GREY, SamplesPerPixel=channels, RowsPerStrip=_ROWS,
        SampleFormat=(_SAMPLE_FORMATS[samples.dtype.kind],) * channels, StripByteCounts=tuple(sizes),
        StripOffsets=tuple(int(offset) for offset in np.cumsum([0, *sizes[:-1]])))  # from where the strips begin
    if channels in (2, 4):
        tags['ExtraSamples'] = _UNASSOCIATED_ALPHA
    if details.dpi:
        tags.update(XResolution=details.dpi[0], YResolution=details.dpi[1], ResolutionUnit=2)
    directory = ImageFileDirectory_v2()
    for tag, value in directories_of(details.exif).items():
        directory[tag] = value
    for name, value in tags.items():
        directory[ExifTags.Base[name]] = value
    if details.icc_profile:
        directory[_ICC_PROFILE] = details.icc_profile
    directory.save(file)
    for strip in strips:
        file.write(strip)
