"""Lists of Places365 (Zhou et al., TPAMI 2017): Standard or Challenge, original photos or those of 256 pixels."""
import argparse
from collections.abc import Sequence
from pathlib import Path

from mmpconv.errors import LaunchError, user_errors

from .command_line import add_subset, build_parser, check_jobs, print_cfg_options, require_folder
from .lists import PhotoList, read_lines, write_lists
from .photo_sets import from_folder, from_official

ROOT = 'data/Places'
PHOTOS = {'standard': 1803460, 'challenge': 8026628, 'val': 36500}
SOURCE = "get it from MIT's page of Places365 (places2.csail.mit.edu)"
# What configs/_base_/datasets/places.py reads.
DEFAULTS = {'train': {'data_prefix.gt': 'data_large', 'ann_file': 'meta/places365_train_challenge.txt'},
            'val': {'data_prefix.gt': 'val_large', 'ann_file': 'meta/places365_val.txt'}}


def main(argv: Sequence[str] | None = None) -> None:
    """Write the lists: what ``tools/dataset_converters/places365.py`` does.

    Args:
        argv: Arguments after the program's name. Defaults to those of this process.
    """
    parser = build_parser(
        'Check Places365 and write the lists that the configs read, meta/places365_*.txt.', ROOT,
        'data_large, or data_256 for the small photos (or with _standard or _challenge at the end, as torchvision has '
        'it); val_large or val_256; if they are there, the official lists in meta or beside the photos.')
    parser.add_argument('--variant', choices=['standard', 'challenge'], help='which training photos; without it, those '
                        'that the names of folders and lists tell')
    parser.add_argument('--size', choices=['large', '256'], help='original photos or small ones; default: large where '
                        'they are there')
    parser.add_argument('--split', choices=['train', 'val'], help='only this one')
    add_subset(parser)
    args = parser.parse_args(argv)
    with user_errors():
        check_jobs(args.jobs)
        require_folder(args.root, 'Places365', SOURCE)
        lists, settings = [], {}
        for split in (args.split,) if args.split else ('train', 'val'):
            wanted = _list_of(split, args)
            lists.append(wanted)
            settings[split] = {'data_prefix.gt': wanted.folder.name, 'ann_file': f'meta/{wanted.file.name}'}
        write_lists(lists, args.verify, args.jobs, args.force)
        print_cfg_options(args.root, ROOT, settings, DEFAULTS)


def _list_of(split: str, args: argparse.Namespace) -> PhotoList:
    if split == 'val':
        folder, variant, name = _existing(args, ['val_large', 'val_256'], 'the validation photos'), 'val', 'val'
    else:
        folder, variant = _training_folder(args)
        name = f'train_{variant}'
    file = args.root / 'meta' / f'places365_{name}.txt'
    official = _official(args.root, file, PHOTOS[variant])
    if official:
        return from_official(file, official, folder, args.subset, SOURCE)
    return from_folder(file, folder, PHOTOS[variant], args.subset, SOURCE)


def _training_folder(args: argparse.Namespace) -> tuple[Path, str]:
    """Folder of the training photos, and whether it is Standard or Challenge."""
    variants = [args.variant] if args.variant else ['standard', 'challenge']
    names = [f'data_{size}{end}' for size in ('large', '256') for end in ('', *(f'_{name}' for name in variants))]
    folder = _existing(args, names, 'the training photos')
    found = [name for name in variants if folder.name.endswith(name)] or [
        name for name in variants if args.variant or _lists(args.root, f'places365_train_{name}.txt')]
    if len(found) != 1:
        raise LaunchError(f'the photos in {folder} may be those of Places365-Standard or of -Challenge; say which with '
                          '--variant')
    return folder, found[0]


def _existing(args: argparse.Namespace, names: Sequence[str], what: str) -> Path:
    """The folder that there is."""
    names = [name for name in names if args.size is None or args.size in name]
    folders = [args.root / name for name in names if (args.root / name).is_dir()]
    if not folders:
        require_folder(args.root / names[0], f'{what} of Places365 (or in {", ".join(names[1:])})' if names[1:]
                       else f'{what} of Places365', SOURCE)
    same_size = [folder for folder in folders if ('256' in folder.name) == ('256' in folders[0].name)]
    if len(same_size) > 1:
        raise LaunchError(f'{what} may be those in {same_size[0]} or in {same_size[1]}; say which with --variant, or '
                          'move one of the folders')
    return folders[0]


def _lists(root: Path, name: str) -> list[Path]:
    """Where the archives of lists may have been unpacked, and this one is."""
    places = [root / 'meta', root, root / 'filelist_places365-standard', root / 'filelist_places365-challenge']
    return [place / name for place in places if (place / name).is_file()]


def _official(root: Path, file: Path, photos: int) -> Path | None:
    """The list that came with the data; one that was written here for a subset has fewer lines."""
    for candidate in _lists(root, file.name):
        if candidate != file or sum(1 for _ in read_lines(candidate)) == photos:
            return candidate
    return None
