"""``mmpconv make-benchmark``: freeze photos, windows and masks to files."""
import argparse
import sys
from pathlib import Path

from mmpconv.errors import INTERRUPTED, LaunchError, disk_sentence

from .arguments import check_jobs

DESCRIPTION = """\
Freeze photos, windows and masks to files, so that everybody scores the same. The same photos, masks and options give
the same files on every machine."""
EXAMPLES = """\
mmpconv make-benchmark data/photos/val data/benchmarks/photos-128 --masks occlusion --per-bin 10 --size 128 128
mmpconv make-benchmark --verify data/benchmarks/photos-128
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('images', nargs='?', type=Path, metavar='IMAGES', help='folder of the photos, searched '
                        'recursively')
    parser.add_argument('out', nargs='?', type=Path, metavar='OUT', help='the folder to write; its name is the name of '
                        'the benchmark')
    parser.add_argument('--masks', metavar='SOURCE', help='folder of mask pictures (white = hole), or one of '
                        'occlusion, irregular, strokes, lama-thin, lama-medium, lama-thick, boxes')
    parser.add_argument('--per-bin', type=int, metavar='N', help='samples of each bin, and of each kind of border')
    parser.add_argument('--size', type=int, nargs=2, default=[256, 256], metavar=('H', 'W'), help='height and width of '
                        'all samples in pixels; default: 256 256')
    parser.add_argument('--seed', type=int, default=0, help='of all choices; default: 0')
    parser.add_argument('--list', type=Path, metavar='FILE', help='use these photos only: a text file with one a '
                        'line, relative to IMAGES')
    parser.add_argument('--crop', choices=['center', 'random'], default='center', help='where the window of a '
                        'photo is; it is as large as possible; default: center')
    parser.add_argument('--bins', type=float, nargs='+', metavar='EDGE', help='edges of the hole-ratio bins; the upper '
                        'edge belongs to a bin; default: 0.01 0.1 0.2 0.3 0.4 0.5 0.6')
    parser.add_argument('--border', choices=['both', 'off', 'on', 'paper'], default='both', help='holes off the '
                        'border, on it (touching the outermost pixels), N of each (both, the default), or the '
                        "paper's two: N unrestricted ones and N that keep a tenth of the shorter side off the border "
                        '(paper)')
    parser.add_argument('--invert-masks', action='store_true', help='black is the hole in the folder of masks')
    parser.add_argument('--reuse-masks', action='store_true', help='where a folder has too few masks of a bin, use '
                        'them again, mirrored')
    parser.add_argument('--jobs', type=int, metavar='N', help='threads; default: one a core')
    parser.add_argument('--force', action='store_true', help='replace OUT if it is a benchmark')
    parser.add_argument('--verify', type=Path, metavar='BENCHMARK', help='make nothing, but hash all photos and masks '
                        'of this benchmark, and name what differs; IMAGES, if the photos are elsewhere')


def run(args: argparse.Namespace) -> None:
    check_jobs(args.jobs)
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
    for option, value, least in (('--per-bin', args.per_bin, 1), ('--size', min(args.size), 16),
                                 ('--seed', args.seed, 0)):
        if value < least:
            raise LaunchError(f'{option} is {value} but must be at least {least}')
    if args.masks in GENERATORS and (args.invert_masks or args.reuse_masks):
        raise LaunchError(f'--invert-masks and --reuse-masks are for a folder of masks, but --masks is {args.masks}; '
                          f'leave them out, or write ./{args.masks} for a folder of this name')
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
    from mmpconv.benchmark.making.make import differences
    from mmpconv.benchmark.making.photos import itemised

    benchmark, found = differences(args.verify, args.images, args.jobs)
    if found:
        raise LaunchError(f'{args.verify} is not what it was when it was made: {len(found)} files differ; put the '
                          f'originals back, or make it anew:{itemised(found)}')
    print(f'{args.verify}: {len(benchmark.samples)} samples, all photos and masks are as they were, fingerprint '
          f'{benchmark.sha256[:16]}')
