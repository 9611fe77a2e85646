"""``mmpconv compare-padding``: train networks with several paddings and compare them."""
import argparse
from pathlib import Path

from .arguments import check_jobs

DESCRIPTION = """\
Train networks with several paddings and seeds, and compare their scores. Without arguments: small networks on
handwritten digits. Started again, it continues.
"""
EXAMPLES = """\
mmpconv compare-padding --list
mmpconv compare-padding photos64 --networks resnet18 --paddings zero partial --seeds 3
mmpconv compare-padding my_config.py --paddings zero partial --seeds 3
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        'comparison', nargs='?', metavar='COMPARISON', help='name of a ready one; a config of your own, of which those '
        'with other paddings are made; or the path of several configs, with {network} and {padding} in it; default: '
        'digits')
    parser.add_argument('--list', action='store_true', help='show the ready comparisons and exit')
    parser.add_argument('--networks', nargs='+', metavar='NAME', help='what {network} stands for; default: all of a '
                        'ready comparison')
    parser.add_argument('--paddings', nargs='+', metavar='NAME', help="what {padding} stands for; one is 'zero'; "
                        'default: zero partial reflect replicate, or those of a ready comparison')
    parser.add_argument('--seeds', type=int, default=5, metavar='N', help='runs of each, with seeds 0 to N - 1; '
                        'default: 5')
    parser.add_argument('--metric', help='name of the score in the log, the more the better; default: that of a ready '
                        "comparison, accuracy/top1 or mIoU by a config's own metric, otherwise accuracy/top1")
    parser.add_argument('--further', nargs='*', metavar='NAME', help='other scores in the log that the report has; '
                        'default: those of a ready comparison')
    parser.add_argument('--shifts', nargs='*', type=int, metavar='PIXELS', help='also score each trained classifier on '
                        'crops that are moved this far from the centre; default: those of a ready comparison')
    parser.add_argument('--work-dir', type=Path, metavar='FOLDER', help='where everything goes; default: '
                        'work_dirs/compare_padding, with -NAME for others than the digits')
    parser.add_argument('--jobs', type=int, metavar='N', help='runs at a time; default: one a core, or one on a '
                        'machine with GPUs')
    parser.add_argument('--gpus', type=int, default=1, metavar='N', help='GPUs (or processes) of each run; default: 1')
    parser.add_argument('--cfg-options', nargs='+', default=[], metavar='KEY=VALUE', help='change entries of all '
                        'configs, as mmpconv train does')
    parser.add_argument('--page', type=Path, help='write the results into this Markdown file too, between its two '
                        'marks, and CSV and pictures to the folder benchmarks beside it')


def run(args: argparse.Namespace) -> int | None:
    from mmpconv.analysis.padding_comparison.compare import compare
    from mmpconv.analysis.padding_comparison.plan import listing

    if args.list:
        print(listing())
        return None
    check_jobs(args.jobs)
    return compare(args)
