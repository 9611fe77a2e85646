"""Frozen benchmarks: ``make-benchmark``, which freezes photos and masks, and ``benchmark``, which compares methods."""
import argparse
import sys
from pathlib import Path

from mmpconv.errors import INTERRUPTED, LaunchError, disk_sentence
from mmpconv.whole_files import locked

from .arguments import add_cfg_options, refuse, require_at_least

TOOL = 'tools/benchmark.py'  # in the marks of pages
# None tells an option that is not given from one that --verify has no use for.
_DEFAULTS = dict(size=[256, 256], seed=0, crop='center', border='both')


def make_benchmark_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('images', nargs='?', type=Path, metavar='IMAGES', help='folder of the photos, searched '
                        'recursively')
    parser.add_argument('out', nargs='?', type=Path, metavar='OUT', help='the folder to write; its name is the name of '
                        'the benchmark')
    parser.add_argument('--masks', metavar='SOURCE', help='folder of mask pictures (white = hole), or one of '
                        'occlusion, irregular, strokes, lama-thin, lama-medium, lama-thick, boxes')
    parser.add_argument('--per-bin', type=int, metavar='N', help='samples of each bin, and of each kind of border')
    parser.add_argument('--size', type=int, nargs=2, metavar=('H', 'W'), help='height and width of all samples in '
                        'pixels; default: 256 256')
    parser.add_argument('--seed', type=int, help='of all choices; default: 0')
    parser.add_argument('--list', type=Path, metavar='FILE', help='use these photos only: a text file with one a '
                        'line, relative to IMAGES')
    parser.add_argument('--crop', choices=['center', 'random'], help='where the window of a photo is; it is as large '
                        'as possible; default: center')
    parser.add_argument('--bins', type=float, nargs='+', metavar='EDGE', help='edges of the hole-ratio bins; the upper '
                        'edge belongs to a bin; default: 0.01 0.1 0.2 0.3 0.4 0.5 0.6')
    parser.add_argument('--border', choices=['both', 'off', 'on', 'paper'], help='holes off the border, on it '
                        "(touching the outermost pixels), N of each (both, the default), or the paper's two: N "
                        'unrestricted ones and N that keep a tenth of the shorter side off the border (paper)')
    parser.add_argument('--invert-masks', action='store_true', help='black is the hole in the folder of masks')
    parser.add_argument('--reuse-masks', action='store_true', help='where a folder has too few masks of a bin, use '
                        'them again, mirrored')
    parser.add_argument('--jobs', type=int, metavar='N', help='threads; default: one a core')
    parser.add_argument('--force', action='store_true', help='replace OUT if it is a benchmark')
    parser.add_argument('--verify', type=Path, metavar='BENCHMARK', help='make nothing, but hash all photos and masks '
                        'of this benchmark, and name what differs; IMAGES, if the photos are elsewhere')


def make_benchmark(args: argparse.Namespace) -> None:
    """Freeze photos, windows and masks to files, so that everybody scores the same. The same photos, masks and options
    give the same files on every machine.

    mmpconv make-benchmark data/photos/val data/benchmarks/photos-128 --masks occlusion --per-bin 10 --size 128 128
    mmpconv make-benchmark --verify data/benchmarks/photos-128
    """
    require_at_least(args, jobs=1)
    try:
        (_make if args.verify is None else _verify)(args)
    except OSError as error:
        raise LaunchError(disk_sentence(error)) from error
    except KeyboardInterrupt:
        print('interrupted: no part of a benchmark was written; the same command makes it', file=sys.stderr)
        sys.exit(INTERRUPTED)


