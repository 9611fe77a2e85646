"""The command line of the demo."""
import argparse
import json
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import mmpconv.registry  # noqa: F401  (before anything of MMagic)
from mmpconv.engine.files import load_config
from mmpconv.errors import user_errors

from .examples import comparison, draw_examples, mean_color_metrics
from .one_photo import fill_one_photo
from .photos import write_photos

NAME = 'pconv_demo_1xb8_photos-128x128'
CONFIG = f'mmpconv::partial_conv/{NAME}.py'


def build_parser(prog: str = 'demo.py') -> argparse.ArgumentParser:
    """The arguments."""
    parser = argparse.ArgumentParser(
        prog=prog, description='Train a small PConv on photos, test it, draw what it does, and fill a photo with it: '
        'about two minutes on 2 CPU cores.', epilog=f'examples:\n  {prog}\n  {prog} --iters 50 --work-dir try',
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/demo'), metavar='FOLDER',
                        help='where everything goes; default: work_dirs/demo')
    parser.add_argument('--iters', type=int, metavar='N', help='training iterations; default: 400')
    return parser


def main(argv: Sequence[str] | None = None, prog: str = 'demo.py') -> None:
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
        _run(args.work_dir, args.iters)


def _run(work_dir: Path, iterations: int | None) -> None:
    photos, metrics_file, picture = work_dir / 'photos', work_dir / 'metrics.json', work_dir / 'demo.png'
    write_photos(photos)
    options = [f'{loader}_dataloader.dataset.data_root={photos}' for loader in ('train', 'val', 'test')]
    if iterations:
        options += [f'train_cfg.max_iters={iterations}', f'param_scheduler.T_max={iterations}',
                    f'train_cfg.val_interval={iterations}', f'default_hooks.checkpoint.interval={iterations}']
    config = load_config(CONFIG)
    config.merge_from_dict(dict(option.split('=', 1) for option in options))
    checkpoint = work_dir / f'iter_{int(config.train_cfg.max_iters)}.pth'

    _mmpconv('train', CONFIG, '--work-dir', work_dir, '--cfg-options', *options)
    _mmpconv('test', CONFIG, checkpoint, '--work-dir', work_dir, '--out', metrics_file, '--cfg-options', *options)
    baseline_file = work_dir / 'mean_color/metrics.json'
    mean_color_metrics(config, baseline_file)
    draw_examples(config, checkpoint, picture)
    fill_one_photo(work_dir, NAME, checkpoint)

    metrics, baseline = (json.loads(file.read_text()) for file in (metrics_file, baseline_file))
    print('\nHoles in photos that were not trained on (MAE in % of the range, over the hole: less is better; '
          f'PSNR in dB and SSIM: more is better):\n\n{comparison(metrics, baseline)}\n')
    filled = work_dir / 'filled.png'
    for name, path in (('picture', picture), ('checkpoint', checkpoint), ('metrics', metrics_file),
                       ('photos', photos), ('filled', filled)):
        print(f'{name:<11}{path}')
    command = ['mmpconv', 'inpaint', work_dir / 'photo.png', work_dir / 'mask.png', '-o', filled, '--model', NAME,
               '--checkpoint', checkpoint]
    print(f'\nThe photo was filled as by this command, which fills yours too:\n\n  {shlex.join(map(str, command))}')


def _mmpconv(*arguments) -> None:
    """Run a command of mmpconv as a user would; stop with its status if it fails."""
    status = subprocess.run([sys.executable, '-m', 'mmpconv', *map(str, arguments)]).returncode
    if status:
        sys.exit(status)
