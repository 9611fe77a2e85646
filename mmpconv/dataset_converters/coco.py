"""Lists of COCO 2017 (Lin et al., ECCV 2014)."""
from pathlib import Path

from . import ROOTS
from .layout import print_cfg_options, require_folder
from .lists import write_lists
from .photo_sets import from_folder

PHOTOS = {'train2017': 118287, 'val2017': 5000}
SOURCE = 'get it from the page of COCO (cocodataset.org)'


def prepare(root: Path, split: str | None = None, subset: bool = False, verify: bool = False, jobs: int | None = None,
            force: bool = False) -> None:
    """Check COCO 2017 and write the lists that the configs read.

    Args:
        root: Folder of ``train2017`` and ``val2017``; the lists go to its folder ``meta``.
        split: ``'train'`` or ``'val'``; None: both.
        subset: Accept that photos are missing.
        verify, jobs, force: See :func:`~mmpconv.dataset_converters.lists.write_lists`.

    Raises:
        LaunchError: Something is missing, or a list is there and differs.
    """
    require_folder(root, 'COCO', SOURCE)
    names = {part: f'{part}2017' for part in ([split] if split else ['train', 'val'])}
    settings = {part: {'data_prefix.gt': name, 'ann_file': f'meta/{name}.txt'} for part, name in names.items()}
    for name in names.values():
        require_folder(root / name, f'the photos of COCO {name}', SOURCE)
    write_lists([from_folder(root / 'meta' / f'{name}.txt', root / name, PHOTOS[name], subset, SOURCE)
                 for name in names.values()], verify, jobs, force)
    print_cfg_options(root, ROOTS['coco'], settings, settings)
