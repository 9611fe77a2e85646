"""``mmpconv export``: write a trained network as an ONNX or torch.export file."""
import argparse
from pathlib import Path

from mmpconv.apis import DEFAULT_MODEL
from mmpconv.errors import LaunchError

DESCRIPTION = """\
Write a trained inpainting network, with all that it needs to fill holes in pictures of any size, as one file that
runs without this package."""
EXAMPLES = """\
mmpconv export -o network.onnx
mmpconv export CONFIG.py CHECKPOINT.pth -o pconv.pt2
mmpconv export work_dirs/mine/iter_400.pth -o mine.onnx
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('config', nargs='?', metavar='CONFIG', help="a config file, 'package::path' for a config "
                        'that an installed MM* package ships, or the name of a config that mmpconv ships; or a '
                        f'checkpoint that holds its own config. Default: {DEFAULT_MODEL}, whose weights are in the '
                        'package')
    parser.add_argument('checkpoint', nargs='?', metavar='CHECKPOINT', help='a checkpoint file, or the URL of one; '
                        'default: the published weights of a shipped config')
    parser.add_argument('-o', '--out', required=True, type=Path, metavar='FILE', help='the file: .onnx for ONNX '
                        'Runtime and others, .pt2 for torch.export')


def run(args: argparse.Namespace) -> None:
    from rich.console import Console

    from mmpconv.apis.export import OPSET, export_onnx, export_program, table_of

    formats = {'.onnx': ('ONNX Runtime', f'ONNX, opset {OPSET}', export_onnx),
               '.pt2': ('The exported program', 'torch.export', export_program)}
    suffix = args.out.suffix.lower()
    if suffix not in formats:
        raise LaunchError(f'--out is {args.out} but must end in {" or ".join(formats)}, which says the format')
    runtime, file_format, export = formats[suffix]
    comparisons = export(args.config or DEFAULT_MODEL, args.checkpoint, args.out)
    Console().print(table_of(comparisons, runtime))
    print(f'Written: {args.out} ({file_format}, {args.out.stat().st_size / 2**20:.1f} MiB)')
