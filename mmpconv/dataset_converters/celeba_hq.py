"""Lists of CelebA-HQ (Karras et al., ICLR 2018)."""
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from mmpconv.errors import LaunchError
from mmpconv.photos.folders import photo_files

from . import ROOTS
from .lists import PhotoList, print_cfg_options, read_lines, require_folder, write_lists

PHOTOS = 30000
VALIDATION_PHOTOS = 2000
MAPPING = 'CelebA-HQ-to-CelebA-mapping.txt'
PHOTOS_OF_MASK_HQ = 'CelebA-HQ-img'  # of CelebAMask-HQ's archive, which has pictures of other kinds beside it
SOURCE = ('get it as tkarras/progressive_growing_of_gans on GitHub describes, or with CelebAMask-HQ '
          '(switchablenorms/CelebAMask-HQ on GitHub)')
# CelebA's own partition: photos 1 to 162770 are for training, those up to 182637 for validation, the rest for tests.
LAST_TRAINING, LAST_VALIDATION = 162770, 182637


def prepare(root: Path, subset: bool = False, verify: bool = False, jobs: int | None = None,
            force: bool = False) -> None:
    """Check CelebA-HQ and write the lists that the configs read.

    Args:
        root: Folder of the photos, and of the lists.
        subset: Accept that photos are missing.
        verify, jobs, force: See :func:`~mmpconv.dataset_converters.lists.write_lists`.

    Raises:
        LaunchError: Something is missing, or a list is there and differs.
    """
    require_folder(root, 'CelebA-HQ', SOURCE)
    photos = list(_photos(root))
    if len(photos) != PHOTOS and not subset:
        raise LaunchError(f'there are {len(photos)} photos in {root}, but CelebA-HQ has {PHOTOS}; {SOURCE}, '
                          'or list what is there with --subset')
    parts, rule = split(photos, root / MAPPING)
    write_lists([PhotoList(root / f'{part}_celeba_img_list.txt', root, paths.__iter__)
                 for part, paths in parts.items()], verify, jobs, force)
    print(f'Split: {rule}')
    print_cfg_options(root, ROOTS['celeba-hq'], {'train': {}, 'val': {}}, {'train': {}, 'val': {}})


def _photos(root: Path) -> Iterator[str]:
    if (root / PHOTOS_OF_MASK_HQ).is_dir():
        return (f'{PHOTOS_OF_MASK_HQ}/{path}' for path in photo_files(root / PHOTOS_OF_MASK_HQ))
    return photo_files(root)


def split(photos: Sequence[str], mapping: Path) -> tuple[dict[str, list[str]], str]:
    """Divide the photos into those for training, validation and, with a mapping, tests.

    Args:
        photos: Paths, in order.
        mapping: Path of CelebAMask-HQ's table of the numbers in CelebA, which need not be there.

    Returns:
        tuple[dict[str, list[str]], str]: Paths by ``'train'``, ``'val'`` and ``'test'``, in order, and how they were
        divided.

    Raises:
        LaunchError: The numbers in the names and the mapping do not fit, or there are too few photos.
    """
    folders = [path.partition('/')[0] if '/' in path else '' for path in photos]
    if set(folders) and all(name.startswith(('train', 'val', 'test')) for name in folders):
        parts = {part: [path for path, name in zip(photos, folders) if name.startswith(names)]
                 for part, names in (('train', ('train',)), ('val', ('val',)), ('test', ('test',)))}
        if not parts['val']:  # MMagic's layout has train_256 and test_256
            parts['val'] = parts.pop('test')
        rule = 'by the folders'
    elif mapping.is_file():
        parts, rule = _split_as_celeba(photos, mapping), f'that of CelebA, by {mapping}'
    else:
        held_out = set(sorted(photos, key=lambda path: (_number(path), path))[-VALIDATION_PHOTOS:])
        parts = {'train': [path for path in photos if path not in held_out],
                 'val': [path for path in photos if path in held_out]}
        rule = f'the last {VALIDATION_PHOTOS} photos by number are for validation'
    parts = {part: paths for part, paths in parts.items() if paths}
    if not {'train', 'val'} <= set(parts):
        raise LaunchError(f'the {len(photos)} photos give no lists for training and for validation (split: {rule}); '
                          'add photos, or split a few with mmpconv prepare-dataset image-folder')
    return parts, rule


def _number(path: str) -> int:
    """The last number in a file's name, -1 if there is none."""
    digits = re.findall(r'\d+', path.rpartition('/')[2].rpartition('.')[0])
    return int(digits[-1]) if digits else -1


def _split_as_celeba(photos: Sequence[str], mapping: Path) -> dict[str, list[str]]:
    numbers = list(map(_number, photos))
    if len(set(numbers)) != len(numbers) or min(numbers) < 0:
        raise LaunchError(f'{mapping} goes by the numbers of photos, which must be in their names and differ; remove '
                          'it for a split without it')
    # CelebAMask-HQ counts from 0, the first release of CelebA-HQ from 1 (to 30000).
    if (0 in numbers) == (PHOTOS in numbers):
        raise LaunchError(f'the names of the photos do not tell whether they are counted from 0 or from 1 (there is '
                          f'{"both a" if 0 in numbers else "neither a"} number 0 and {PHOTOS}), which {mapping} needs')
    first = 0 if 0 in numbers else 1
    celeba = _read_mapping(mapping)
    parts = {'train': [], 'val': [], 'test': []}
    for path, number in zip(photos, numbers):
        if number - first not in celeba:
            raise LaunchError(f'{mapping} has no photo {number - first}, which {path} should be')
        original = celeba[number - first]
        parts['train' if original <= LAST_TRAINING else 'val' if original <= LAST_VALIDATION else 'test'].append(path)
    return parts


def _read_mapping(mapping: Path) -> dict[int, int]:
    """CelebA's number, counted from 1, by the index in CelebA-HQ; rows are ``idx orig_idx orig_file``."""
    numbers = {}
    for line in read_lines(mapping):
        row = re.fullmatch(r'\s*(\d+)\s+\d+\s+(\d+)\.\w+\s*', line)
        if row:
            numbers[int(row[1])] = int(row[2])
    if not numbers:
        raise LaunchError(f'{mapping} has no rows such as "0 119613 119614.jpg"; download it anew')
    return numbers
