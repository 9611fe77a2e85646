"""Training: ``train``, ``test``, ``demo``; ``browse``, what a network sees of its data; ``plot-loss``, its losses."""
import argparse
import sys
from pathlib import Path

from mmpconv.errors import INTERRUPTED, LaunchError

from .arguments import add_cfg_options, add_run_arguments, refuse, require_at_least, whole_number


def train_arguments(parser: argparse.ArgumentParser) -> None:
    add_run_arguments(parser, config_optional=True)
    parser.add_argument(
        '--resume', nargs='?', const='auto', metavar='CHECKPOINT',
        help='continue from this checkpoint; without a value, from the latest one in the work dir')
    parser.add_argument('--amp', action='store_true', help='train in mixed precision')
    parser.add_argument(
        '--auto-scale-lr', action='store_true',
        help='scale the learning rate from auto_scale_lr.base_batch_size of the config to that in use')
    own = parser.add_argument_group('training on without a config')
    own.add_argument('--photos', metavar='FOLDER', help='instead of a config: train the network of the package on, on '
                     'the photos in this folder. The config that is used is written to the work dir, the result to '
                     'finetuned.safetensors there')
    own.add_argument('--iterations', type=int, metavar='N', help='with --photos; default: 1000. A config has its own: '
                     '--cfg-options train_cfg.max_iters=N')
    own.add_argument('--batch-size', type=int, metavar='N', help='with --photos; default: 4. A config has its own: '
                     '--cfg-options train_dataloader.batch_size=N')


def train(args: argparse.Namespace) -> int | None:
    """Train the model of a config.

    mmpconv train configs/partial_conv/pconv_stage1_8xb12_places-256x256.py
    mmpconv train configs/partial_conv/pconv_stage1_8xb12_places-256x256.py --amp --work-dir runs/1
    mmpconv train configs/partial_conv/pconv_stage1_8xb12_places-256x256.py --resume
    mmpconv train --photos my_photos/
    mmpconv train mmpretrain::resnet/resnet18_8xb16_cifar10.py --cfg-options train_dataloader.batch_size=8
    """
    if bool(args.config) == bool(args.photos):
        raise LaunchError('both a config and --photos are given; leave one out' if args.photos else
                          'say what to train: a CONFIG, or --photos FOLDER')
    try:
        _finetune(args) if args.photos else _train(args)
    except KeyboardInterrupt:
        print('interrupted: the same command with --resume continues from the last checkpoint', file=sys.stderr)
        return INTERRUPTED


def _train(args: argparse.Namespace) -> None:
    refuse('is for --photos; a config has its own, which --cfg-options train_cfg.max_iters=N changes',
           iterations=args.iterations)
    refuse('is for --photos; a config has its own, which --cfg-options train_dataloader.batch_size=N changes',
           batch_size=args.batch_size)
    from mmpconv.engine.launch import train

    train(args)


def _finetune(args: argparse.Namespace) -> None:
    refuse('is for a CONFIG, which --photos writes itself; give finetuned.py of its work dir as CONFIG',
           cfg_options=args.cfg_options, amp=args.amp, auto_scale_lr=args.auto_scale_lr,
           launcher=args.launcher != 'none')
    if args.resume not in (None, 'auto'):
        raise LaunchError(f'--resume is {args.resume}, but with --photos it continues from the latest checkpoint of '
                          'the work dir; give it no value, or give finetuned.py of the work dir as CONFIG')
    from mmpconv.apis import finetune

    given = {name: getattr(args, name) for name in ('work_dir', 'iterations', 'batch_size')}
    result = finetune(args.photos, resume=bool(args.resume),
                      **{name: value for name, value in given.items() if value is not None})
    print(f'trained: {result}; fill with it by mmpconv inpaint PHOTO MASK -o OUT --checkpoint {result}')


def test_arguments(parser: argparse.ArgumentParser) -> None:
    add_run_arguments(parser)
    parser.add_argument('checkpoint', help='a checkpoint file, or the URL of one')
    parser.add_argument('--out', metavar='FILE', help='write the metrics here: .json, .yaml or .pkl')


def test(args: argparse.Namespace) -> None:
    """Compute the metrics of a checkpoint.

    mmpconv test configs/partial_conv/pconv_stage2_4xb2_places-256x256.py iter_500000.pth
    mmpconv test configs/partial_conv/pconv_stage2_4xb2_places-256x256.py iter_500000.pth --out metrics.json
    """
    from mmpconv.engine.launch import test

    test(args)


def demo_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/demo'), metavar='FOLDER',
                        help='where everything goes; default: work_dirs/demo')
    parser.add_argument('--iters', type=whole_number(1), metavar='N', help='training iterations; default: 200')


def demo(args: argparse.Namespace) -> None:
    """Fill photos with the network of the package, then train it on with other photos, test it, and fill the same
    photos again: about two minutes on 2 CPU cores, the first picture after seconds.

    mmpconv demo
    mmpconv demo --iters 50 --work-dir try
    """
    from mmpconv.demo import show

    show(args.work_dir, args.iters)


def browse_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('config', help="a config file, or 'package::path' for one that an installed MM* package ships")
    parser.add_argument('--split', choices=['train', 'val', 'test'], default='train', help='default: train')
    parser.add_argument('--count', type=int, default=16, metavar='N',
                        help='samples, spread evenly over the data; default: 16')
    parser.add_argument('-o', '--out', type=Path, metavar='FILE',
                        help='picture to write; default: work_dirs/NAME-OF-THE-CONFIG/data_SPLIT.png')
    add_cfg_options(parser, 'change entries of the config, as mmpconv train does')
    parser.set_defaults(work_dir=None, launcher='none', local_rank=0)


def browse(args: argparse.Namespace) -> None:
    """Draw what a network sees of its data, after the whole pipeline and the data preprocessor: input, mask (white =
    hole) and truth, with file name, hole ratio, size and range of values under each.

    mmpconv browse configs/partial_conv/pconv_stage1_8xb12_places-256x256.py
    mmpconv browse configs/partial_conv/pconv_stage1_8xb12_places-256x256.py --split val --count 4 -o val.png
    """
    import cv2

    from mmpconv.analysis.dataset_sheet import look_at, save
    from mmpconv.configs import config_stem, load_config
    from mmpconv.engine.launch import apply_common

    require_at_least(args, count=1)
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


def plot_loss_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('runs', type=Path, nargs='+', metavar='RUN', help='work dir of a training, its losses.csv, or '
                        'a vis_data/scalars.json')
    parser.add_argument('--smooth', type=int, default=1, metavar='N', help='draw the running mean of N logged values, '
                        'and the values themselves faintly (default: 1, the values)')
    parser.add_argument('--log', action='store_true', help='logarithmic losses')
    parser.add_argument('-o', '--out', type=Path, default=Path('work_dirs/losses.png'), metavar='FILE',
                        help='picture to write (default: work_dirs/losses.png)')


def plot_loss(args: argparse.Namespace) -> None:
    """Draw the losses of trainings, a panel for each term.

    mmpconv plot-loss work_dirs/mine
    mmpconv plot-loss work_dirs/mine work_dirs/other --smooth 20 --log -o losses.png
    """
    from mmpconv.analysis.loss_curves import draw, named_runs, read_losses, summary
    from mmpconv.reports import require_picture, save

    require_at_least(args, smooth=1)
    require_picture(args.out)
    runs = {name: read_losses(path) for name, path in named_runs(args.runs).items()}
    save(draw(runs, args.smooth, args.log), args.out, dpi=100)
    print(summary(runs))
    print(f'\npicture: {args.out}')
