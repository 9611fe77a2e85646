"""The photos of a benchmark: found, decoded and measured before anything is made of them."""
import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mmpconv.datasets import UnreadableImageError
from mmpconv.datasets.benchmark_files import read_photo
from mmpconv.errors import LaunchError

from .parallel import map_in_threads

SUFFIXES = ('.png', '.jpg', '.jpeg', '.bmp', '.tif', '.tiff', '.webp')
_NAMED = 20


@dataclass(frozen=True)
class Photo:
    """A photo that can be read: its path below the root with ``/``, height and width upright, and its file's hash."""

    name: str
    size: tuple[int, int]
    sha256: str


def find_pictures(folder: Path, what: str) -> list[str]:
    """Pictures in a folder and below, hidden ones left out.

    Args:
        folder: Where to look.
        what: How the error calls them.

    Returns:
        list[str]: Paths below the folder with ``/``, in the order of their code points, which depends neither on the
        language of the machine nor on its file system.

    Raises:
        LaunchError: There is no such folder, or nothing in it.
    """
    if not folder.is_dir():
        kind = 'it is a file' if folder.is_file() else 'there is no such folder'
        raise LaunchError(f'{folder} is to be the folder of the {what}, but {kind}; give a folder')
    names, seen = [], set()
    for place, folders, files in os.walk(folder, followlinks=True):
        if os.path.realpath(place) in seen:  # a link to a folder above
            folders.clear()
            continue
        seen.add(os.path.realpath(place))
        folders[:] = sorted(name for name in folders if not name.startswith('.'))
        names += [(Path(place) / name).relative_to(folder).as_posix() for name in files
                  if name.lower().endswith(SUFFIXES) and not name.startswith('.')]
    if not names:
        raise LaunchError(f'there are no {what} in {folder}; they are files with the suffix {", ".join(SUFFIXES)}')
    return sorted(names)


def read_list(file: Path, root: Path) -> list[str]:
    """Photos named in a text file, one a line, relative to the root.

    As in the lists of Places, a leading slash and what follows a space are ignored, unless that is the file's name.

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
        name = next((n for n in (entry, entry.split(' ')[0]) if (root / n).is_file()), None)
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


def read_photos(root: Path, names: Sequence[str], size: tuple[int, int], jobs: int) -> list[Photo]:
    """Decode all photos.

    Raises:
        LaunchError: Some are broken, or smaller than the benchmark's size; names them.
    """

    def read(name):
        try:
            image, sha256 = read_photo(root / name)
        except UnreadableImageError as error:
            return error.reason
        return Photo(name, image.shape[:2], sha256)

    photos = map_in_threads(read, names, jobs, 'reading photos')
    broken = [f'{root / name}: {photo}' for name, photo in zip(names, photos) if isinstance(photo, str)]
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
