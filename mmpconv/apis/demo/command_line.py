"""The command line of the demo."""
import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import mmpconv.registry  # noqa: F401  (before anything of MMagic)
from mmpconv.apis.inpainter import Inpainter
from mmpconv.engine.files import load_config
from mmpconv.errors import user_errors
from mmpconv.photos.png_file import encode_png
from mmpconv.whole_files import write_bytes

from .comparison import draw, table
from .damage import Damaged, damaged_photos
from .photos import write_photos

CONFIG = 'mmpconv::oriented_unet/oriented-unet_demo_1xb4_photos-128x128.py'
BASELINES = ('telea', 'oriented')


def build_parser(prog: str = 'mmpconv demo') -> argparse.ArgumentParser:
    """The arguments."""
    parser = argparse.ArgumentParser(
        prog=prog, description='Fill photos with the network of the package, then train it on with other photos, test '
        'it, and fill the same photos again: about two minutes on 2 CPU cores, the first picture after seconds.',
        epilog=f'examples:\n  {prog}\n  {prog} --iters 50 --work-dir try',
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/demo'), metavar='FOLDER',
                        help='where everything goes; default: work_dirs/demo')
    parser.add_argument('--iters', type=int, metavar='N', help='training iterations; default: 200')
    return parser


def main(argv: Sequence[str] | None = None, prog: str = 'mmpconv demo') -> None:
    """Run the demo.

    Args:
        argv: Arguments after the program's name. Defaults to those of this process.
        prog: How the program is called in its help.
    """
    parser = build_parser(prog)
    args = parser.parse_args(argv)
    if args.iters is not None and args.iters < 1:
        parser.error(f'--iters is {args.iters} but must be at least 1')
    with user_errors():
        damaged = damaged_photos()
        filled = _fill_at_once(damaged, args.work_dir)
        trained = _train_on(args.work_dir, args.iters)
        _compare(damaged, filled, trained, args.work_dir)


def _fill_at_once(damaged: list[Damaged], work_dir: Path) -> list[np.ndarray]:
    inpainter = Inpainter()
    start = time.perf_counter()
    filled = [inpainter(one.photo, one.hole) for one in damaged]
    seconds = time.perf_counter() - start
    picture = work_dir / 'demo.png'
    for folder in ('damaged', 'masks', 'filled'):
        (work_dir / folder).mkdir(parents=True, exist_ok=True)
    for one, result in zip(damaged, filled):
        for folder, image in (('damaged', one.photo[..., ::-1]), ('masks', one.hole * np.uint8(255)),
                              ('filled', result[..., ::-1])):
            write_bytes(work_dir / folder / f'{one.kind}.png', encode_png(image))
    draw(damaged, {'filled': filled}, picture)
    print(f'{len(filled)} photos were filled in {seconds:.1f} s by the network of the package, which has seen none of '
          f'them; look at {picture}', flush=True)
    return filled


def _train_on(work_dir: Path, iterations: int | None) -> Path:
    """Test the network of the package, train it on, test it again; returns the checkpoint."""
    photos = work_dir / 'photos'
    write_photos(photos)
    options = [f'{loader}_dataloader.dataset.data_root={photos}' for loader in ('train', 'val', 'test')]
    config = load_config(CONFIG)
    iterations = iterations or config.train_cfg.max_iters
    options += [f'train_cfg.max_iters={iterations}', f'param_scheduler.0.T_max={iterations}',
                f'train_cfg.val_interval={iterations}', f'default_hooks.checkpoint.interval={iterations}']
    checkpoint = work_dir / f'iter_{iterations}.pth'
    before, after = work_dir / 'metrics_before.json', work_dir / 'metrics.json'

    print(f'\ntraining it on for {iterations} iterations, on 4 other photos, by mmpconv train; testing it before and '
          'after by mmpconv test: about two minutes on 2 CPU cores', flush=True)
    _mmpconv('test', config.load_from, work_dir / 'before', options, before)
    _mmpconv('train', None, work_dir, options)
    _mmpconv('test', checkpoint, work_dir / 'after', options, after)
    metrics = [json.loads(file.read_text()) for file in (before, after)]
    told = ', '.join(f'{name} {metrics[0][name]:.3f} -> {metrics[1][name]:.3f}' for name in sorted(metrics[0]))
    print(f'\nbefore -> after, on tiles of the photos that were filled: {told}')
    return checkpoint


def _compare(damaged: list[Damaged], filled: list[np.ndarray], checkpoint: Path, work_dir: Path) -> None:
    fillings = {}
    for name in BASELINES:
        baseline = Inpainter(name)
        fillings[name] = [baseline(one.photo, one.hole) for one in damaged]
    inpainter = Inpainter(checkpoint=checkpoint)
    fillings['network, before'] = filled
    fillings['network, after'] = [inpainter(one.photo, one.hole) for one in damaged]
    picture = work_dir / 'before_after.png'
    draw(damaged, fillings, picture)
    print(f'\nPSNR of the holes in dB (more is better), at full resolution:\n\n{table(damaged, fillings)}\n')
    for name, path in (('first picture', work_dir / 'demo.png'), ('before, after', picture),
                       ('checkpoint', checkpoint), ('metrics', work_dir / 'metrics.json')):
        print(f'{name:<15}{path}')
    print('\nYour photos: mmpconv inpaint PHOTO MASK -o FILLED')


def _mmpconv(command: str, checkpoint: str | Path | None, work_dir: Path, options: Sequence[str],
             out: Path | None = None) -> None:
    """Run a command of mmpconv as a user would, but without its log; stop with its status if it fails."""
    arguments = [command, CONFIG] + ([checkpoint] if checkpoint else []) + ['--work-dir', work_dir]
    arguments += ['--out', out] if out else []
    arguments += ['--cfg-options', *options, 'log_level=ERROR']
    status = subprocess.run([sys.executable, '-m', 'mmpconv', *map(str, arguments)]).returncode
    if status:
        sys.exit(status)
