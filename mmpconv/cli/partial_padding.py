"""Partial padding in networks of any kind: ``convert-padding``, ``compare-padding``, ``visualize-padding`` and
``visualize-tiles``."""
import argparse
from pathlib import Path

from .arguments import refuse, require_at_least


def convert_padding_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('config', metavar='CONFIG', help="a config file, 'package::path' for one that an installed MM* "
                        "package ships, or 'torchvision:NAME'")
    parser.add_argument('-o', '--out', metavar='NEW_CONFIG.py', help='the config to write; none of that name may be '
                        'there')
    parser.add_argument('--mode', choices=('partial', 'reflect', 'replicate', 'zeros'), default='partial',
                        help='the new padding; default: partial')
    parser.add_argument('--only', nargs='+', metavar='NAME', help='modules to convert, with everything below them; * '
                        'and ? stand for any characters; default: all')
    parser.add_argument('--skip', nargs='+', metavar='NAME', help='modules to leave as they are, likewise')


def convert_padding(args: argparse.Namespace) -> None:
    """Build the model of a config of any MM* library, without weights, and report which of its convolutions get another
    padding, and which do not and why. With -o, write a config that inherits from it and does this to its model.

    mmpconv convert-padding mmpretrain::resnet/resnet50_8xb32_in1k.py
    mmpconv convert-padding mmseg::pspnet/pspnet_r50-d8_4xb2-80k_cityscapes-512x1024.py -o pspnet-partial.py
    mmpconv convert-padding my_config.py -o my_config-partial.py --only backbone --skip 'backbone.layer4*'
    mmpconv convert-padding torchvision:resnet50 --mode reflect
    """
    from mmpconv.padding.config import report_padding, write_padded_config

    print(report_padding(args.config, args.mode, args.only, args.skip))
    if args.out:
        write_padded_config(args.config, args.out, args.mode, args.only, args.skip)
        print(f'\nwritten, and tried by building its model: {args.out}')


def compare_padding_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        'comparison', nargs='?', metavar='COMPARISON', help='name of a ready one; a config of your own, of which those '
        'with other paddings are made; or the path of several configs, with {network} and {padding} in it; default: '
        'digits')
    parser.add_argument('--list', action='store_true', help='show the ready comparisons and exit')
    parser.add_argument('--networks', nargs='+', metavar='NAME', help='what {network} stands for; default: all of a '
                        'ready comparison')
    parser.add_argument('--paddings', nargs='+', metavar='NAME', help="what {padding} stands for; one is 'zero'; "
                        'default: zero partial reflect replicate, or those of a ready comparison')
    parser.add_argument('--seeds', type=int, default=5, metavar='N', help='runs of each, with seeds 0 to N - 1; '
                        'default: 5')
    parser.add_argument('--metric', help='name of the score in the log, the more the better; default: that of a ready '
                        "comparison, accuracy/top1 or mIoU by a config's own metric, otherwise accuracy/top1")
    parser.add_argument('--further', nargs='*', metavar='NAME', help='other scores in the log that the report has; '
                        'default: those of a ready comparison')
    parser.add_argument('--shifts', nargs='*', type=int, metavar='PIXELS', help='also score each trained classifier on '
                        'crops that are moved this far from the centre; default: those of a ready comparison')
    parser.add_argument('--work-dir', type=Path, metavar='FOLDER', help='where everything goes; default: '
                        'work_dirs/compare_padding, with -NAME for others than the digits')
    parser.add_argument('--jobs', type=int, metavar='N', help='runs at a time; default: one a core, or one on a '
                        'machine with GPUs')
    parser.add_argument('--gpus', type=int, default=1, metavar='N', help='GPUs (or processes) of each run; default: 1')
    parser.add_argument('--cfg-options', nargs='+', default=[], metavar='KEY=VALUE', help='change entries of all '
                        'configs, as mmpconv train does')
    parser.add_argument('--page', type=Path, help='write the results into this Markdown file too, between its two '
                        'marks, and CSV and pictures to the folder benchmarks beside it')


def compare_padding(args: argparse.Namespace) -> int | None:
    """Train networks with several paddings and seeds, and compare their scores. Without arguments: small networks on
    handwritten digits. Started again, it continues.

    mmpconv compare-padding --list
    mmpconv compare-padding photos64 --networks resnet18 --paddings zero partial --seeds 3
    mmpconv compare-padding my_config.py --paddings zero partial --seeds 3
    """
    from mmpconv.analysis.padding_comparison.compare import compare
    from mmpconv.analysis.padding_comparison.plan import listing

    if args.list:
        print(listing())
        return None
    require_at_least(args, jobs=1)
    return compare(args)


