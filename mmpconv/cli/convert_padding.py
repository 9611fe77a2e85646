"""``mmpconv convert-padding``: the padding of any model, and a config that changes it."""
import argparse

DESCRIPTION = """\
Build the model of a config of any MM* library, without weights, and report which of its convolutions get another
padding, and which do not and why. With -o, write a config that inherits from it and does this to its model."""
EXAMPLES = """\
mmpconv convert-padding mmpretrain::resnet/resnet50_8xb32_in1k.py
mmpconv convert-padding mmseg::pspnet/pspnet_r50-d8_4xb2-80k_cityscapes-512x1024.py -o pspnet-partial.py
mmpconv convert-padding my_config.py -o my_config-partial.py --only backbone --skip 'backbone.layer4*'
mmpconv convert-padding torchvision:resnet50 --mode reflect
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('config', metavar='CONFIG', help="a config file, 'package::path' for one that an installed MM* "
                        "package ships, or 'torchvision:NAME'")
    parser.add_argument('-o', '--out', metavar='NEW_CONFIG.py', help='the config to write; none of that name may be '
                        'there')
    parser.add_argument('--mode', choices=('partial', 'reflect', 'replicate', 'zeros'), default='partial',
                        help='the new padding; default: partial')
    parser.add_argument('--only', nargs='+', metavar='NAME', help='modules to convert, with everything below them; * '
                        'and ? stand for any characters; default: all')
    parser.add_argument('--skip', nargs='+', metavar='NAME', help='modules to leave as they are, likewise')


def run(args: argparse.Namespace) -> None:
    from mmpconv.apis.padded_config import report_padding, write_padded_config

    print(report_padding(args.config, args.mode, args.only, args.skip))
    if args.out:
        write_padded_config(args.config, args.out, args.mode, args.only, args.skip)
        print(f'\nwritten, and tried by building its model: {args.out}')
