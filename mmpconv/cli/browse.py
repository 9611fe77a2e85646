"""``mmpconv browse``: draw what a network sees of its data."""
import argparse
from pathlib import Path

from mmpconv.errors import LaunchError

from .arguments import add_cfg_options

DESCRIPTION = """\
Draw what a network sees of its data, after the whole pipeline and the data preprocessor: input, mask (white =
hole) and truth, with file name, hole ratio, size and range of values under each."""
EXAMPLES = """\
mmpconv browse configs/partial_conv/pconv_stage1_8xb12_places-256x256.py
mmpconv browse configs/partial_conv/pconv_stage1_8xb12_places-256x256.py --split val --count 4 -o val.png
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('config', help="a config file, or 'package::path' for one that an installed MM* package ships")
    parser.add_argument('--split', choices=['train', 'val', 'test'], default='train', help='default: train')
    parser.add_argument('--count', type=int, default=16, metavar='N',
                        help='samples, spread evenly over the data; default: 16')
    parser.add_argument('-o', '--out', type=Path, metavar='FILE',
                        help='picture to write; default: work_dirs/NAME-OF-THE-CONFIG/data_SPLIT.png')
    add_cfg_options(parser, 'change entries of the config, as mmpconv train does')
    parser.set_defaults(work_dir=None, launcher='none', local_rank=0)


def run(args: argparse.Namespace) -> None:
    import cv2

    from mmpconv.analysis.dataset_sheet import look_at, save
    from mmpconv.engine.arguments import apply_common
    from mmpconv.engine.resume import config_stem, load_config

    if args.count < 1:
        raise LaunchError(f'--count is {args.count} but must be at least 1')
    path = args.out or Path('work_dirs') / config_stem(args.config) / f'data_{args.split}.png'
    if not cv2.haveImageWriter(path.name):
        raise LaunchError(f'-o {path} does not say which kind of picture to write; end it in .png')
    config = load_config(args.config)
    apply_common(config, args)
    samples = look_at(config, args.split, args.count)
    save(samples, path)
    for sample in samples:
        print('  '.join([sample.caption[1], sample.file]))
    print(f'picture: {path}')
