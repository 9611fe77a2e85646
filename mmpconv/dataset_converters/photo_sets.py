"""Photos of a folder, and whether a published set is complete."""
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from mmpconv.datasets.inpainting_dataset import PHOTO_SUFFIXES, listed_path
from mmpconv.errors import LaunchError

from .lists import PhotoList, read_lines


def photo_files(folder: Path) -> Iterator[str]:
    """Paths of the photos in a folder and the folders in it, relative to it and with ``/``.

    They come in the order of their characters' code points, whatever the locale, as ``sorted`` would give them; but no
    more than one folder's names are held at a time. Links are followed, except back to a folder that they are in. What
    begins with a dot or is called ``__MACOSX`` is no photo: archivers leave it.
    """
    yield from _below(str(folder), '', ())


def _below(folder: str, prefix: str, parents: Sequence[tuple[int, int]]) -> Iterator[str]:
    state = os.stat(folder)
    here = (state.st_dev, state.st_ino)
    if here in parents:
        return
    names = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith('.') or entry.name == '__MACOSX':
                continue
            if entry.is_dir():
                # With the slash, 'a-b/x' comes before 'a/x', as in the order of whole paths.
                names.append(f'{entry.name}/')
            elif entry.name.lower().endswith(PHOTO_SUFFIXES) and entry.is_file():
                names.append(entry.name)
    names.sort()
    for name in names:
        if name.endswith('/'):
            yield from _below(os.path.join(folder, name), prefix + name, (*parents, here))
        else:
            yield prefix + name


def missing_files(folder: Path, paths: Iterable[str]) -> Iterator[str]:
    """Those of the paths that are no files in a folder.

    Args:
        folder: What the paths are relative to.
        paths: Best with neighbours in the same folder: each run of them costs one listing of it, not a look-up a file.
    """
    current, names = None, set()
    for path in paths:
        parent, _, name = path.rpartition('/')
        if parent != current:
            current, names = parent, _file_names(folder / parent)
        if name not in names:
            yield path


def _file_names(folder: Path) -> set[str]:
    try:
        with os.scandir(folder) as entries:
            return {entry.name for entry in entries if entry.is_file()}
    except (FileNotFoundError, NotADirectoryError):
        return set()


_NAMED = 3


def from_folder(file: Path, folder: Path, expected: int, subset: bool, source: str) -> PhotoList:
    """The list of all photos in a folder, which should be complete.

    Args:
        file: The list.
        folder: Where the photos are.
        expected: How many photos the data set has.
        subset: It need not be complete.
        source: Where what is missing can be had.

    Raises:
        LaunchError: There are more or fewer photos.
    """
    if not subset:
        found = sum(1 for _ in photo_files(folder))
        if found != expected:
            what = f'{expected - found} are missing' if found < expected else f'{found - expected} do not belong to it'
            raise LaunchError(f'there are {found} photos in {folder}, but the data set has {expected}: {what}; '
                              f'{source}, or list what is there with --subset')
    return PhotoList(file, folder, lambda: photo_files(folder))


def from_official(file: Path, official: Path, folder: Path, subset: bool, source: str) -> PhotoList:
    """The list that came with the data, with its classes, checked against the photos in a folder.

    Args:
        file: The list.
        official: What came with the data; may be the same file.
        folder: Where the photos are.
        subset: Lines without a photo are left out.
        source: Where what is missing can be had.

    Raises:
        LaunchError: Photos are missing.
    """
    missing = _paths_missing(official, folder)
    if not subset:
        first = next(missing, None)
        if first is not None:
            named, number = [first], 1
            for path in missing:
                number += 1
                if number <= _NAMED:
                    named.append(path)
            raise LaunchError(f'{number} photos of {official} are not in {folder}, such as {", ".join(named)}; '
                              f'{source}, or list what is there with --subset')
        return PhotoList(file, folder, lambda: read_lines(official), has_classes=True)
    return PhotoList(file, folder, lambda: _present_lines(official, folder), has_classes=True)


def _paths_missing(official: Path, folder: Path) -> Iterator[str]:
    return missing_files(folder, map(listed_path, read_lines(official)))


def _present_lines(official: Path, folder: Path) -> Iterator[str]:
    missing = _paths_missing(official, folder)
    absent = next(missing, None)
    for line in read_lines(official):
        if listed_path(line) == absent:
            absent = next(missing, None)
        else:
            yield line
