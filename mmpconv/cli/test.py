"""``mmpconv test``: compute the metrics of a checkpoint."""
import argparse

from .arguments import add_run_arguments

DESCRIPTION = 'Compute the metrics of a checkpoint.'
EXAMPLES = """\
mmpconv test configs/partial_conv/pconv_stage2_4xb2_places-256x256.py iter_500000.pth
mmpconv test configs/partial_conv/pconv_stage2_4xb2_places-256x256.py iter_500000.pth --out metrics.json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run_arguments(parser)
    parser.add_argument('checkpoint', help='a checkpoint file, or the URL of one')
    parser.add_argument('--out', metavar='FILE', help='write the metrics here: .json, .yaml or .pkl')


def run(args: argparse.Namespace) -> None:
    from mmpconv.engine.launch import test

    test(args)
