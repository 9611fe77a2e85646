"""Train a small PConv on photos, test it, and draw what it does: about two minutes on 2 CPU cores.

    python tools/demo.py
"""
import argparse
import json
import subprocess
import sys
from pathlib import Path

from mmengine.config import Config

import mmpconv.registry  # noqa: F401  (before anything of MMagic)
from mmpconv.apis import demo

TOOLS = Path(__file__).parent
CONFIG = TOOLS.parent / 'configs/partial_conv/pconv_demo_1xb8_photos-128x128.py'


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/demo'), help='where everything goes')
    parser.add_argument('--iters', type=int, help='training iterations, instead of the number in the config')
    args = parser.parse_args()

    photos, metrics_file = args.work_dir / 'photos', args.work_dir / 'metrics.json'
    demo.write_photos(photos)
    options = [f'{loader}_dataloader.dataset.data_root={photos}' for loader in ('train', 'val', 'test')]
    if args.iters:
        options += [f'train_cfg.max_iters={args.iters}', f'param_scheduler.T_max={args.iters}',
                    f'train_cfg.val_interval={args.iters}', f'default_hooks.checkpoint.interval={args.iters}']
    config = Config.fromfile(CONFIG)
    config.merge_from_dict(dict(option.split('=') for option in options))
    checkpoint = args.work_dir / f'iter_{int(config.train_cfg.max_iters)}.pth'

    run('train.py', CONFIG, '--work-dir', args.work_dir, '--cfg-options', *options)
    run('test.py', CONFIG, checkpoint, '--work-dir', args.work_dir, '--out', metrics_file,
        '--cfg-options', *options)
    baseline_file = args.work_dir / 'mean_color/metrics.json'
    demo.mean_color_metrics(config, baseline_file)
    picture = args.work_dir / 'demo.png'
    demo.draw_examples(config, checkpoint, picture)

    metrics, baseline = (json.loads(file.read_text()) for file in (metrics_file, baseline_file))
    print('\nHoles in photos that were not trained on (MAE in % of the range, over the hole: less is better; '
          f'PSNR in dB and SSIM: more is better):\n\n{demo.comparison(metrics, baseline)}\n')
    for name, path in (('picture', picture), ('checkpoint', checkpoint), ('metrics', metrics_file),
                       ('photos', photos)):
        print(f'{name:<11}{path}')


def run(tool: str, *args) -> None:
    """Run a tool of this folder as a user would; stop with its status if it fails."""
    status = subprocess.run([sys.executable, TOOLS / tool, *map(str, args)]).returncode
    if status:
        sys.exit(status)


if __name__ == '__main__':
    main()
