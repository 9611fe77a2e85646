"""The files of a frozen benchmark: names, columns, hashes.

=================  ====================================================================================================
``benchmark.json``  what it is: ``format``, ``name``, ``seed``, ``size`` (height, width), ``settings``, ``bins``,
                    ``counts``, ``samples_sha256`` (bytes of ``samples.csv``), ``masks_sha256`` (pixels of all masks)
``samples.csv``     a line a sample: the fields of :class:`BenchmarkSample`, the box as four columns; ``split`` only
                    where it says something
``masks/ID.png``    1-bit greyscale, white = hole
``location.json``   ``image_root``: where the photos lie on this machine; the only file that differs between machines
=================  ====================================================================================================
"""
import csv
import hashlib
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any

import cv2
import numpy as np

from mmpconv.errors import LaunchError
from mmpconv.photos import UnreadableImageError
from mmpconv.photos.decoding import decode
from mmpconv.whole_files import as_csv

FORMAT = 1
DESCRIPTION, SAMPLES, LOCATION, MASKS = 'benchmark.json', 'samples.csv', 'location.json', 'masks'
COLUMNS = ('id', 'image', 'top', 'left', 'height', 'width', 'mask', 'hole_ratio', 'bin', 'border', 'image_sha256',
           'mask_sha256')
SPLITS = ('N', 'B')
NO_NAME = 'must be a printable name of 1 to 100 characters, without slashes, and not . or ..'
_LONGEST_SIDE = 1_000_000  # pixels: more than any picture that is decoded has


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
        border: Holes touch the border: the outermost pixels.
        image_sha256: Of the photo's file.
        mask_sha256: Of the mask's pixels, as :func:`mask_sha256`.
        split: ``N`` (unrestricted) or ``B`` (off the border) of table 1 of arXiv 1804.07723; empty for a benchmark
            that is divided by ``border``.
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
    split: str = ''


def samples_to_csv(samples: Sequence[BenchmarkSample]) -> str:
    """The text of ``samples.csv``. Hole ratios are written with all their digits, so that none leaves its bin."""
    has_split = any(s.split for s in samples)
    return as_csv([[*COLUMNS, *['split'] * has_split], *(
        [s.id, s.image, *s.box, s.mask, float(s.hole_ratio), s.bin, int(s.border), s.image_sha256, s.mask_sha256,
         *[s.split] * has_split] for s in samples)])


def samples_from_csv(text: str) -> list[BenchmarkSample]:
    """The samples in the text of ``samples.csv``.

    Raises:
        BenchmarkError: A column is missing, or a line is not one of a sample.
    """
    rows = csv.DictReader(io.StringIO(text))
    samples, ids = [], set()
    try:
        missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
        if missing:
            raise BenchmarkError(f'{SAMPLES} has no column {missing[0]}')
        for row in rows:
            samples.append(_sample_of(row))
            if row['id'] in ids:
                raise ValueError(f'the id {row["id"]!r} is that of another sample, too')
            ids.add(row['id'])
    except BenchmarkError:
        raise
    except (TypeError, ValueError, OverflowError, csv.Error) as error:
        raise BenchmarkError(f'line {rows.line_num} of {SAMPLES} is not one of a sample: {error}') from None
    return samples


def _sample_of(row: dict) -> BenchmarkSample:
    """A sample of which nothing leads out of a folder.

    Raises:
        TypeError, ValueError, OverflowError: It is none.
    """
    sample = BenchmarkSample(
        row['id'], row['image'], tuple(int(row[name]) for name in COLUMNS[2:6]), row['mask'], float(row['hole_ratio']),
        row['bin'], {'0': False, '1': True}.get(row['border']), row['image_sha256'], row['mask_sha256'],
        row.get('split') or '')
    if not is_name(sample.id):
        raise ValueError(f'the id {sample.id!r} {NO_NAME}')
    for what, path in (('image', sample.image), ('mask', sample.mask)):
        if not stays_inside(path):
            raise ValueError(f'the {what} {path!r} must be a path without .. that is relative to its folder')
    top, left, height, width = sample.box
    if min(top, left) < 0 or min(height, width) < 1 or max(sample.box) > _LONGEST_SIDE:
        raise ValueError(f'{sample.box} is no window (top, left, height, width)')
    if not 0 < sample.hole_ratio < 1 or sample.border is None or sample.split not in ('', *SPLITS):
        raise ValueError(f'hole_ratio is {sample.hole_ratio}, border {row["border"]!r} and split {sample.split!r}, but '
                         f'they must be between 0 and 1, 0 or 1, and {" or ".join(SPLITS)} or nothing')
    if not (is_sha256(sample.image_sha256) and is_sha256(sample.mask_sha256)):
        raise ValueError('it has no two sha256 of 64 hexadecimal digits')
    return sample


def is_name(text: Any) -> bool:
    """True if a text may be the name of a file or folder that is written: one part of a path, and printable."""
    return isinstance(text, str) and 0 < len(text) <= 100 and text.isprintable() and text not in ('.', '..') and not (
        set(text) & set('/\\'))


def stays_inside(path: Any) -> bool:
    """True if a path with ``/`` leads to something below the folder that it is relative to; links are not looked at."""
    return (isinstance(path, str) and 0 < len(path) <= 4096 and path.isprintable() and not path.startswith('/')
            and '..' not in path.split('/') and not PureWindowsPath(path).anchor)


def is_sha256(text: Any) -> bool:
    """True for the hexadecimal form of a sha256."""
    return isinstance(text, str) and re.fullmatch('[0-9a-f]{64}', text) is not None


def mask_sha256(mask: np.ndarray) -> str:
    """Hash of a mask's pixels, whatever the file format: a byte each, 1 = hole, row by row.

    Args:
        mask: ``(h, w)`` or ``(h, w, 1)``, 1 = hole.
    """
    return hashlib.sha256(np.ascontiguousarray(mask, np.uint8).tobytes()).hexdigest()


def all_masks_sha256(samples: Iterable[BenchmarkSample]) -> str:
    """Hash of all masks: of their hashes, in the order of the samples."""
    return hashlib.sha256(''.join(s.mask_sha256 for s in samples).encode()).hexdigest()


def read_photo(path: Path) -> tuple[np.ndarray, str]:
    """Read a photo and hash its file.

    Returns:
        tuple: ``(h, w, 3)`` uint8 BGR, upright, whatever the file's mode; and the sha256 of its bytes.

    Raises:
        UnreadableImageError: It is missing, broken or cut off.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        raise UnreadableImageError(str(path), 'there is no such file' if missing else str(error)) from error
    return decode(content, str(path)), hashlib.sha256(content).hexdigest()


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
