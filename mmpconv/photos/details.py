"""What a picture carries besides its pixels."""
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Details:
    """What has to go along from a photo to its result.

    Args:
        format: Pillow's name of the file's format; None for what was no file.
        orientation: How the stored picture is turned to stand upright, 1 to 8 (EXIF).
        icc_profile: None without one.
        exif: As Pillow reads and writes it; empty without.
        dpi: Resolution in pixels an inch, horizontal and vertical.
        palette: Pillow's mode of the palette, and its bytes.
        transparency: The grey level, colour, palette index, or alpha of the palette, as in Pillow's ``info``.
        jpeg: Options of Pillow with which a JPEG file is compressed as this one was.
        png_chunks: Kinds and contents of a PNG's chunks on how its colours are meant.
    """
    format: str | None = None
    orientation: int = 1
    icc_profile: bytes | None = None
    exif: bytes = b''
    dpi: tuple[float, float] | None = None
    palette: tuple[str, bytes] | None = None
    transparency: Any = None
    jpeg: dict | None = None
    png_chunks: tuple[tuple[bytes, bytes], ...] = ()


@dataclass(frozen=True)
class Picture:
    """A decoded picture, as it is stored.

    Args:
        samples: `(h, w)` or `(h, w, c)`, of the dtype in which they are stored.
        mode: Pillow's mode, or what it would be called: see :mod:`mmpconv.photos.modes`.
    """
    samples: np.ndarray
    mode: str
    details: Details
