"""``mmpconv convert-keys``: weights of torchvision or NVIDIA to MMPretrain's names, or back."""
import argparse
from pathlib import Path

DESCRIPTION = """\
Give the weights of a checkpoint the names of another library: ResNet 18 to 152 and VGG 11 to 19, whatever their
padding."""
EXAMPLES = """\
mmpconv convert-keys pdresnet50.pth resnet50-partial.pth --to mmpretrain
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('source', type=Path, help='checkpoint of torchvision, NVIDIA/partialconv or MMPretrain')
    parser.add_argument('target', type=Path, help='file to write')
    parser.add_argument('--to', choices=['mmpretrain', 'torchvision'], required=True, help='whose names to give')
    parser.add_argument('--force', action='store_true', help='replace the target if it is there')


def run(args: argparse.Namespace) -> None:
    from mmpconv.checkpoints.padding_keys import convert_file

    count = convert_file(args.source, args.target, args.to, args.force)
    print(f'{count} weights with the names of {args.to} written to {args.target}')
