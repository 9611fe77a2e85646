"""Lists of any folder of photos."""
import hashlib
from array import array
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mmpconv.datasets.inpainting_dataset import can_be_listed
from mmpconv.errors import LaunchError
from mmpconv.photos.folders import photo_files

from . import ROOTS
from .lists import PhotoList, print_cfg_options, require_folder, write_lists

# Those of configs/_base_/datasets/image_folder.py.
DEFAULTS = {'train': {'data_prefix.gt': 'train'}, 'val': {'data_prefix.gt': 'val'}}


def prepare(root: Path, val_share: float | None = None, seed: int | None = None, verify: bool = False,
            jobs: int | None = None, force: bool = False) -> None:
    """Check a folder of photos and write ``train.txt`` and ``val.txt`` into it.

    Args:
        root: The folder.
        val_share: Share of the photos that is for validation, in (0, 1); None: a tenth, or as the folders ``train`` and
            ``val`` are.
        seed: Of the draw; None: 0, or none is drawn.
        verify, jobs, force: See :func:`~mmpconv.dataset_converters.lists.write_lists`.

    Raises:
        LaunchError: Something is missing, or a list is there and differs.
    """
    if val_share is not None and not 0 < val_share < 1:
        raise LaunchError(f'--val-share is {val_share} but must be between 0 and 1, such as 0.1')
    require_folder(root, 'the photos', 'give the folder of your photos')
    write_lists(_lists(root, val_share, seed), verify, jobs, force)
    print_cfg_options(root, ROOTS['image-folder'], {split: {'data_prefix.gt': '', 'ann_file': f'{split}.txt'}
                                                    for split in ('train', 'val')}, DEFAULTS)


def _lists(root: Path, val_share: float | None, seed: int | None) -> list[PhotoList]:
    files = {split: root / f'{split}.txt' for split in ('train', 'val')}
    given = [split for split in files if (root / split).is_dir()]
    if len(given) == 2 and val_share is None and seed is None:
        return [PhotoList(file, root, lambda split=split: _photos_of(root, split)) for split, file in files.items()]
    if len(given) == 2:
        raise LaunchError(f'{root} has folders train and val, which split the photos already; leave '
                          f'{"--seed" if val_share is None else "--val-share"} out, or give the folder of one of them')
    seed = seed or 0
    limit = _largest_held_out(root, 0.1 if val_share is None else val_share, seed)
    return [PhotoList(file, root, lambda held_out=split == 'val': (
        path for path in photo_files(root) if (_draw(seed, path) <= limit) == held_out))
        for split, file in files.items()]


def _photos_of(root: Path, split: str) -> Iterator[str]:
    return (f'{split}/{path}' for path in photo_files(root / split))


def _draw(seed: int, path: str) -> int:
    """A number for a photo that depends on nothing but its path: when photos are added, few change sides."""
    digest = hashlib.blake2b(f'{seed}/{path}'.encode(errors='surrogateescape'), digest_size=8).digest()
    return int.from_bytes(digest, 'big')


def _largest_held_out(root: Path, share: float, seed: int) -> int:
    """The photos with the smallest draws up to this one are the share for validation, at least one photo."""
    draws = (_draw(seed, path) for path in photo_files(root) if can_be_listed(path))
    draws = np.array(array('Q', draws), dtype=np.uint64)
    if len(draws) < 2:
        raise LaunchError(f'there are {len(draws)} photos in {root}, which are too few for training and validation')
    number = min(max(round(share * len(draws)), 1), len(draws) - 1)
    return int(np.partition(draws, number - 1)[number - 1])
