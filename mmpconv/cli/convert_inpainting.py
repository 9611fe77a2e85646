"""``mmpconv convert-inpainting``: checkpoints of other PConv networks to ones of this package."""
import argparse
from pathlib import Path

DESCRIPTION = 'Turn a checkpoint of another PConv network into one of PConvInpaintor, which computes the same.'
EXAMPLES = """\
mmpconv convert-inpainting 1000000.pth pconv.pth
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('source', type=Path, help="checkpoint of SunnerLi/P-Conv (PartialUNet or UNet), or of "
                        'naoto0804/pytorch-inpainting-with-partial-conv')
    parser.add_argument('target', type=Path, help='file to write')
    parser.add_argument('--force', action='store_true', help='replace the target if it is there')


def run(args: argparse.Namespace) -> None:
    from mmpconv.checkpoints.inpainting_keys import CONFIGS, config_options, convert_file

    network = convert_file(args.source, args.target, args.force)
    print(f'{len(network.weights)} weights of {network.origin} written to {args.target}\n'
          f'config: {CONFIGS[network.origin]}')
    if options := config_options(network):
        print(f'with --cfg-options {" ".join(options)}')
