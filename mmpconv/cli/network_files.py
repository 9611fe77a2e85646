"""Networks in files: ``export``, ``publish``, ``convert-inpainting`` and ``convert-keys``."""
import argparse
from pathlib import Path

from mmpconv.apis import DEFAULT_MODEL
from mmpconv.errors import LaunchError


def export_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('config', nargs='?', metavar='CONFIG', help="a config file, 'package::path' for a config "
                        'that an installed MM* package ships, or the name of a config that mmpconv ships; or a '
                        f'checkpoint that holds its own config. Default: {DEFAULT_MODEL}, whose weights are in the '
                        'package')
    parser.add_argument('checkpoint', nargs='?', metavar='CHECKPOINT', help='a checkpoint file, or the URL of one; '
                        'default: the published weights of a shipped config')
    parser.add_argument('-o', '--out', required=True, type=Path, metavar='FILE', help='the file: .onnx for ONNX '
                        'Runtime and others, .pt2 for torch.export')


def export(args: argparse.Namespace) -> None:
    """Write a trained inpainting network, with all that it needs to fill holes in pictures of any size, as one file
    that runs without this package.

    mmpconv export -o network.onnx
    mmpconv export CONFIG.py CHECKPOINT.pth -o pconv.pt2
    mmpconv export work_dirs/mine/iter_400.pth -o mine.onnx
    """
    from rich.console import Console

    from mmpconv.apis.export import OPSET, export_onnx, export_program, table_of

    formats = {'.onnx': ('ONNX Runtime', f'ONNX, opset {OPSET}', export_onnx),
               '.pt2': ('The exported program', 'torch.export', export_program)}
    suffix = args.out.suffix.lower()
    if suffix not in formats:
        raise LaunchError(f'--out is {args.out} but must end in {" or ".join(formats)}, which says the format')
    runtime, file_format, write = formats[suffix]
    comparisons = write(args.config or DEFAULT_MODEL, args.checkpoint, args.out)
    Console().print(table_of(comparisons, runtime))
    print(f'Written: {args.out} ({file_format}, {args.out.stat().st_size / 2**20:.1f} MiB)')


def publish_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('checkpoint', help='that mmpconv train has written')
    parser.add_argument('target', type=Path, help='.safetensors file to write')
    parser.add_argument('--note', default='', help='a line on where the weights come from, for the header of the file')


def publish(args: argparse.Namespace) -> None:
    """Write the network of a training as a small .safetensors file.

    mmpconv publish work_dirs/mine/iter_40000.pth mine.safetensors --note 'trained on photos of trees'
    """
    from mmpconv.apis.trained_network import publish

    digest = publish(args.checkpoint, args.target, args.note)
    print(f'{args.target}: {args.target.stat().st_size / 1e6:.1f} MB, sha256 {digest}')


def convert_inpainting_arguments(parser: argparse.ArgumentParser) -> None:
    _add_conversion(parser, 'SunnerLi/P-Conv (PartialUNet or UNet), or of naoto0804/pytorch-inpainting-with-partial-'
                    'conv')


def convert_inpainting(args: argparse.Namespace) -> None:
    """Turn a checkpoint of another PConv network into one of PConvInpaintor, which computes the same.

    mmpconv convert-inpainting 1000000.pth pconv.pth
    """
    from mmpconv.checkpoints.inpainting_keys import CONFIGS, config_options, convert_file

    network = convert_file(args.source, args.target, args.force)
    print(f'{len(network.weights)} weights of {network.origin} written to {args.target}\n'
          f'config: {CONFIGS[network.origin]}')
    if options := config_options(network):
        print(f'with --cfg-options {" ".join(options)}')


def convert_keys_arguments(parser: argparse.ArgumentParser) -> None:
    _add_conversion(parser, 'torchvision, NVIDIA/partialconv or MMPretrain')
    parser.add_argument('--to', choices=['mmpretrain', 'torchvision'], required=True, help='whose names to give')


def convert_keys(args: argparse.Namespace) -> None:
    """Give the weights of a checkpoint the names of another library: ResNet 18 to 152 and VGG 11 to 19, whatever their
    padding.

    mmpconv convert-keys pdresnet50.pth resnet50-partial.pth --to mmpretrain
    """
    from mmpconv.checkpoints.padding_keys import convert_file

    count = convert_file(args.source, args.target, args.to, args.force)
    print(f'{count} weights with the names of {args.to} written to {args.target}')


def _add_conversion(parser: argparse.ArgumentParser, origins: str) -> None:
    parser.add_argument('source', type=Path, help=f'checkpoint of {origins}')
    parser.add_argument('target', type=Path, help='file to write')
    parser.add_argument('--force', action='store_true', help='replace the target if it is there')
