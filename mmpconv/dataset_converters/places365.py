"""Lists of Places365 (Zhou et al., TPAMI 2017): Standard or Challenge, original photos or those of 256 pixels."""
from collections.abc import Sequence
from pathlib import Path

from mmpconv.errors import LaunchError

from . import ROOTS
from .layout import print_cfg_options, require_folder
from .lists import PhotoList, read_lines, write_lists
from .photo_sets import from_folder, from_official

PHOTOS = {'standard': 1803460, 'challenge': 8026628, 'val': 36500}
SOURCE = "get it from MIT's page of Places365 (places2.csail.mit.edu)"
# Those of configs/_base_/datasets/places.py.
DEFAULTS = {'train': {'data_prefix.gt': 'data_large', 'ann_file': 'meta/places365_train_challenge.txt'},
            'val': {'data_prefix.gt': 'val_large', 'ann_file': 'meta/places365_val.txt'}}


def prepare(root: Path, variant: str | None = None, size: str | None = None, split: str | None = None,
            subset: bool = False, verify: bool = False, jobs: int | None = None, force: bool = False) -> None:
    """Check Places365 and write the lists that the configs read.

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
    require_folder(root, 'Places365', SOURCE)
    lists, settings = [], {}
    for part in (split,) if split else ('train', 'val'):
        wanted = _list_of(part, root, variant, size, subset)
        lists.append(wanted)
        settings[part] = {'data_prefix.gt': wanted.folder.name, 'ann_file': f'meta/{wanted.file.name}'}
    write_lists(lists, verify, jobs, force)
    print_cfg_options(root, ROOTS['places365'], settings, DEFAULTS)


def _list_of(split: str, root: Path, variant: str | None, size: str | None, subset: bool) -> PhotoList:
    if split == 'val':
        folder = _existing(root, size, ['val_large', 'val_256'], 'the validation photos')
        variant = name = 'val'
    else:
        folder, variant = _training_folder(root, variant, size)
        name = f'train_{variant}'
    file = root / 'meta' / f'places365_{name}.txt'
    official = _official(root, file, PHOTOS[variant])
    if official:
        return from_official(file, official, folder, subset, SOURCE)
    return from_folder(file, folder, PHOTOS[variant], subset, SOURCE)


def _training_folder(root: Path, variant: str | None, size: str | None) -> tuple[Path, str]:
    """Folder of the training photos, and whether it is Standard or Challenge."""
    variants = [variant] if variant else ['standard', 'challenge']
    names = [f'data_{pixels}{end}' for pixels in ('large', '256') for end in ('', *(f'_{name}' for name in variants))]
    folder = _existing(root, size, names, 'the training photos')
    found = [name for name in variants if folder.name.endswith(name)] or [
        name for name in variants if variant or _lists(root, f'places365_train_{name}.txt')]
    if len(found) != 1:
        raise LaunchError(f'the photos in {folder} may be those of Places365-Standard or of -Challenge; say which with '
                          '--variant')
    return folder, found[0]


def _existing(root: Path, size: str | None, names: Sequence[str], what: str) -> Path:
    """The folder that there is."""
    names = [name for name in names if size is None or size in name]
    folders = [root / name for name in names if (root / name).is_dir()]
    if not folders:
        require_folder(root / names[0], f'{what} of Places365 (or in {", ".join(names[1:])})' if names[1:]
                       else f'{what} of Places365', SOURCE)
    same_size = [folder for folder in folders if ('256' in folder.name) == ('256' in folders[0].name)]
    if len(same_size) > 1:
        raise LaunchError(f'{what} may be those in {same_size[0]} or in {same_size[1]}; say which with --variant, or '
                          'move one of the folders')
    return folders[0]


def _lists(root: Path, name: str) -> list[Path]:
    """The list in each of the folders into which archives of lists are unpacked, where it is there."""
    places = [root / 'meta', root, root / 'filelist_places365-standard', root / 'filelist_places365-challenge']
    return [place / name for place in places if (place / name).is_file()]


def _official(root: Path, file: Path, photos: int) -> Path | None:
    """The list that came with the data; one that was written here for a subset has fewer lines."""
    for candidate in _lists(root, file.name):
        if candidate != file or sum(1 for _ in read_lines(candidate)) == photos:
            return candidate
    return None
