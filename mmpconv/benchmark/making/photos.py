"""The photos of a benchmark, decoded and measured before anything is made of them, and the window of each."""
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from mmpconv.datasets.benchmark_files import read_photo
from mmpconv.datasets.inpainting_dataset import listed_path
from mmpconv.errors import LaunchError
from mmpconv.parallel import in_order, shown
from mmpconv.photos import UnreadableImageError
from mmpconv.photos.folders import PHOTO_SUFFIXES, photo_files

_NAMED = 20
# Second number of the seeds, so that photos and windows are drawn independently, and of masks, too.
_PHOTOS, _WINDOWS = 0, 1


@dataclass(frozen=True)
class Photo:
    """A photo that can be read: its path below the root with ``/``, height and width upright, and its file's hash."""

    name: str
    size: tuple[int, int]
    sha256: str


def find_pictures(folder: Path, what: str) -> list[str]:
    """Pictures in a folder and below, see :func:`~mmpconv.photos.folders.photo_files`.

    Args:
        folder: Where to look.
        what: The error calls them so.

    Raises:
        LaunchError: There is no such folder, or nothing in it.
    """
    if not folder.is_dir():
        kind = 'it is a file' if folder.is_file() else 'there is no such folder'
        raise LaunchError(f'{folder} is to be the folder of the {what}, but {kind}; give a folder')
    names = list(photo_files(folder))
    if not names:
        raise LaunchError(f'there are no {what} in {folder}; they are files with the suffix '
                          f'{", ".join(PHOTO_SUFFIXES)}')
    return names


def read_list(file: Path, root: Path) -> list[str]:
    """Photos named in a text file, one a line, relative to the root.

    As in the lists of Places, a leading slash and what follows a path are ignored, see
    :func:`~mmpconv.datasets.inpainting_dataset.listed_path`; unless that is the file's name.

    Raises:
        LaunchError: There is no such list, it is empty, or a photo is missing, outside the root, or named twice.
    """
    try:
        lines = file.read_text(encoding='utf-8').splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise LaunchError(f'--list {file} cannot be read ({error}); give a text file with one photo a line, relative '
                          f'to {root}') from error
    seen = {}
    for number, line in enumerate(lines, 1):
        entry = line.strip().lstrip('/')
        if not entry:
            continue
        name = next((name for name in (entry, listed_path(entry)) if (root / name).is_file()), None)
        if name is None:
            raise LaunchError(f'line {number} of {file} is {entry!r}, and there is no such file in {root}')
        name = PurePosixPath(name).as_posix()
        if '..' in PurePosixPath(name).parts:
            raise LaunchError(f'line {number} of {file} is {entry!r}, which leaves {root}; give a folder that holds '
                              'all photos')
        if name in seen:
            raise LaunchError(f'lines {seen[name]} and {number} of {file} are the same photo {name}; name it once')
        seen[name] = number
    if not seen:
        raise LaunchError(f'--list {file} names no photo; give one a line, relative to {root}')
    return sorted(seen)


def read_photos(root: Path, names: Sequence[str], size: tuple[int, int], jobs: int | None) -> list[Photo]:
    """Decode all photos.

    Raises:
        LaunchError: Some are broken, or smaller than the benchmark's size; names them.
    """

    def read(name: str) -> Photo | str:
        try:
            image, sha256 = read_photo(root / name)
        except UnreadableImageError as error:
            return f'{root / name}: {error.reason}'
        return Photo(name, image.shape[:2], sha256)

    photos = list(shown(in_order(read, names, jobs), len(names), 'reading photos'))
    broken = [photo for photo in photos if isinstance(photo, str)]
    if broken:
        raise LaunchError(f'{len(broken)} of {len(names)} photos cannot be read; remove or replace them, or leave them '
                          f'out with --list:{itemised(broken)}')
    small = [f'{root / photo.name}: {photo.size[0]} x {photo.size[1]}' for photo in photos
             if any(side < least for side, least in zip(photo.size, size))]
    if small:
        raise LaunchError(f'{len(small)} of {len(names)} photos are smaller than {size[0]} x {size[1]} (height x width)'
                          f'; give a smaller --size, or leave them out with --list:{itemised(small)}')
    return photos


def same_content(photos: Sequence[Photo]) -> list[list[str]]:
    """Names of photos whose files are the same bytes."""
    groups = defaultdict(list)
    for photo in photos:
        groups[photo.sha256].append(photo.name)
    return [names for names in groups.values() if len(names) > 1]


def itemised(lines: Sequence[str]) -> str:
    """The end of an error message: a line each, not too many."""
    more = [f'and {len(lines) - _NAMED} more'] if len(lines) > _NAMED else []
    return ''.join(f'\n  {line}' for line in [*lines[:_NAMED], *more])


def photo_order(photos: Sequence[Photo], samples: int, seed: int) -> list[Photo]:
    """A photo for each sample; each is used equally often, give or take one."""
    rng = np.random.default_rng([seed, _PHOTOS])
    rounds = [rng.permutation(len(photos)) for _ in range(-(-samples // len(photos)))]
    return [photos[index] for index in np.concatenate(rounds)[:samples]]


def window(photo: tuple[int, int], size: tuple[int, int], crop: str, seed: int, number: int) -> tuple[int, ...]:
    """The largest window of the aspect of ``size``.

    Args:
        photo: Height and width in pixels.
        size: Height and width in pixels.
        crop: ``center`` or ``random``: where it is.
        seed: Of random windows.
        number: Of the sample.

    Returns:
        tuple: ``(top, left, height, width)`` in pixels.
    """
    (height, width), (h, w) = photo, size
    # Rounded to whole pixels without floating point.
    if height * w <= width * h:
        sides = height, min((2 * height * w + h) // (2 * h), width)
    else:
        sides = min((2 * width * h + w) // (2 * w), height), width
    spare = [whole - side for whole, side in zip(photo, sides)]
    if crop == 'random':
        rng = np.random.default_rng([seed, _WINDOWS, number])
        corner = [int(rng.integers(0, left, endpoint=True)) for left in spare]
    else:
        corner = [left // 2 for left in spare]
    return *corner, *sides
