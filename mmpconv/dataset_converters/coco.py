"""Lists of COCO 2017 (Lin et al., ECCV 2014)."""
from collections.abc import Sequence

from mmpconv.errors import user_errors

from .command_line import add_subset, build_parser, check_jobs, print_cfg_options, require_folder
from .lists import write_lists
from .photo_sets import from_folder

ROOT = 'data/coco'
PHOTOS = {'train2017': 118287, 'val2017': 5000}
SOURCE = 'get it from the page of COCO (cocodataset.org)'


def main(argv: Sequence[str] | None = None) -> None:
    """Write the lists: what ``tools/dataset_converters/coco.py`` does.

    Args:
        argv: Arguments after the program's name. Defaults to those of this process.
    """
    parser = build_parser('Check COCO 2017 and write the lists that the configs read, meta/train2017.txt and '
                          'meta/val2017.txt.', ROOT, 'train2017 and val2017.')
    parser.add_argument('--split', choices=['train', 'val'], help='only this one')
    add_subset(parser)
    args = parser.parse_args(argv)
    with user_errors():
        check_jobs(args.jobs)
        require_folder(args.root, 'COCO', SOURCE)
        splits = [args.split] if args.split else ['train', 'val']
        settings = {split: {'data_prefix.gt': f'{split}2017', 'ann_file': f'meta/{split}2017.txt'} for split in splits}
        for split in splits:
            require_folder(args.root / f'{split}2017', f'the photos of COCO {split}2017', SOURCE)
        write_lists([from_folder(args.root / 'meta' / f'{split}2017.txt', args.root / f'{split}2017',
                                 PHOTOS[f'{split}2017'], args.subset, SOURCE) for split in splits],
                    args.verify, args.jobs, args.force)
        print_cfg_options(args.root, ROOT, settings, settings)
