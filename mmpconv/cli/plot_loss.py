"""``mmpconv plot-loss``: draw the losses of trainings."""
import argparse
from pathlib import Path

from mmpconv.errors import LaunchError

DESCRIPTION = 'Draw the losses of trainings, a panel for each term.'
EXAMPLES = """\
mmpconv plot-loss work_dirs/mine
mmpconv plot-loss work_dirs/mine work_dirs/other --smooth 20 --log -o losses.png
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('runs', type=Path, nargs='+', metavar='RUN', help='work dir of a training, its losses.csv, or '
                        'a vis_data/scalars.json')
    parser.add_argument('--smooth', type=int, default=1, metavar='N', help='draw the running mean of N logged values, '
                        'and the values themselves faintly (default: 1, the values)')
    parser.add_argument('--log', action='store_true', help='logarithmic losses')
    parser.add_argument('-o', '--out', type=Path, default=Path('work_dirs/losses.png'), metavar='FILE',
                        help='picture to write (default: work_dirs/losses.png)')


def run(args: argparse.Namespace) -> None:
    from mmpconv.analysis.logs import named_runs, read_losses
    from mmpconv.analysis.loss_curves import draw, summary
    from mmpconv.reports import require_picture, save

    if args.smooth < 1:
        raise LaunchError(f'--smooth is {args.smooth} but must be a number of values, at least 1')
    require_picture(args.out)
    runs = {name: read_losses(path) for name, path in named_runs(args.runs).items()}
    save(draw(runs, args.smooth, args.log), args.out, dpi=100)
    print(summary(runs))
    print(f'\npicture: {args.out}')
