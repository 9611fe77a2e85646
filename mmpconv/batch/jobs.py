"""Photos and masks of a command line, paired: which photo is filled by which mask, and where to."""
import functools
import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmpconv.errors import LaunchError
from mmpconv.photos import Photo, PhotoError
from mmpconv.photos.folders import PHOTO_SUFFIXES, photo_files
from mmpconv.photos.formats import BY_SUFFIX

from . import Mask

# In these formats a photo stays as it is: its result has the usual suffix of the format. Else the result is .png, or
# .tif of what PNG cannot hold.
LOSSLESS = {suffix: format.suffixes[0] for suffix, format in BY_SUFFIX.items() if format.is_lossless}


@dataclass(frozen=True)
class Job:
    """A photo to fill.

    Attributes:
        photo: The file.
        mask: A mask file, or what :func:`mmpconv.photos.hole_mask` takes from the photo.
        result: The file to write. Where ``suffix_of_photo``, another suffix may turn out to be needed.
        suffix_of_photo: Whether the photo decides on the format of the result.
        error: Why it cannot be filled, if that is known already.
    """

    photo: Path
    mask: Mask | None
    result: Path
    suffix_of_photo: bool = False
    error: str | None = None

    def is_done(self, result: Path, compare: bool, max_pixels: int) -> bool:
        """Whether all that belongs to a result is there, can be decoded, and is newer than photo and mask.

        Times alone tell little: a copy that was cut off or a full disk leaves new files that are no pictures.

        Args:
            result: The file.
            compare: Whether a picture of before and after belongs to it.
            max_pixels: Of photos that are read.
        """
        changed = max(source.stat().st_mtime for source in (self.photo, self.mask) if isinstance(source, Path))
        files = _written(result, compare)
        if not all(file.is_file() and file.stat().st_mtime >= changed for file in files):
            return False
        try:
            for file in files:
                Photo.read(file, max_pixels)
        except PhotoError:
            return False
        return True


def comparison_of(result: Path) -> Path:
    """Where the picture of before and after goes."""
    return result.with_name(f'{result.stem}.compare.png')


def _written(result: Path, compare: bool) -> list[Path]:
    return [result, comparison_of(result)] if compare else [result]


def plan_jobs(words: Sequence[str], mask: Mask, out: str, format: str | None, compare: bool) -> list[Job]:
    """Plan the filling of all photos that a command line names.

    Args:
        words: Files, folders and patterns.
        mask: Of all, or a folder with one for each.
        out: File or folder.
        format: Suffix of the results, without the dot; or None: as :attr:`Job.suffix_of_photo` says.
        compare: Whether pictures of before and after are written too.

    Raises:
        LaunchError: Photos or masks are not there, two results would have one name, or a result would replace a photo
            or a mask.
    """
    require_there(mask)
    folder = Path(out)
    for word in words:
        if os.path.isdir(word) and os.path.realpath(word) == os.path.realpath(folder):
            raise LaunchError(f'{out} is the folder of the photos; give another one to -o')
    photos = find_photos(words, [folder, *([mask] if isinstance(mask, Path) else [])])
    masks = MaskFolder(mask) if isinstance(mask, Path) and mask.is_dir() else None
    to_file = len(photos) == 1 and os.path.isfile(words[0]) and not (folder.is_dir() or out.endswith(('/', os.sep)))
    if to_file:
        require_format(folder, format)
    elif folder.exists() and not folder.is_dir():
        raise LaunchError(f'{out} is a file; the results of {len(photos)} photos need a folder')
    jobs = []
    for photo, place in photos:
        own_mask, error = masks.mask_of(photo, place) if masks else (mask, None)
        result = folder if to_file else folder / _place_of_result(place, format)
        jobs.append(Job(photo, own_mask, result, not to_file and format is None, error))
    _require_own_names(jobs, compare)
    require_no_source([file for job in jobs for file in _written(job.result, compare)], sources_of(jobs))
    return jobs


def require_there(mask: Mask) -> None:
    """Check that a mask is there, if it is a path.

    Raises:
        LaunchError: It is not.
    """
    if isinstance(mask, Path) and not mask.exists():
        raise LaunchError(f'there is no mask {mask}; it may be a file, a folder, alpha, the name of a colour, R,G,B '
                          'or #rrggbb')


def require_format(result: Path, format: str | None) -> None:
    """Check that the suffix of a file says its format, and says the one that is asked for.

    Raises:
        LaunchError: It does not.
    """
    suffix = result.suffix.lower()
    if suffix not in PHOTO_SUFFIXES:
        raise LaunchError(f'{result} has {f"the suffix {result.suffix}" if suffix else "no suffix"} and so no format: '
                          f'end it with {", ".join(PHOTO_SUFFIXES)}, or with / if it is to be a folder')
    if format and BY_SUFFIX[suffix] is not BY_SUFFIX[f'.{format}']:
        raise LaunchError(f'-o is {result} and --format is {format}; leave --format out, the suffix says it')


