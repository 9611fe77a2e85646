"""``mmpconv prepare-dataset``: check a data set, and write the lists that the configs read."""
import argparse
from pathlib import Path

from mmpconv.dataset_converters import ROOTS
from mmpconv.errors import LaunchError

from .arguments import refuse, require_at_least

# By data set: what is done, and what is expected in its folder.
_SETS = {
    'places365': ('Check Places365 and write the lists that the configs read, meta/places365_*.txt.',
                  'data_large, or data_256 for the small photos (or with _standard or _challenge at the end, as '
                  'torchvision has it); val_large or val_256; if they are there, the official lists in meta or beside '
                  'the photos.'),
    'celeba-hq': ('Check CelebA-HQ and write the lists that the configs read, train_celeba_img_list.txt and '
                  'val_celeba_img_list.txt.',
                  '30000 photos, in it or in folders in it. They are split as folders train* and val* or test* are, if '
                  'that is how they lie; as CelebA is, if CelebA-HQ-to-CelebA-mapping.txt is there (with '
                  'test_celeba_img_list.txt); otherwise the last 2000 by number are for validation.'),
    'coco': ('Check COCO 2017 and write the lists that the configs read, meta/train2017.txt and meta/val2017.txt.',
             'train2017 and val2017.'),
    'image-folder': ('Check a folder of photos and write train.txt and val.txt into it.',
                     'photos, or folders train and val of photos; in either case also in folders in them.'),
    'nvidia-masks': ('Measure masks and write lists/: ratios.csv, all.txt, and a list a hole-ratio bin, all of it '
                     '(0.1-0.2.txt) and its masks with holes near the border (_border) or off it (_interior).',
                     "pictures of masks, in any folders; NVIDIA's test set has 12000 (1000 a bin and kind), its "
                     'training set 55116.'),
}
_DIGITS = "Write scikit-learn's handwritten digits as image folders."


def prepare_dataset_arguments(parser: argparse.ArgumentParser) -> None:
    sets = parser.add_subparsers(title='data sets', dest='dataset', metavar='DATASET', required=True)
    parsers = {}
    for name, (description, layout) in _SETS.items():
        parsers[name] = one = sets.add_parser(name, help=description, description=f'{description} Pictures are read '
                                              'only, never moved or changed.',
                                              epilog=f'What is expected in the folder: {layout}')
        one.add_argument('root', nargs='?', type=Path, default=Path(ROOTS[name]), metavar='FOLDER',
                         help=f'folder of the data; default: {ROOTS[name]}')
        if name != 'nvidia-masks':
            one.add_argument('--verify', action='store_true', help='decode every photo, leave the broken ones out of '
                             'the lists and name them in ..._report.csv; exit status 1 if there are any')
        one.add_argument('--jobs', type=int, metavar='N', help='photos decoded at a time; default: one a core')
        one.add_argument('--force', action='store_true', help='replace lists that are there and differ')
    for name in ('places365', 'celeba-hq', 'coco'):
        parsers[name].add_argument('--subset', action='store_true', help='accept that photos are missing, and list '
                                   'those that are there')
    for name in ('places365', 'coco'):
        parsers[name].add_argument('--split', choices=['train', 'val'], help='only this one')
    places, folder, masks = (parsers[name] for name in ('places365', 'image-folder', 'nvidia-masks'))
    places.add_argument('--variant', choices=['standard', 'challenge'], help='which training photos; without it, those '
                        'that the names of folders and lists tell')
    places.add_argument('--size', choices=['large', '256'], help='original photos or small ones; default: large where '
                        'they are there')
    folder.add_argument('--val-share', type=float, metavar='SHARE', help='share of the photos, drawn at random, that '
                        'is for validation; default: 0.1. A folder that has train and val is split as they are.')
    folder.add_argument('--seed', type=int, help='of the draw; default: 0')
    masks.add_argument('--invert', action='store_true', help="holes are black, as in NVIDIA's training set; without it "
                       'they are white, as in its test set')
    digits = sets.add_parser('digits', help=_DIGITS, description=_DIGITS)
    digits.add_argument('--out', type=Path, default=Path(ROOTS['digits']), help='folder to make; default: '
                        f'{ROOTS["digits"]}')


def prepare_dataset(args: argparse.Namespace) -> None:
    """Check what is there of a data set, and write the lists that the configs read. Pictures are read only, never moved
    or changed.

    mmpconv prepare-dataset image-folder holiday --val-share 0.2 --verify
    mmpconv prepare-dataset places365
    mmpconv prepare-dataset nvidia-masks data/masks/train --invert
    """
    from mmpconv.dataset_converters import celeba_hq, digits, image_folder, masks, published

    options = vars(args)
    name = options.pop('dataset')
    if name == 'digits':
        try:
            digits.write_digits(args.out)
        except FileExistsError as error:
            raise LaunchError(str(error)) from error
        print(f'written: {args.out}')
        return
    require_at_least(args, jobs=1)
    if not options.get('verify', True):
        refuse('is for --verify, without which no photo is decoded', jobs=args.jobs)
    if options.get('split') == 'val':
        refuse('is of the training photos, but --split is val', variant=options.get('variant'))
    sets = {'places365': published.prepare_places365, 'celeba-hq': celeba_hq.prepare, 'coco': published.prepare_coco,
            'image-folder': image_folder.prepare, 'nvidia-masks': masks.prepare}
    sets[name](**options)
