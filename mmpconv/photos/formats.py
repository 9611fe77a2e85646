"""What file formats can hold."""
from dataclasses import dataclass

from .details import Picture
from .errors import PhotoError
from .modes import DEEP, in_words

_BASIC = ('1', 'L', 'P', 'RGB')
GREY_16 = ('I;16', 'I;16L', 'I;16B', 'I')


@dataclass(frozen=True)
class Format:
    """A file format as this package writes it.

    Args:
        name: Pillow's.
        suffixes: The usual one first.
        modes: Modes whose samples are read back as they were written; of a lossy format, about so.
        is_lossless: They are the same bit for bit.
        holds_details: It holds an ICC profile and EXIF data.
        transparent_modes: Modes in which a level or palette index can stand for transparent pixels.
    """
    name: str
    suffixes: tuple[str, ...]
    modes: tuple[str, ...]
    is_lossless: bool = True
    holds_details: bool = True
    transparent_modes: tuple[str, ...] = ()

    def holds(self, picture: Picture) -> bool:
        """Whether a file of this format can show the picture as it is."""
        details = picture.details
        return (picture.mode in self.modes and (self.holds_details or details.orientation == 1)
                and (details.transparency is None or picture.mode in self.transparent_modes))


PNG = Format('PNG', ('.png', ), (*_BASIC, 'LA', 'RGBA', *GREY_16, 'LA;16', 'RGB;16', 'RGBA;16'),
             transparent_modes=(*_BASIC, *GREY_16, 'RGB;16'))
TIFF = Format('TIFF', ('.tif', '.tiff'), (*_BASIC, 'LA', 'PA', 'RGBA', 'CMYK', *GREY_16, 'F', *DEEP))
FORMATS = (
    PNG,
    TIFF,
    Format('JPEG', ('.jpg', '.jpeg'), ('L', 'RGB', 'CMYK', 'YCbCr'), is_lossless=False),
    Format('WEBP', ('.webp', ), ('RGB', 'RGBA')),
    Format('BMP', ('.bmp', ), _BASIC, holds_details=False),
    Format('GIF', ('.gif', ), ('P', ), holds_details=False, transparent_modes=('P', )),
    Format('PPM', ('.ppm', ), ('RGB', ), holds_details=False),
    Format('PPM', ('.pgm', ), ('L', *GREY_16), holds_details=False),
    Format('PPM', ('.pbm', ), ('1', ), holds_details=False),
)


def format_for(picture: Picture, suffix: str, filename: str) -> Format:
    """The format of a suffix.

    Args:
        filename: For the message.

    Raises:
        PhotoError: It is not known, or cannot hold the picture.
    """
    by_suffix = {suffix: format for format in FORMATS for suffix in format.suffixes}
    if suffix.lower() not in by_suffix:
        raise PhotoError(f'{filename} cannot be written: its suffix must be one of {", ".join(by_suffix)}')
    format = by_suffix[suffix.lower()]
    if not format.holds(picture):
        fitting = [format.suffixes[0] for format in FORMATS if format.holds(picture)]
        details = picture.details
        what = in_words(picture.mode) + (' with transparency' if details.transparency is not None else '') + (
            f' turned by EXIF orientation {details.orientation}' if details.orientation != 1 else '')
        raise PhotoError(f'{filename} cannot be written: {format.name} files cannot hold {what}; '
                         + (f'take {" or ".join(fitting)}' if fitting else 'convert the picture to 8 bits first'))
    return format


def lossless_suffix(picture: Picture) -> str:
    """The suffix of the picture's own format if that holds it without loss, else of PNG, or of TIFF."""
    own = [format for format in FORMATS if format.name == picture.details.format and format.is_lossless]
    return next((format.suffixes[0] for format in (*own, PNG) if format.holds(picture)), TIFF.suffixes[0])
