"""``mmpconv publish``: write the network of a training as a small file to hand on."""
import argparse
from pathlib import Path

DESCRIPTION = 'Write the network of a training as a small .safetensors file.'
EXAMPLES = """\
mmpconv publish work_dirs/mine/iter_40000.pth mine.safetensors --note 'trained on photos of trees'
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('checkpoint', help='that mmpconv train has written')
    parser.add_argument('target', type=Path, help='.safetensors file to write')
    parser.add_argument('--note', default='', help='a line on where the weights come from, for the header of the file')


def run(args: argparse.Namespace) -> None:
    from mmpconv.apis.publish_model import publish

    digest = publish(args.checkpoint, args.target, args.note)
    print(f'{args.target}: {args.target.stat().st_size / 1e6:.1f} MB, sha256 {digest}')
