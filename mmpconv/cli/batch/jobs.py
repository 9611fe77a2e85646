"""Photos and masks of a command line, paired."""
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
        photos = [FoundPhoto(path / place, place, False) for place in _below(path, left_out)]
        if not photos:
            raise LaunchError(f'there is no photo in the folder {word}; looked for are {" ".join(PHOTO_SUFFIXES)}')
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


def _below(folder: Path, left_out: set[str]) -> Iterator[Path]:
    """Places of the photos below a folder, but for those of the files and folders that are left out."""
    @functools.cache
    def is_left_out(place: Path) -> bool:
        return os.path.realpath(folder / place) in left_out

    for place in map(Path, photo_files(folder)):
        if not any(map(is_left_out, [place, *place.parents[:-1]])):
            yield place


def _is_photo(path: Path) -> bool:
    return path.suffix.lower() in PHOTO_SUFFIXES and path.is_file()


class MaskFolder:
    """Masks that are found by the photos' names.

    Args:
        folder: Where they are, in the same subfolders as the photos or in none.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self._masks = {}
        for place in _below(folder, set()):
            self._masks.setdefault(place.with_suffix(''), []).append(place)
        if not self._masks:
            raise LaunchError(f'there is no mask in the folder {folder}; looked for are {" ".join(PHOTO_SUFFIXES)}')

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
    mask: Path | str | tuple[int, int, int] | None
    result: Path
    suffix_of_photo: bool = False
    error: str | None = None

    @property
    def name(self) -> str:
        """How messages call it."""
        return str(self.photo)

    def result_for(self, lossless_suffix: str) -> Path:
        """The file to write, once it is known which format holds the photo."""
        return self.result.with_suffix(lossless_suffix) if self.suffix_of_photo else self.result

    def is_done(self, result: Path, compare: bool, max_pixels: int) -> bool:
        """Whether all that belongs to a result is there, can be decoded, and is newer than photo and mask.

        Times alone tell little: a copy that was cut off or a full disk leaves new files that are no pictures.

        Args:
            result: The file.
            compare: Whether a picture of before and after belongs to it.
            max_pixels: Of photos that are read.
        """
        sources = [self.photo, *([self.mask] if isinstance(self.mask, Path) else [])]
        files = [result, *([comparison_of(result)] if compare else [])]
        return all(file.is_file() and all(file.stat().st_mtime >= source.stat().st_mtime for source in sources)
                   for file in files) and all(_is_picture(file, max_pixels) for file in files)


def _is_picture(file: Path, max_pixels: int) -> bool:
    try:
        Photo.read(file, max_pixels)
    except PhotoError:
        return False
    return True


def comparison_of(result: Path) -> Path:
    """Where the picture of before and after goes."""
    return result.with_name(f'{result.stem}.compare.png')


def plan_jobs(words: Sequence[str], mask: Path | str | tuple[int, int, int], out: str, format: str | None,
              compare: bool) -> list[Job]:
    """Plan the filling of all photos that a command line names.

    Args:
        words: Files, folders and patterns.
        mask: As of :func:`~mmpconv.cli.inpaint.parse_mask`.
        out: File or folder.
        format: Suffix of the results, without the dot; or None: as :attr:`Job.suffix_of_photo` says.
        compare: Whether pictures of before and after are written too.

    Raises:
        LaunchError: Photos or masks are not there, two results would have one name, or a result would replace a photo
            or a mask.
    """
    if isinstance(mask, Path) and not mask.exists():
        raise LaunchError(f'there is no mask {mask}; it may be a file, a folder, alpha, the name of a colour, R,G,B '
                          'or #rrggbb')
    folder = Path(out)
    for word in words:
        if os.path.isdir(word) and os.path.realpath(word) == os.path.realpath(folder):
            raise LaunchError(f'{out} is the folder of the photos; give another one to -o')
    photos = find_photos(words, [folder, *([mask] if isinstance(mask, Path) else [])])
    if len(photos) == 1 and photos[0].named and not (folder.is_dir() or out.endswith(('/', os.sep))):
        jobs = [_named_job(photos[0], mask, folder, format)]
    else:
        if folder.exists() and not folder.is_dir():
            raise LaunchError(f'{out} is a file; the results of {len(photos)} photos need a folder')
        masks = MaskFolder(mask) if isinstance(mask, Path) and mask.is_dir() else None
        jobs = [_job(photo, masks or mask, folder, format) for photo in photos]
    _require_own_names(jobs, compare)
    require_no_source([name for job in jobs for name in _written(job, compare)], sources_of(jobs))
    return jobs


def _named_job(photo: FoundPhoto, mask, result: Path, format: str | None) -> Job:
    if result.suffix.lower() not in PHOTO_SUFFIXES:
        raise LaunchError(f'{result} has {f"the suffix {result.suffix}" if result.suffix else "no suffix"} and so no '
                          f'format: end it with {", ".join(PHOTO_SUFFIXES)}, or with / if it is to be a folder')
    if format and result.suffix.lower().lstrip('.') not in (format, dict(jpg='jpeg', tif='tiff').get(format)):
        raise LaunchError(f'-o is {result} and --format is {format}; leave --format out, the suffix says it')
    if isinstance(mask, Path) and mask.is_dir():
        mask = MaskFolder(mask).mask_of(photo)
    return Job(photo.path, mask, result)


def _job(photo: FoundPhoto, mask, folder: Path, format: str | None) -> Job:
    suffix = f'.{format}' if format else LOSSLESS.get(photo.path.suffix.lower(), '.png')
    # The name may have dots, or none: `with_suffix` would take a part of it for a suffix.
    name = photo.path.stem if photo.path.suffix.lower() in PHOTO_SUFFIXES else photo.path.name
    result = folder / photo.place.with_name(f'{name}{suffix}')
    error = None
    if isinstance(mask, MaskFolder):
        try:
            mask = mask.mask_of(photo)
        except LaunchError as missing:
            mask, error = None, str(missing)
    return Job(photo.path, mask, result, format is None, error)


def _written(job: Job, compare: bool) -> list[Path]:
    return [job.result, *([comparison_of(job.result)] if compare else [])]


def _require_own_names(jobs: Sequence[Job], compare: bool) -> None:
    owners = {}
    for job in jobs:
        for path in _written(job, compare):
            # Some file systems do not tell letters from capitals.
            other = owners.setdefault(str(path).casefold(), job)
            if other is not job:
                raise LaunchError(f'the results of {other.photo} and {job.photo} would both be {path}; rename one of '
                                  'them, or fill them into different folders')


def sources_of(jobs: Sequence[Job]) -> dict[tuple[int, int], Path]:
    """Files that are read, by what tells a file from another one under the same or another name."""
    return sources_of_paths(path for job in jobs for path in (job.photo, job.mask))


def sources_of_paths(paths: Iterable) -> dict[tuple[int, int], Path]:
    """See :func:`sources_of`; what is no path is left out."""
    return {_identity(path): path for path in sorted({path for path in paths if isinstance(path, Path)})}


def require_no_source(results: Sequence[Path], sources: dict[tuple[int, int], Path]) -> None:
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
