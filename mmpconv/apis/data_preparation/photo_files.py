"""Finding photos in folders of millions."""
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from mmpconv.datasets.photo_list import PHOTO_SUFFIXES


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
