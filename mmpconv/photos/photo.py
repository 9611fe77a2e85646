"""A photo, of whatever kind, in which pixels can be replaced."""
import dataclasses
import os
import warnings

import numpy as np
from PIL import Image

from .details import Details, Picture, details_of, upright, without_thumbnail
from .formats import MAX_PIXELS, PILLOW, PhotoError, PhotoWarning, check_frames, format_for, in_words, mode_of
from .levels import coding_of, is_cut_down, pixels_of
from .reading import Source, name_of, pillow_settings, read_picture, unreadable
from .writing import lossless_suffix, to_pillow, write_picture


class Photo:
    """A picture whose mode, depth, colour profile, EXIF data and orientation stay what they are.

    Made by :meth:`read`, :meth:`from_pil` or :meth:`from_array`. It is never changed: :meth:`filled` makes another.

    Attributes:
        name: For messages.
    """

    def __init__(self, picture: Picture, name: str, array_form: tuple[tuple[int, ...], str] | None = None):
        with unreadable(name):
            self._coding = coding_of(picture)
        self._picture, self.name, self._array_form = picture, name, array_form

    @classmethod
    def read(cls, source: Source, max_pixels: int = MAX_PIXELS) -> 'Photo':
        """Decode a picture file without loss.

        PNG, JPEG, TIFF, WebP, BMP, PPM and GIF, by their content and not their suffix. A JPEG file with previews behind
        it (MPO) is its photo. The size is checked before any pixel is decoded.

        Args:
            source: A path, or a binary file that can seek, which is read from its beginning and not closed.
            max_pixels: Larger pictures are refused. Above Pillow's own ``Image.MAX_IMAGE_PIXELS`` that limit, which is
                of the whole process, is raised to it; it is never lowered.

        Raises:
            UnreadableImageError: It is missing, no picture, damaged, cut off, too large, or has several frames.
        """
        return cls(read_picture(source, max_pixels), name_of(source))

    @classmethod
    def from_pil(cls, image: Image.Image) -> 'Photo':
        """Take a picture of Pillow's as it is; its EXIF orientation counts.

        Warns:
            PhotoWarning: It was opened and not yet decoded, and Pillow cuts its colours of 16 bits down to 8, which
                :meth:`read` does not.

        Raises:
            UnreadableImageError: Its file is broken, it has several frames, or its mode has no fixed way to RGB.
        """
        name = os.path.basename(getattr(image, 'filename', '')) or '<Pillow image>'
        with unreadable(name), pillow_settings(max_pixels=0):
            if image.format != 'MPO':
                check_frames(getattr(image, 'n_frames', 1))
            was_deep = is_cut_down(image)
            photo = cls(Picture(pixels_of(image), image.mode, details_of(image)), name)
        if was_deep:
            warnings.warn(f'the colours of {name} have 16 bits, of which Pillow keeps 8; give the file instead of the '
                          'opened picture to keep them', PhotoWarning, stacklevel=2)
        return photo

    @classmethod
    def from_array(cls, array: np.ndarray, channel_order: str = 'rgb', name: str = '<array>') -> 'Photo':
        """Take an array, which is not copied: change it only when the photo is done with.

        Args:
            array: `(h, w)` or `(h, w, 1)` grey, `(h, w, 2)` grey and alpha, `(h, w, 3)` colour, `(h, w, 4)` colour and
                alpha; uint8, uint16, bool, or float32 or float64 in [0, 1]. NaN: a pixel that is not known.
            channel_order: ``'rgb'``, or ``'bgr'`` as OpenCV has it.
            name: For messages.

        Raises:
            PhotoError: It is another kind of array.
        """
        if channel_order not in ('rgb', 'bgr'):
            raise ValueError(f"channel_order must be 'rgb' or 'bgr', got {channel_order!r}")
        shape = getattr(array, 'shape', ())
        if not isinstance(array, np.ndarray) or array.ndim not in (2, 3) or 0 in shape or shape[2:] > (4, ):
            raise PhotoError(f'a picture must be a NumPy array (h, w) or (h, w, 1 to 4), got {type(array).__name__}'
                             f'{f" {tuple(shape)}" if shape else ""}; channels come last')
        samples = array[..., 0] if shape[2:] == (1, ) else array
        if channel_order == 'bgr':
            samples = _swapped(samples)
        return cls(Picture(samples, mode_of(samples), Details()), name, (shape, channel_order))

    @property
    def shape(self) -> tuple[int, int]:
        """`(h, w)` as it is to be seen: upright."""
        return self._upright(self._picture.samples).shape[:2]

    @property
    def stored_shape(self) -> tuple[int, int]:
        """`(h, w)` as it is stored."""
        return self._picture.samples.shape[:2]

    @property
    def orientation(self) -> int:
        """The turn from the stored picture to the upright one: 1 to 8, as in EXIF."""
        return self._picture.details.orientation

    @property
    def format(self) -> str | None:
        """Pillow's name of the format of the file; None for what was no file."""
        return self._picture.details.format

    @property
    def lossless_suffix(self) -> str:
        """Suffix of a file that holds the photo without loss: of its own format if that does, else of PNG or TIFF."""
        return lossless_suffix(self._picture)

    def color(self) -> np.ndarray:
        """`(h, w, 3)` upright RGB; uint8, uint16, or float32 in [0, 1]. Not to be written to.

        Grey is three times the same; other colour spaces are converted as Pillow does it; alpha is left out.
        """
        return self.color_of(self._upright(self._picture.samples))

    def color_of(self, samples: np.ndarray) -> np.ndarray:
        """Like :meth:`color`, of samples from :meth:`samples`."""
        return self._coding.color(samples)

    def samples(self, upright: bool = True) -> np.ndarray:
        """`(h, w)` or `(h, w, c)`: what is stored, palette indices for example. Not to be written to.

        Args:
            upright: They are turned as the photo is to be seen.
        """
        samples = (self._upright(self._picture.samples) if upright else self._picture.samples)[:]
        samples.flags.writeable = False
        return samples

    def alpha(self) -> np.ndarray | None:
        """`(h, w)` upright, 0 where transparent; bool, uint8, uint16, or float in [0, 1]. None without transparency."""
        return self.alpha_of(self._upright(self._picture.samples))

    def alpha_of(self, samples: np.ndarray) -> np.ndarray | None:
        """Like :meth:`alpha`, of samples from :meth:`samples`."""
        return self._coding.alpha(samples)

    def hidden(self) -> np.ndarray | None:
        """`(h, w)` bool, upright: pixels whose colour means nothing, fully transparent ones or NaN; None without."""
        return self._coding.hidden(self._upright(self._picture.samples))

    def filled(self, color: np.ndarray, hole: np.ndarray, opaque: bool = False) -> 'Photo':
        """The photo with other colours in a hole; all else is the same bit for bit.

        A thumbnail in the EXIF data is blanked out, because it would go on showing what was in the hole.

        Args:
            color: `(h, w, 3)` upright, see :meth:`color`. Grey photos take its luma (ITU-R BT.601), palette photos
                the nearest colours that they have.
            hole: `(h, w)` bool, upright; True is the hole.
            opaque: Filled pixels become opaque; else their transparency stays what it is.

        Raises:
            ValueError: The arrays are not of this photo's shape, or of another dtype.
        """
        shape, dtype = (*self.shape, 3), self._coding.color(self._picture.samples[:1, :1]).dtype
        if color.shape != shape or color.dtype != dtype:
            raise ValueError(f'color must be {dtype} {shape}, got {color.dtype} {color.shape}')
        if hole.shape != self.shape or hole.dtype != bool:
            raise ValueError(f'hole must be bool {self.shape}, got {hole.dtype} {hole.shape}')
        picture = self._picture
        samples = picture.samples.copy()
        exif = picture.details.exif
        if hole.any():
            self._coding.replace(self._upright(samples), hole, color[hole], opaque)
            exif = without_thumbnail(exif)
        details = dataclasses.replace(picture.details, exif=exif)
        return Photo(dataclasses.replace(picture, samples=samples, details=details), self.name, self._array_form)

    def to_pil(self) -> Image.Image:
        """A picture of Pillow's in the stored orientation, with colour profile, EXIF data and resolution.

        Raises:
            PhotoError: Pillow cannot hold it: colour of more than 8 bits.
        """
        if self._picture.mode not in PILLOW:
            raise PhotoError(f'the photo {self.name} is {in_words(self._picture.mode)}, which Pillow cannot hold; take '
                             'to_array() or save()')
        return to_pillow(self._picture)

    def to_array(self) -> np.ndarray:
        """A copy of the samples in the stored orientation: as the array that was given, or as NumPy has Pillow's."""
        samples = self._picture.samples
        if self._array_form is None:
            return samples.copy()
        shape, channel_order = self._array_form
        return (_swapped(samples) if channel_order == 'bgr' else samples).reshape(shape).copy()

    def require_format(self, path: str | os.PathLike) -> None:
        """Check that a file of this suffix could hold the photo, and so what is filled of it.

        Raises:
            PhotoError: The format is not known or cannot hold the photo; the message names those that can.
        """
        format_for(self._picture, os.path.splitext(path)[1], os.fsencode(path).decode('utf-8', 'replace'))

    def save(self, path: str | os.PathLike) -> None:
        """Write a file, in the format of its suffix, which is there when it is complete or not at all.

        What the format keeps of levels is read back bit for bit, except from JPEG, which is compressed as the photo's
        own JPEG file was, else with quality 95.

        Warns:
            PhotoWarning: The format changes or leaves out something.

        Raises:
            PhotoError: The format is not known or cannot hold the photo; or the file cannot be written.
        """
        write_picture(self._picture, path)

    def _upright(self, samples: np.ndarray) -> np.ndarray:
        return upright(samples, self.orientation)


def _swapped(samples: np.ndarray) -> np.ndarray:
    """Red and blue exchanged."""
    if samples.ndim == 2 or samples.shape[2] < 3:
        return samples
    return samples[..., [2, 1, 0, 3][:samples.shape[2]]]
