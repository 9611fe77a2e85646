"""``mmpconv train``: train the model of a config."""
import argparse
import sys

from mmpconv.errors import INTERRUPTED

from .arguments import add_run_arguments

DESCRIPTION = 'Train the model of a config.'
EXAMPLES = """\
mmpconv train configs/partial_conv/pconv_stage1_8xb12_places-256x256.py
mmpconv train configs/partial_conv/pconv_stage1_8xb12_places-256x256.py --amp --work-dir runs/1
mmpconv train configs/partial_conv/pconv_stage1_8xb12_places-256x256.py --resume
mmpconv train mmpretrain::resnet/resnet18_8xb16_cifar10.py --cfg-options train_dataloader.batch_size=8
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run_arguments(parser)
    parser.add_argument(
        '--resume', nargs='?', const='auto', metavar='CHECKPOINT',
        help='continue from this checkpoint; without a value, from the latest one in the work dir')
    parser.add_argument('--amp', action='store_true', help='train in mixed precision')
    parser.add_argument(
        '--auto-scale-lr', action='store_true',
        help='scale the learning rate from auto_scale_lr.base_batch_size of the config to that in use')


def run(args: argparse.Namespace) -> int | None:
    from mmpconv.engine.launch import train

    try:
        train(args)
    except KeyboardInterrupt:
        print('interrupted: the same command with --resume continues from the last checkpoint', file=sys.stderr)
        return INTERRUPTED
