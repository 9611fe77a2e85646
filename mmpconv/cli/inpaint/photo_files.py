"""The photos that a command line names, and the masks that belong to them."""
import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmpconv.errors import LaunchError
from mmpconv.photos.formats import FORMATS

SUFFIXES = tuple(suffix for format in FORMATS for suffix in format.suffixes)


@dataclass(frozen=True)
class FoundPhoto:
    """A photo to fill.

    Attributes:
        path: The file.
        place: Its path below the folder that was named; its name alone if it was named itself.
        named: Whether it was named itself.
    """

    path: Path
    place: Path
    named: bool


def find_photos(words: Sequence[str], without: Sequence[Path]) -> list[FoundPhoto]:
    """The photos of files, folders and patterns, in their order; what two of them name, once.

    Args:
        words: As on the command line. A file that is there is never taken for a pattern.
        without: Files and folders that are not to be found in folders and by patterns: masks, and earlier results.

    Raises:
        LaunchError: There is no such file, or no picture in it.
    """
    left_out = {os.path.realpath(path) for path in without}
    found = {}
    for word in words:
        for photo in _photos_of(word, left_out):
            found.setdefault(os.path.abspath(photo.path), photo)
    return list(found.values())


def _photos_of(word: str, left_out: set[str]) -> list[FoundPhoto]:
    path = Path(word)
    if path.is_dir():
        photos = [FoundPhoto(path / place, place, False) for place in _below(path, Path(), left_out, ())]
        if not photos:
            raise LaunchError(f'there is no photo in the folder {word}; looked for are {" ".join(SUFFIXES)}')
        return photos
    if path.is_file():
        return [FoundPhoto(path, Path(path.name), True)]
    matching = [Path(name) for name in sorted(glob.glob(word, recursive=True))]
    photos = [FoundPhoto(path, Path(path.name), False) for path in matching
              if _is_photo(path) and os.path.realpath(path) not in left_out]
    if not photos:
        raise LaunchError(f'there is no file, and no photo by the pattern, {word}' if glob.has_magic(word) else
                          f'there is no file {word}')
    return photos


def _below(folder: Path, place: Path, left_out: set[str], parents: tuple[str, ...]) -> Iterator[Path]:
    """Places of the photos below a folder. Links are followed, except back to a folder that they are in."""
    real = os.path.realpath(folder)
    if real in parents or (parents and real in left_out):
        return
    for path in sorted(folder.iterdir()):
        if path.name.startswith('.'):
            continue
        if path.is_dir():
            yield from _below(path, place / path.name, left_out, (*parents, real))
        elif _is_photo(path) and os.path.realpath(path) not in left_out:
            yield place / path.name


def _is_photo(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and path.is_file()


class MaskFolder:
    """Masks that are found by the photos' names.

    Args:
        folder: Where they are, in the same subfolders as the photos or in none.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self._masks = {}
        for place in _below(folder, Path(), set(), ()):
            self._masks.setdefault(place.with_suffix(''), []).append(place)
        if not self._masks:
            raise LaunchError(f'there is no mask in the folder {folder}; looked for are {" ".join(SUFFIXES)}')

    def mask_of(self, photo: FoundPhoto) -> Path:
        """The mask of a photo.

        Raises:
            LaunchError: There is none, or more than one.
        """
        for stem in (photo.place.with_suffix(''), Path(photo.place.stem)):
            masks = self._masks.get(stem, [])
            if len(masks) > 1:
                raise LaunchError(f'{photo.path} has several masks, {" and ".join(map(str, masks))} in {self.folder}; '
                                  'leave one')
            if masks:
                return self.folder / masks[0]
        raise LaunchError(f'{photo.path} has no mask in {self.folder}; it would be called '
                          f'{photo.place.with_suffix(".png")}')
