"""``mmpconv benchmark``: compare methods of inpainting on a frozen benchmark."""
import argparse
import sys
from pathlib import Path

from mmpconv.errors import INTERRUPTED, LaunchError
from mmpconv.whole_files import locked

from .arguments import add_cfg_options

DESCRIPTION = 'Score methods of inpainting on a frozen benchmark. Started again, it continues.'
EXAMPLES = """\
mmpconv benchmark data/benchmarks/photos-128 mean telea navier-stokes biharmonic
mmpconv benchmark data/benchmarks/photos-128 mean pconv=CONFIG.py:CHECKPOINT.pth --lpips
mmpconv benchmark data/benchmarks/photos-128 telea LaMa=FOLDER/OF/RESULTS
"""
TOOL = 'tools/benchmark.py'  # in the marks of pages


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('benchmark', metavar='BENCHMARK', help='a folder that mmpconv make-benchmark has made')
    parser.add_argument('methods', nargs='+', metavar='METHOD', help='a filling without a network: mean, telea, '
                        'navier-stokes, biharmonic, pyramid, oriented; CONFIG:CHECKPOINT, an inpaintor (a config as '
                        'for test.py, and a file or URL); or FOLDER, pictures ID.png that other software has '
                        'written; NAME=... before any of them names it in the tables')
    parser.add_argument('--work-dir', type=Path, metavar='FOLDER', help='where everything goes; default: '
                        'work_dirs/benchmark/NAME-OF-THE-BENCHMARK')
    parser.add_argument('--image-root', metavar='FOLDER', help='where the photos are, if not where they were when the '
                        'benchmark was made')
    parser.add_argument('--device', choices=['auto', 'cpu', 'cuda'], default='auto', help='where networks run; '
                        'default: on a GPU if there is one')
    parser.add_argument('--batch-size', type=int, default=8, metavar='N', help='samples that a network fills at a '
                        'time; default: 8')
    parser.add_argument('--jobs', type=int, metavar='N', help='threads, in which methods that are no networks fill, '
                        'too; default: one a core')
    parser.add_argument('--lpips', action='store_true', help='score by LPIPS, too, and choose the cases by it')
    parser.add_argument('--lpips-net', default='alex', metavar='NAME', help='its network: alex, vgg or squeeze; '
                        'default: alex')
    parser.add_argument('--lpips-backbone', metavar='FILE', help="torchvision's weights of that network; default: "
                        'downloaded')
    parser.add_argument('--fid', action='store_true', help='score by FID, too; needs torch-fidelity')
    parser.add_argument('--fid-weights', metavar='FILE', help="torch-fidelity's weights of Inception; default: "
                        'downloaded')
    parser.add_argument('--cases', type=int, default=3, metavar='N', help='how many worst and how many best cases of '
                        'each method the page shows; default: 3')
    parser.add_argument('--restart', action='store_true', help='fill and score again what earlier runs have left')
    parser.add_argument('--page', type=Path, metavar='FILE', help='write the table into this Markdown file too, '
                        'between its two marks, and table and plot to the folder benchmarks beside it')
    add_cfg_options(parser, 'change entries of all configs, as in test.py')


def run(args: argparse.Namespace) -> None:
    from mmpconv.benchmark.compare import Comparison
    from mmpconv.benchmark.methods import parse_methods
    from mmpconv.benchmark.network import device_for
    from mmpconv.benchmark.score import Perception
    from mmpconv.datasets.frozen_benchmark import FrozenBenchmark
    from mmpconv.photos import UnreadableImageError
    from mmpconv.reports import publish, require_marks

    for name, least in (('batch_size', 1), ('jobs', 1), ('cases', 0)):
        value = getattr(args, name)
        if value is not None and value < least:
            raise LaunchError(f'--{name.replace("_", "-")} is {value} but must be at least {least}')
    if args.page:
        require_marks(args.page, TOOL)
    device = device_for(args.device)
    benchmark = FrozenBenchmark(args.benchmark, args.image_root)
    methods = parse_methods(args.methods, device, args.cfg_options)
    work_dir = args.work_dir or Path('work_dirs/benchmark') / benchmark.name
    with locked(work_dir, 'another comparison'):
        comparison = Comparison(
            benchmark, methods, work_dir, Perception(
                device, dict(net=args.lpips_net, backbone=args.lpips_backbone) if args.lpips else None,
                dict(weights=args.fid_weights) if args.fid else None), args.jobs, args.batch_size)
        try:
            comparison.check(args.restart)
            comparison.fill()
            text = comparison.report(comparison.score(), args.cases)
        except UnreadableImageError as error:
            raise LaunchError(str(error)) from error
        except KeyboardInterrupt:
            print(f'interrupted: {comparison.progress}; the same command continues', file=sys.stderr)
            sys.exit(INTERRUPTED)
    if args.page:
        publish(args.page, TOOL, f'{text}\n![Scores](benchmarks/{args.page.stem}.png)', work_dir / 'table.csv',
                work_dir / 'plots/overview.png')
    print(f'\n{text}')
    for name, file in (('page', 'index.html'), ('table', 'table.md'), ('scores', 'per_image.csv')):
        print(f'{name:<8}{work_dir / file}')
