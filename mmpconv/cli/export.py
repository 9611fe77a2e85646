"""The command line of ``mmpconv export``."""
import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from mmpconv.apis import DEFAULT_MODEL
from mmpconv.apis.export import OPSET, export_onnx, export_program, table_of
from mmpconv.errors import LaunchError, user_errors

_FORMATS = {'.onnx': ('ONNX Runtime', f'ONNX, opset {OPSET}', export_onnx),
            '.pt2': ('The exported program', 'torch.export', export_program)}


def build_parser(prog: str = 'mmpconv export') -> argparse.ArgumentParser:
    """The arguments."""
    parser = argparse.ArgumentParser(
        prog=prog, description='Write a trained inpainting network, with all that it needs to fill holes in pictures '
        'of any size, as one file that runs without this package.',
        epilog=f'examples:\n  {prog} -o network.onnx\n'
        f'  {prog} CONFIG.py CHECKPOINT.pth -o pconv.pt2\n  {prog} work_dirs/mine/iter_400.pth -o mine.onnx',
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', nargs='?', metavar='CONFIG', help="a config file, 'package::path' for a config "
                        'that an installed MM* package ships, or the name of a config that mmpconv ships; or a '
                        f'checkpoint that holds its own config. Default: {DEFAULT_MODEL}, whose weights are in the '
                        'package')
    parser.add_argument('checkpoint', nargs='?', metavar='CHECKPOINT', help='a checkpoint file, or the URL of one; '
                        'default: the published weights of a shipped config')
    parser.add_argument('-o', '--out', required=True, type=Path, metavar='FILE', help='the file: .onnx for ONNX '
                        'Runtime and others, .pt2 for torch.export')
    return parser


def main(argv: Sequence[str] | None = None, prog: str = 'mmpconv export') -> None:
    """Export as the command line says.

    Args:
        argv: Arguments after the program's name. Defaults to those of this process.
        prog: How the program is called in its help.
    """
    args = build_parser(prog).parse_args(argv)
    with user_errors():
        suffix = args.out.suffix.lower()
        if suffix not in _FORMATS:
            raise LaunchError(f'--out is {args.out} but must end in {" or ".join(_FORMATS)}, which says the format')
        runtime, file_format, export = _FORMATS[suffix]
        comparisons = export(args.config or DEFAULT_MODEL, args.checkpoint, args.out)
        Console().print(table_of(comparisons, runtime))
        print(f'Written: {args.out} ({file_format}, {args.out.stat().st_size / 2**20:.1f} MiB)')
