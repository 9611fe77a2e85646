"""The files of a frozen benchmark: names, columns, and what its hashes are of.

=================  ====================================================================================================
``benchmark.json``  what it is: ``format``, ``name``, ``seed``, ``size`` (height, width), ``settings``, ``bins``,
                    ``counts``, ``samples_sha256`` (bytes of ``samples.csv``), ``masks_sha256`` (pixels of all masks)
``samples.csv``     a line a sample: the fields of :class:`BenchmarkSample`, the box as four columns
``masks/ID.png``    1-bit greyscale, white = hole
``location.json``   ``image_root``: where the photos lie on this machine; the only file that differs between machines
=================  ====================================================================================================
"""
import csv
import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mmpconv.errors import LaunchError

from .transforms import LoadImageFromFile

FORMAT = 1
DESCRIPTION, SAMPLES, LOCATION, MASKS = 'benchmark.json', 'samples.csv', 'location.json', 'masks'
COLUMNS = ('id', 'image', 'top', 'left', 'height', 'width', 'mask', 'hole_ratio', 'bin', 'border', 'image_sha256',
           'mask_sha256')


class BenchmarkError(LaunchError, ValueError):
    """A benchmark, or what it is to be made of, is not as it should be; says what to do."""


@dataclass(frozen=True)
class BenchmarkSample:
    """A photo, a window of it, and a hole.

    Args:
        id: Unique in the benchmark.
        image: Path of the photo relative to the image root, with ``/``.
        box: ``(top, left, height, width)`` in pixels of the upright photo: what is cut out and brought to the size.
        mask: Path of the mask relative to the benchmark, with ``/``.
        hole_ratio: Share of hole pixels, in (0, 1).
        bin: Of the hole ratio, such as ``0.1-0.2``: above 0.1, at most 0.2.
        border: Whether holes touch the outermost pixels.
        image_sha256: Of the photo's file.
        mask_sha256: Of the mask's pixels, as :func:`mask_sha256`.
    """

    id: str
    image: str
    box: tuple[int, int, int, int]
    mask: str
    hole_ratio: float
    bin: str
    border: bool
    image_sha256: str
    mask_sha256: str


def samples_to_csv(samples: Iterable[BenchmarkSample]) -> str:
    """The text of ``samples.csv``. Hole ratios are written with all their digits, so that none leaves its bin."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator='\n')
    writer.writerow(COLUMNS)
    for s in samples:
        writer.writerow([s.id, s.image, *s.box, s.mask, repr(s.hole_ratio), s.bin, int(s.border), s.image_sha256,
                         s.mask_sha256])
    return text.getvalue()


def samples_from_csv(text: str) -> list[BenchmarkSample]:
    """The samples in the text of ``samples.csv``.

    Raises:
        BenchmarkError: A column is missing, or a line is not one of a sample.
    """
    rows = csv.DictReader(io.StringIO(text))
    missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        raise BenchmarkError(f'{SAMPLES} has no column {missing[0]}')
    samples = []
    for row in rows:
        try:
            samples.append(BenchmarkSample(
                row['id'], row['image'], tuple(int(row[name]) for name in COLUMNS[2:6]), row['mask'],
                float(row['hole_ratio']), row['bin'], bool(int(row['border'])), row['image_sha256'],
                row['mask_sha256']))
        except (TypeError, ValueError):
            raise BenchmarkError(f'line {rows.line_num} of {SAMPLES} is not one of a sample') from None
    return samples


def mask_sha256(mask: np.ndarray) -> str:
    """Hash of a mask's pixels, whatever the file format: a byte each, 1 = hole, row by row.

    Args:
        mask: ``(h, w)`` or ``(h, w, 1)``, 1 = hole.
    """
    return hashlib.sha256(np.ascontiguousarray(mask, np.uint8).tobytes()).hexdigest()


def all_masks_sha256(samples: Iterable[BenchmarkSample]) -> str:
    """Hash of all masks: of their hashes, in the order of the samples."""
    return hashlib.sha256(''.join(s.mask_sha256 for s in samples).encode()).hexdigest()


def touches_border(mask: np.ndarray) -> bool:
    """Whether a hole reaches the outermost pixels of a mask ``(h, w, 1)``."""
    return bool(mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any())


def read_photo(path: Path) -> tuple[np.ndarray, str]:
    """Read a photo and hash its file.

    Returns:
        tuple: ``(h, w, 3)`` uint8 BGR, upright, whatever the file's mode; and the sha256 of its bytes.

    Raises:
        UnreadableImageError: It is missing, broken or cut off.
    """
    loader = _HashingLoader(key='gt')
    return loader._load_image(str(path)), loader.sha256


class _HashingLoader(LoadImageFromFile):
    def _read(self, filename: str) -> bytes:
        content = super()._read(filename)
        self.sha256 = hashlib.sha256(content).hexdigest()
        return content


def cut_out(photo: np.ndarray, box: Sequence[int], size: Sequence[int]) -> np.ndarray:
    """Cut a window out of a photo and bring it to a size.

    Args:
        photo: ``(H, W, 3)`` uint8.
        box: ``(top, left, height, width)`` in pixels.
        size: ``(h, w)`` in pixels.

    Returns:
        np.ndarray: ``(h, w, 3)`` uint8: pixel areas averaged where the window shrinks, cubic where it grows.
    """
    top, left, height, width = box
    window = photo[top:top + height, left:left + width]
    if window.shape[:2] == tuple(size):
        return window.copy()
    shrinks = height * width > size[0] * size[1]
    return cv2.resize(window, tuple(size[::-1]), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