def _make(args: argparse.Namespace) -> None:
    from mmpconv.benchmark.making.make import BenchmarkSettings, make
    from mmpconv.benchmark.making.masks import GENERATORS, mask_classes
    from mmpconv.datasets.frozen_benchmark import FrozenBenchmark
    from mmpconv.evaluation.hole_bins import BIN_EDGES

    missing = [name for name, value in (('IMAGES', args.images), ('OUT', args.out), ('--masks', args.masks),
                                        ('--per-bin', args.per_bin)) if value is None]
    if missing:
        raise LaunchError(f'{", ".join(missing)} is not given; for example: mmpconv make-benchmark data/photos '
                          'data/benchmarks/photos-256 --masks occlusion --per-bin 100')
    for name, value in _DEFAULTS.items():
        if getattr(args, name) is None:
            setattr(args, name, value)
    require_at_least(args, per_bin=1, seed=0)
    if min(args.size) < 16:
        raise LaunchError(f'--size is {min(args.size)} but must be at least 16')
    if args.masks in GENERATORS:
        refuse(f'is for a folder of masks, but --masks is {args.masks}; leave it out, or write ./{args.masks} for a '
               'folder of this name', invert_masks=args.invert_masks, reuse_masks=args.reuse_masks)
    photos = make(BenchmarkSettings(
        args.images, args.list, args.out, args.masks, args.invert_masks, args.reuse_masks,
        mask_classes(args.bins or BIN_EDGES, args.border), args.per_bin, tuple(args.size), args.crop, args.seed,
        args.jobs, args.force))
    benchmark = FrozenBenchmark(args.out)
    used = len({sample.image for sample in benchmark.samples})
    print(f'{args.out}: {len(benchmark.samples)} samples of {benchmark.size[0]} x {benchmark.size[1]} in '
          f'{len(benchmark.bins)} bins, {used} of {len(photos)} photos, fingerprint {benchmark.sha256[:16]}\n'
          f"Test on it with: test_dataloader = dict(dataset=dict(_delete_=True, type='InpaintingBenchmark', "
          f"benchmark='{args.out}'))")


def _verify(args: argparse.Namespace) -> None:
    if args.out:
        raise LaunchError(f'--verify writes nothing, but OUT is given: {args.out}; leave it out')
    making = ('masks', 'per_bin', 'list', 'bins', 'invert_masks', 'reuse_masks', 'force', *_DEFAULTS)
    refuse('is for making a benchmark, and --verify makes none; leave one of them out',
           **{name: getattr(args, name) for name in making})
    from mmpconv.benchmark.making.make import differences
    from mmpconv.benchmark.making.photos import itemised

    benchmark, found = differences(args.verify, args.images, args.jobs)
    if found:
        raise LaunchError(f'{args.verify} is not what it was when it was made: {len(found)} files differ; put the '
                          f'originals back, or make it anew:{itemised(found)}')
    print(f'{args.verify}: {len(benchmark.samples)} samples, all photos and masks are as they were, fingerprint '
          f'{benchmark.sha256[:16]}')


def benchmark_arguments(parser: argparse.ArgumentParser) -> None:
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
    parser.add_argument('--lpips-net', metavar='NAME', help='its network: alex, vgg or squeeze; default: alex')
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


def benchmark(args: argparse.Namespace) -> None:
    """Score methods of inpainting on a frozen benchmark. Started again, it continues.

    mmpconv benchmark data/benchmarks/photos-128 mean telea navier-stokes biharmonic
    mmpconv benchmark data/benchmarks/photos-128 mean pconv=CONFIG.py:CHECKPOINT.pth --lpips
    mmpconv benchmark data/benchmarks/photos-128 telea LaMa=FOLDER/OF/RESULTS
    """
    from mmpconv.benchmark.compare import Comparison
    from mmpconv.benchmark.methods import parse_methods
    from mmpconv.benchmark.network import Network, device_for
    from mmpconv.benchmark.score import Perception
    from mmpconv.datasets.frozen_benchmark import FrozenBenchmark
    from mmpconv.photos import UnreadableImageError
    from mmpconv.reports import publish, require_marks

    require_at_least(args, batch_size=1, jobs=1, cases=0)
    if not args.lpips:
        refuse('is for --lpips, which is not given', lpips_net=args.lpips_net, lpips_backbone=args.lpips_backbone)
    if not args.fid:
        refuse('is for --fid, which is not given', fid_weights=args.fid_weights)
    if args.page:
        require_marks(args.page, TOOL)
    device = device_for(args.device)
    methods = parse_methods(args.methods, device, args.cfg_options)
    if not any(isinstance(method, Network) for method in methods):
        refuse('changes configs, but no method is of the form CONFIG:CHECKPOINT', cfg_options=args.cfg_options)
    benchmark = FrozenBenchmark(args.benchmark, args.image_root)
    work_dir = args.work_dir or Path('work_dirs/benchmark') / benchmark.name
    with locked(work_dir, 'another comparison'):
        comparison = Comparison(
            benchmark, methods, work_dir, Perception(
                device, dict(net=args.lpips_net or 'alex', backbone=args.lpips_backbone) if args.lpips else None,
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
