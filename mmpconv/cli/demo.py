"""``mmpconv demo``: fill photos, train the network on, fill them again."""
import argparse
from pathlib import Path

from .arguments import UsageError

DESCRIPTION = """\
Fill photos with the network of the package, then train it on with other photos, test it, and fill the same photos
again: about two minutes on 2 CPU cores, the first picture after seconds.
"""
EXAMPLES = """\
mmpconv demo
mmpconv demo --iters 50 --work-dir try
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/demo'), metavar='FOLDER',
                        help='where everything goes; default: work_dirs/demo')
    parser.add_argument('--iters', type=int, metavar='N', help='training iterations; default: 200')


def run(args: argparse.Namespace) -> None:
    if args.iters is not None and args.iters < 1:
        raise UsageError(f'--iters is {args.iters} but must be at least 1')
    from mmpconv.analysis.demo import show

    show(args.work_dir, args.iters)
