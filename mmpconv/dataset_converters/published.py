"""Lists of Places365 (Zhou et al., TPAMI 2017) and COCO 2017 (Lin et al., ECCV 2014), which have to be complete."""
import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from mmpconv.datasets.inpainting_dataset import listed_path
from mmpconv.errors import LaunchError
from mmpconv.photos.folders import photo_files

from . import ROOTS
from .lists import PhotoList, print_cfg_options, read_lines, require_folder, write_lists

COCO_PHOTOS = {'train2017': 118287, 'val2017': 5000}
COCO_SOURCE = 'get it from the page of COCO (cocodataset.org)'
PLACES_PHOTOS = {'standard': 1803460, 'challenge': 8026628, 'val': 36500}
PLACES_SOURCE = "get it from MIT's page of Places365 (places2.csail.mit.edu)"
# Those of configs/_base_/datasets/places.py.
PLACES_DEFAULTS = {'train': {'data_prefix.gt': 'data_large', 'ann_file': 'meta/places365_train_challenge.txt'},
                   'val': {'data_prefix.gt': 'val_large', 'ann_file': 'meta/places365_val.txt'}}
_NAMED = 3


def prepare_coco(root: Path, split: str | None = None, subset: bool = False, verify: bool = False,
                 jobs: int | None = None, force: bool = False) -> None:
    """Check COCO 2017 and write the lists that the configs read.

    Args:
        root: Folder of ``train2017`` and ``val2017``; the lists go to its folder ``meta``.
        split: ``'train'`` or ``'val'``; None: both.
        subset: Accept that photos are missing.
        verify, jobs, force: See :func:`~mmpconv.dataset_converters.lists.write_lists`.

    Raises:
        LaunchError: Something is missing, or a list is there and differs.
    """
    require_folder(root, 'COCO', COCO_SOURCE)
    names = {part: f'{part}2017' for part in ([split] if split else ['train', 'val'])}
    settings = {part: {'data_prefix.gt': name, 'ann_file': f'meta/{name}.txt'} for part, name in names.items()}
    for name in names.values():
        require_folder(root / name, f'the photos of COCO {name}', COCO_SOURCE)
    write_lists([from_folder(root / 'meta' / f'{name}.txt', root / name, COCO_PHOTOS[name], subset, COCO_SOURCE)
                 for name in names.values()], verify, jobs, force)
    print_cfg_options(root, ROOTS['coco'], settings, settings)


def prepare_places365(root: Path, variant: str | None = None, size: str | None = None, split: str | None = None,
                      subset: bool = False, verify: bool = False, jobs: int | None = None,
                      force: bool = False) -> None:
    """Check Places365, Standard or Challenge, original photos or those of 256 pixels, and write the lists.

    Args:
        root: Folder of the data; the lists go to its folder ``meta``.
        variant: ``'standard'`` or ``'challenge'``; None: as the names of folders and lists tell.
        size: ``'large'`` or ``'256'``; None: large where they are there.
        split: ``'train'`` or ``'val'``; None: both.
        subset: Accept that photos are missing.
        verify, jobs, force: See :func:`~mmpconv.dataset_converters.lists.write_lists`.

    Raises:
        LaunchError: Something is missing or unclear, or a list is there and differs.
    """
    require_folder(root, 'Places365', PLACES_SOURCE)
    lists, settings = [], {}
    for part in (split,) if split else ('train', 'val'):
        if part == 'val':
            folder = _places_folder(root, size, ['val_large', 'val_256'], 'the validation photos')
            name = photos = 'val'
        else:
            folder, photos = _training_folder(root, variant, size)
            name = f'train_{photos}'
        file = root / 'meta' / f'places365_{name}.txt'
        official = _official(root, file, PLACES_PHOTOS[photos])
        lists.append(from_official(file, official, folder, subset, PLACES_SOURCE) if official else
                     from_folder(file, folder, PLACES_PHOTOS[photos], subset, PLACES_SOURCE))
        settings[part] = {'data_prefix.gt': folder.name, 'ann_file': f'meta/{file.name}'}
    write_lists(lists, verify, jobs, force)
    print_cfg_options(root, ROOTS['places365'], settings, PLACES_DEFAULTS)


def _training_folder(root: Path, variant: str | None, size: str | None) -> tuple[Path, str]:
    """Folder of the training photos, and ``'standard'`` or ``'challenge'``."""
    variants = [variant] if variant else ['standard', 'challenge']
    names = [f'data_{pixels}{end}' for pixels in ('large', '256') for end in ('', *(f'_{name}' for name in variants))]
    folder = _places_folder(root, size, names, 'the training photos')
    found = [name for name in variants if folder.name.endswith(name)] or [
        name for name in variants if variant or _unpacked_lists(root, f'places365_train_{name}.txt')]
    if len(found) != 1:
        raise LaunchError(f'the photos in {folder} may be those of Places365-Standard or of -Challenge; say which with '
                          '--variant')
    return folder, found[0]


def _places_folder(root: Path, size: str | None, names: Sequence[str], what: str) -> Path:
    """The folder that there is."""
    names = [name for name in names if size is None or size in name]
    folders = [root / name for name in names if (root / name).is_dir()]
    if not folders:
        others = f' (or in {", ".join(names[1:])})' if names[1:] else ''
        require_folder(root / names[0], f'{what} of Places365{others}', PLACES_SOURCE)
    same_size = [folder for folder in folders if ('256' in folder.name) == ('256' in folders[0].name)]
    if len(same_size) > 1:
        raise LaunchError(f'{what} may be those in {same_size[0]} or in {same_size[1]}; say which with --variant, or '
                          'move one of the folders')
    return folders[0]


def _unpacked_lists(root: Path, name: str) -> list[Path]:
    """The list in each of the folders into which archives of lists are unpacked, where it is there."""
    places = [root / 'meta', root, root / 'filelist_places365-standard', root / 'filelist_places365-challenge']
    return [place / name for place in places if (place / name).is_file()]


def _official(root: Path, file: Path, photos: int) -> Path | None:
    """The list that came with the data; one that was written here for a subset has fewer lines."""
    for candidate in _unpacked_lists(root, file.name):
        if candidate != file or sum(1 for _ in read_lines(candidate)) == photos:
            return candidate
    return None


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
    if subset:
        return PhotoList(file, folder, lambda: _present_lines(official, folder), has_classes=True)
    missing = missing_files(folder, map(listed_path, read_lines(official)))
    named = list(islice(missing, _NAMED))
    if named:
        raise LaunchError(f'{len(named) + sum(1 for _ in missing)} photos of {official} are not in {folder}, such as '
                          f'{", ".join(named)}; {source}, or list what is there with --subset')
    return PhotoList(file, folder, lambda: read_lines(official), has_classes=True)


def _present_lines(official: Path, folder: Path) -> Iterator[str]:
    missing = missing_files(folder, map(listed_path, read_lines(official)))
    absent = next(missing, None)
    for line in read_lines(official):
        if listed_path(line) == absent:
            absent = next(missing, None)
        else:
            yield line


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
