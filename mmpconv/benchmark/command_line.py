"""The command line of ``tools/benchmark.py``."""
import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from mmengine.config import DictAction

from mmpconv.datasets.frozen_benchmark import BenchmarkError, FrozenBenchmark
from mmpconv.environment import usable_cores
from mmpconv.errors import INTERRUPTED, LaunchError, termination_as_interrupt, user_errors
from mmpconv.evaluation.image_metrics import IMAGE_METRICS
from mmpconv.evaluation.results_page import publish, require_marks
from mmpconv.photos import UnreadableImageError
from mmpconv.whole_files import locked

from .method import Method
from .method_names import HELP, parse_methods
from .perception import Perception
from .report import write_report
from .results import Results
from .run import resources_for, score_all
from .score_file import ScoreFile

TOOL = 'tools/benchmark.py'


def build_parser(prog: str = 'benchmark.py') -> argparse.ArgumentParser:
    """The arguments."""
    parser = argparse.ArgumentParser(
        prog=prog, description='Score methods of inpainting on a frozen benchmark. Started again, it continues.',
        epilog=f'examples:\n  {prog} data/benchmarks/photos-128 mean telea navier-stokes biharmonic\n'
        f'  {prog} data/benchmarks/photos-128 mean pconv=CONFIG.py:CHECKPOINT.pth --lpips',
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('benchmark', metavar='BENCHMARK', help='a folder that tools/make_benchmark.py has made')
    parser.add_argument('methods', nargs='+', metavar='METHOD', help=HELP)
    parser.add_argument('--work-dir', type=Path, metavar='FOLDER', help='where everything goes; default: '
                        'work_dirs/benchmark/NAME-OF-THE-BENCHMARK')
    parser.add_argument('--image-root', metavar='FOLDER', help='where the photos are, if not where they were when the '
                        'benchmark was made')
    parser.add_argument('--device', choices=['auto', 'cpu', 'cuda'], default='auto', help='where networks run; '
                        'default: on a GPU if there is one')
    parser.add_argument('--batch-size', type=int, default=8, metavar='N', help='samples that a network fills at a '
                        'time; default: 8')
    parser.add_argument('--jobs', type=int, default=usable_cores(), metavar='N', help='processes for methods that are '
                        'no networks; default: one a core')
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
    parser.add_argument('--restart', action='store_true', help='compute again what earlier runs have left')
    parser.add_argument('--page', type=Path, metavar='FILE', help='write the table into this Markdown file too, '
                        'between its two marks, and table and plot to the folder benchmarks beside it')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, default={}, metavar='KEY=VALUE',
                        help='change entries of all configs, as of test.py')
    return parser


def main(argv: Sequence[str] | None = None, prog: str = 'benchmark.py') -> None:
    """Compare as the command line says.

    Args:
        argv: Arguments after the program's name. Defaults to those of this process.
        prog: How the program is called in its help.
    """
    args = build_parser(prog).parse_intermixed_args(argv)
    with user_errors(), _data_errors():
        for name, least in (('batch_size', 1), ('jobs', 1), ('cases', 0)):
            if getattr(args, name) < least:
                raise LaunchError(f'--{name.replace("_", "-")} is {getattr(args, name)} but must be at least {least}')
        if args.page:
            require_marks(args.page, TOOL)
        device = _device(args.device)
        benchmark = FrozenBenchmark(args.benchmark, args.image_root)
        methods = parse_methods(args.methods, device, args.cfg_options)
        work_dir = args.work_dir or Path('work_dirs/benchmark') / benchmark.name
        with locked(work_dir, 'another comparison'):
            _compare(args, benchmark, methods, device, work_dir)


def _compare(args: argparse.Namespace, benchmark: FrozenBenchmark, methods: Sequence[Method], device: str,
             work_dir: Path) -> None:
    perception = Perception(
        work_dir, device, dict(net=args.lpips_net, backbone=args.lpips_backbone) if args.lpips else None,
        dict(weights=args.fid_weights) if args.fid else None)
    perception.check(benchmark)
    files = [ScoreFile(work_dir / 'methods', method.name, [*IMAGE_METRICS, *perception.metrics]) for method in methods]
    try:
        with termination_as_interrupt():
            for method, file in zip(methods, files):
                file.check(dict(benchmark_sha256=benchmark.sha256, **method.check(benchmark), **perception.settings),
                           [sample.id for sample in benchmark.samples], args.restart)
            with resources_for(methods, benchmark, device, args.batch_size, args.jobs) as resources:
                score_all(methods, files, benchmark, perception, resources)
                results = Results({file.name: file.rows for file in files}, benchmark.bins,
                                  perception.fid([method.name for method in methods], benchmark),
                                  {sample.id: sample.split for sample in benchmark.samples if sample.split})
                text = write_report(work_dir, results, benchmark, methods, files, resources, args.cases)
    except KeyboardInterrupt:
        done = sum(len(file.rows) for file in files)
        print(f'interrupted: {done} of {len(methods) * len(benchmark.samples)} results are scored; the same command '
              'continues', file=sys.stderr)
        sys.exit(INTERRUPTED)
    if args.page:
        publish(args.page, TOOL, f'{text}\n![Scores](benchmarks/{args.page.stem}.png)', work_dir / 'table.csv',
                work_dir / 'plots/overview.png')
    print(f'\n{text}')
    for name, file in (('page', 'index.html'), ('table', 'table.md'), ('scores', 'per_image.csv')):
        print(f'{name:<8}{work_dir / file}')


def _device(name: str) -> str:
    if name == 'cuda' and not torch.cuda.is_available():
        raise LaunchError('--device is cuda, but torch finds no GPU here; leave it out, or give --device cpu')
    return 'cuda' if name == 'cuda' or (name == 'auto' and torch.cuda.is_available()) else 'cpu'


@contextmanager
def _data_errors() -> Iterator[None]:
    """What is wrong with a benchmark or its photos is for the user to act on."""
    try:
        yield
    except (BenchmarkError, UnreadableImageError) as error:
        raise LaunchError(str(error)) from error
