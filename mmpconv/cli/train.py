"""``mmpconv train``: train the model of a config."""
import argparse
import sys

from mmpconv.errors import INTERRUPTED, LaunchError

from .arguments import add_run_arguments

_FINETUNED = 'work_dirs/finetuned'
DESCRIPTION = 'Train the model of a config.'
EXAMPLES = """\
mmpconv train configs/partial_conv/pconv_stage1_8xb12_places-256x256.py
mmpconv train configs/partial_conv/pconv_stage1_8xb12_places-256x256.py --amp --work-dir runs/1
mmpconv train configs/partial_conv/pconv_stage1_8xb12_places-256x256.py --resume
mmpconv train --photos my_photos/
mmpconv train mmpretrain::resnet/resnet18_8xb16_cifar10.py --cfg-options train_dataloader.batch_size=8
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
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
    own.add_argument('--iterations', type=int, default=1000, metavar='N', help='with --photos; default: %(default)s')
    own.add_argument('--batch-size', type=int, default=4, metavar='N', help='with --photos; default: %(default)s')


def run(args: argparse.Namespace) -> int | None:
    if bool(args.config) == bool(args.photos):
        raise LaunchError('both a config and --photos are given; leave one out' if args.photos else
                          'say what to train: a CONFIG, or --photos FOLDER')
    try:
        _finetune(args) if args.photos else _train(args)
    except KeyboardInterrupt:
        print('interrupted: the same command with --resume continues from the last checkpoint', file=sys.stderr)
        return INTERRUPTED


def _train(args: argparse.Namespace) -> None:
    from mmpconv.engine.launch import train

    train(args)


def _finetune(args: argparse.Namespace) -> None:
    given = [name for name in ('cfg_options', 'amp', 'auto_scale_lr') if getattr(args, name)]
    if given:
        raise LaunchError(f'--{given[0].replace("_", "-")} changes a config, which --photos writes itself; give '
                          f'finetuned.py of its work dir as CONFIG')
    from mmpconv.apis import finetune

    result = finetune(args.photos, args.work_dir or _FINETUNED, args.iterations, args.batch_size, bool(args.resume))
    print(f'trained: {result}; fill with it by mmpconv inpaint PHOTO MASK -o OUT --checkpoint {result}')
