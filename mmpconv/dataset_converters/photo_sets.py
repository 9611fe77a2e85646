"""Lists of published sets of photos, which have to be complete."""
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from mmpconv.datasets.inpainting_dataset import listed_path
from mmpconv.errors import LaunchError
from mmpconv.photos.folders import photo_files

from .lists import PhotoList, read_lines


def missing_files(folder: Path, paths: Iterable[str]) -> Iterator[str]:
    """Those of the paths that are no files in a folder.

    Args:
        folder: The paths are relative to it.
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
        folder: Folder of the photos.
        expected: Number of photos of the data set.
        subset: It need not be complete.
        source: Sentence on how to get missing photos.

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
        official: The list that came with the data; may be the same file.
        folder: Folder of the photos.
        subset: Lines without a photo are left out.
        source: Sentence on how to get missing photos.

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