def visualize_padding_arguments(parser: argparse.ArgumentParser) -> None:
    _add_photo_and_weights(parser)
    parser.add_argument('--network', default='resnet18', metavar='NAME',
                        help='classification network of torchvision (default: resnet18)')
    parser.add_argument('--layers', nargs='+', metavar='NAME', help='modules to look at; by default the last ones with '
                        'a quarter and a sixteenth of the size')
    parser.add_argument('--size', type=int, default=224, help='pixels that the network sees, a multiple of 32 '
                        '(default: 224)')
    _add_picture(parser, 'work_dirs/padding.png')


def visualize_padding(args: argparse.Namespace) -> None:
    """Draw the ratio of partial padding, and what zero and partial padding make of a photo in a network.

    mmpconv visualize-padding
    mmpconv visualize-padding photo.jpg --network vgg16_bn --checkpoint vgg16_bn-6c64b313.pth -o padding.png
    """
    from mmpconv.analysis.padding_inputs import build_networks, load_photo, middle, normalise
    from mmpconv.analysis.padding_maps import compare, draw, summary
    from mmpconv.reports import save

    networks = build_networks(args.network, args.checkpoint)
    image = middle(load_photo(args.photo), args.size)
    rows = [maps for weights, (network, normalised) in networks.items()
            for maps in compare(weights, network, normalise(image) if normalised else image, args.layers)]
    save(draw(image[0].permute(1, 2, 0).numpy(), rows), args.out, dpi=80, colors=256)
    print('Mean activation in the outermost cells, over that of the interior:\n')
    print(summary(rows))
    print(f'\npicture: {args.out}')


def visualize_tiles_arguments(parser: argparse.ArgumentParser) -> None:
    _add_photo_and_weights(parser)
    parser.add_argument('--runs', type=Path, metavar='FOLDER', help='the networks of the runs of a comparison: '
                        'its work dir')
    parser.add_argument('--network', metavar='NAME', help='without --runs: classification network of torchvision, '
                        'converted to each padding and not trained again (default: resnet18)')
    parser.add_argument('--layer', metavar='NAME', help="whose output is compared; default: the network's last map")
    parser.add_argument('--tile', type=int, default=128, help='side of a tile in pixels (default: 128)')
    parser.add_argument('--width', type=int, default=512, help='pixels to which a larger photo is scaled down '
                        '(default: 512)')
    _add_picture(parser, 'work_dirs/tiles.png')


def visualize_tiles(args: argparse.Namespace) -> None:
    """Run networks on the tiles of a photo and on the whole, and show how much tiles differ along their seams with each
    padding.

    mmpconv visualize-tiles
    mmpconv visualize-tiles photo.jpg --runs work_dirs/compare_padding-camvid --tile 128
    """
    if args.runs:
        refuse('is of a network of torchvision, but --runs names trained ones', network=args.network,
               checkpoint=args.checkpoint, layer=args.layer)
    from mmpconv.analysis.padding_inputs import load_photo
    from mmpconv.analysis.padding_tiles import converted, draw, seam_table, seams_of, tiles_of, trained
    from mmpconv.reports import save

    image = tiles_of(load_photo(args.photo), args.tile, args.width)
    networks = trained(args.runs) if args.runs else converted(args.network or 'resnet18', args.checkpoint, args.layer)
    found = [(network, padding, seams_of(maps, image, args.tile)) for network, padding, maps in networks]
    save(draw(image, found), args.out, dpi=80, colors=256)
    print(seam_table(found))
    print(f'\npicture: {args.out}')


def _add_photo_and_weights(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('photo', type=Path, nargs='?', help="any photo; without one, scikit-image's astronaut")
    parser.add_argument('--checkpoint', type=Path, metavar='FILE', help='weights of the network, with the names of '
                        'torchvision; without it, filters that average and filters of random sign')


def _add_picture(parser: argparse.ArgumentParser, default: str) -> None:
    parser.add_argument('-o', '--out', type=Path, default=Path(default), metavar='FILE',
                        help=f'picture to write (default: {default})')