def _place_of_result(place: Path, format: str | None) -> Path:
    suffix = f'.{format}' if format else LOSSLESS.get(place.suffix.lower(), '.png')
    # The name may have dots, or none: `with_suffix` would take a part of it for a suffix.
    name = place.stem if place.suffix.lower() in PHOTO_SUFFIXES else place.name
    return place.with_name(f'{name}{suffix}')


def find_photos(words: Sequence[str], without: Sequence[Path]) -> list[tuple[Path, Path]]:
    """The photos of files, folders and patterns, in their order; what two of them name, once.

    Args:
        words: As on the command line. A file that is there is never taken for a pattern.
        without: Files and folders that are not to be found in folders and by patterns: masks, and earlier results.

    Returns:
        list[tuple[Path, Path]]: Of each the file, and its place: its path below the folder that was named, or its name.

    Raises:
        LaunchError: There is no such file, or no picture in it.
    """
    left_out = {os.path.realpath(path) for path in without}
    found = {}
    for word in words:
        for photo, place in _photos_of(word, left_out):
            found.setdefault(os.path.abspath(photo), (photo, place))
    return list(found.values())


def _photos_of(word: str, left_out: set[str]) -> list[tuple[Path, Path]]:
    path = Path(word)
    if path.is_file():
        return [(path, Path(path.name))]
    if path.is_dir():
        photos = [(path / place, place) for place in _below(path, left_out)]
        missing = f'there is no photo in the folder {word}; looked for are {" ".join(PHOTO_SUFFIXES)}'
    else:
        photos = [(path, Path(path.name)) for path in map(Path, sorted(glob.glob(word, recursive=True)))
                  if path.suffix.lower() in PHOTO_SUFFIXES and path.is_file()
                  and os.path.realpath(path) not in left_out]
        missing = f'there is no file{", and no photo by the pattern," if glob.has_magic(word) else ""} {word}'
    if not photos:
        raise LaunchError(missing)
    return photos


def _below(folder: Path, left_out: set[str]) -> Iterator[Path]:
    """Places of the photos below a folder, but for those of the files and folders that are left out."""
    @functools.cache
    def is_left_out(place: Path) -> bool:
        return os.path.realpath(folder / place) in left_out

    for place in map(Path, photo_files(folder)):
        if not any(map(is_left_out, [place, *place.parents[:-1]])):
            yield place


class MaskFolder:
    """Masks that are found by the photos' names.

    Args:
        folder: Where they are, in the same subfolders as the photos or in none.

    Raises:
        LaunchError: There is no picture in it.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self._masks = {}
        for place in map(Path, photo_files(folder)):
            self._masks.setdefault(place.with_suffix(''), []).append(place)
        if not self._masks:
            raise LaunchError(f'there is no mask in the folder {folder}; looked for are {" ".join(PHOTO_SUFFIXES)}')

    def mask_of(self, photo: Path, place: Path) -> tuple[Path | None, str | None]:
        """The mask of a photo, or why it has none: there is none, or more than one.

        Args:
            photo, place: See :func:`find_photos`.
        """
        for stem in (place.with_suffix(''), Path(place.stem)):
            masks = self._masks.get(stem, [])
            if len(masks) > 1:
                return None, f'{photo} has several masks, {" and ".join(map(str, masks))} in {self.folder}; leave one'
            if masks:
                return self.folder / masks[0], None
        return None, f'{photo} has no mask in {self.folder}; it would be called {place.with_suffix(".png")}'


def _require_own_names(jobs: Sequence[Job], compare: bool) -> None:
    owners = {}
    for job in jobs:
        for path in _written(job.result, compare):
            # Some file systems do not tell letters from capitals.
            other = owners.setdefault(str(path).casefold(), job)
            if other is not job:
                raise LaunchError(f'the results of {other.photo} and {job.photo} would both be {path}; rename one of '
                                  'them, or fill them into different folders')


def sources_of(jobs: Iterable[Job]) -> dict[tuple[int, int], Path]:
    """Files that are read, by what tells a file from another one under the same or another name."""
    paths = {path for job in jobs for path in (job.photo, job.mask) if isinstance(path, Path)}
    return {_identity(path): path for path in sorted(paths)}


def require_no_source(results: Iterable[Path], sources: dict[tuple[int, int], Path]) -> None:
    """Check that no file that is read would be replaced.

    Raises:
        LaunchError: One would.
    """
    for result in results:
        if result.exists() and _identity(result) in sources:
            raise LaunchError(f'the result {result} would replace {sources[_identity(result)]}, which is read; give '
                              'another name or folder to -o')


def _identity(path: Path) -> tuple[int, int]:
    state = path.stat()
    return state.st_dev, state.st_ino
