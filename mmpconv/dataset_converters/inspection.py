"""Inspection of photos, in several threads: those that cannot be read are named."""
import csv
import io
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import cv2

from mmpconv.parallel import in_order, shown
from mmpconv.photos import MAX_PIXELS, Photo, UnreadableImageError
from mmpconv.photos.details import Picture
from mmpconv.photos.formats import BY_SUFFIX
from mmpconv.photos.reading import has_picture_header, read_picture
from mmpconv.whole_files import whole_file

LEFT_OUT = 'left out'
# LoadImageFromFile makes 8-bit RGB of them.
_MODES = {'1': 'black and white', 'L': 'grey', 'LA': 'grey with alpha', 'P': 'palette', 'PA': 'palette',
          'RGBA': 'alpha', 'CMYK': 'CMYK'}


@dataclass(frozen=True)
class Finding:
    """Something about a file.

    Args:
        file: Its path in the list.
        what: The finding, a few words that are the same for all such files.
        treatment: ``'left out'``, or the way in which the file is used.
        detail: More about it.
    """
    file: str
    what: str
    treatment: str
    detail: str = ''

    @property
    def is_left_out(self) -> bool:
        return self.treatment == LEFT_OUT


def inspect_photo(folder: str, file: str) -> list[Finding]:
    """Decode a photo as training would, and say what is unusual about it.

    Returns:
        list[Finding]: Empty for an 8-bit RGB photo that is what its suffix says. One that is left out if it cannot be
        decoded: empty, cut off, no picture.
    """
    try:
        with open(os.path.join(folder, file), 'rb') as opened:
            content = opened.read()
    except OSError as error:
        return [Finding(file, 'cannot be read', LEFT_OUT, error.strerror or str(error))]
    if not content:
        return [Finding(file, 'empty file', LEFT_OUT)]
    try:
        picture = read_picture(io.BytesIO(content), MAX_PIXELS)
        Photo(picture, file)
    except UnreadableImageError as error:
        return [Finding(file, _what_is_wrong(content, error), LEFT_OUT, error.reason)]
    return _oddities(file, picture)


def _what_is_wrong(content: bytes, error: UnreadableImageError) -> str:
    if not has_picture_header(content):
        return 'no picture'
    # The error of a decoder is the cause of this one; kinds that are not read have none.
    return 'cut off or damaged' if error.__cause__ or 'cut off' in error.reason else 'kind that is not read'


def _oddities(file: str, picture: Picture) -> list[Finding]:
    found = []
    mode, kind, turned = picture.mode, picture.details.format, picture.details.orientation
    if mode.partition(';')[0] in _MODES:
        found.append(Finding(file, _MODES[mode.partition(';')[0]], 'used as 8-bit RGB'))
    if picture.samples.dtype.kind == 'f':
        return [Finding(file, 'neither 8 nor 16 bits', LEFT_OUT, str(picture.samples.dtype))]
    if picture.samples.dtype.itemsize > 1:
        found.append(Finding(file, '16 bits', 'used as 8-bit RGB'))
    if turned != 1:
        found.append(Finding(file, 'turned by EXIF', 'used upright', f'orientation {turned}'))
    expected = BY_SUFFIX.get(os.path.splitext(file)[1].lower())
    if expected and kind and expected.name != kind:
        found.append(Finding(file, 'wrong suffix', 'used by its content', f'it is {kind}'))
    return found


Item, Result = TypeVar('Item'), TypeVar('Result')

# OpenCV 4.14 has no other name for it, and 4.11 not always this one.
_set_log_level = cv2.utils.logging.setLogLevel if hasattr(cv2.utils, 'logging') else cv2.setLogLevel


def in_parallel(function: Callable[[Item], Result], items: Iterable[Item], number: int, jobs: int | None,
                title: str) -> Iterator[tuple[Item, Result]]:
    """Items and results in their order, with a progress bar, see :mod:`mmpconv.parallel`.

    Args:
        function: Called in threads.
        items: Its arguments.
        number: Of items, for the bar.
        jobs: Threads; None: one a core that this process may use.
        title: Beside the bar.
    """
    # OpenCV would write a line a broken file across the bar; the report names them.
    log_level = _set_log_level(0)
    try:
        yield from shown(in_order(lambda item: (item, function(item)), items, jobs), number, title)
    finally:
        _set_log_level(log_level)


def write_report(path: Path, findings: Iterable[Finding]) -> list[str]:
    """Write findings to a CSV file, a line each, as they come; the file is there when all have come.

    Returns:
        list[str]: A line a kind of finding: how many, what becomes of them, and one of them.
    """
    counts, examples = Counter(), {}
    with whole_file(path) as unfinished, open(
            unfinished, 'w', newline='', encoding='utf-8', errors='surrogateescape') as file:
        writer = csv.writer(file, lineterminator='\n')
        writer.writerow(['file', 'found', 'treatment', 'detail'])
        for finding in findings:
            writer.writerow([finding.file, finding.what, finding.treatment, finding.detail])
            kind = (finding.what, finding.treatment)
            counts[kind] += 1
            examples.setdefault(kind, finding.file)
    return [f'{number} x {what}: {treatment}, such as {examples[what, treatment]!r}'
            for (what, treatment), number in sorted(counts.items())]
