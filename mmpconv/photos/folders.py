"""Photos in folders."""
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from .formats import BY_SUFFIX

PHOTO_SUFFIXES = tuple(BY_SUFFIX)


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
