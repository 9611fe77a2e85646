"""``mmpconv visualize-padding``: draw partial padding, and what it does in a network."""
import argparse
from pathlib import Path

DESCRIPTION = 'Draw the ratio of partial padding, and what zero and partial padding make of a photo in a network.'
EXAMPLES = """\
mmpconv visualize-padding
mmpconv visualize-padding photo.jpg --network vgg16_bn --checkpoint vgg16_bn-6c64b313.pth -o padding.png
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_photo_and_weights(parser)
    parser.add_argument('--network', default='resnet18', metavar='NAME',
                        help='classification network of torchvision (default: resnet18)')
    parser.add_argument('--layers', nargs='+', metavar='NAME', help='modules to look at; by default the last ones with '
                        'a quarter and a sixteenth of the size')
    parser.add_argument('--size', type=int, default=224, help='pixels that the network sees, a multiple of 32 '
                        '(default: 224)')
    parser.add_argument('-o', '--out', type=Path, default=Path('work_dirs/padding.png'), metavar='FILE',
                        help='picture to write (default: work_dirs/padding.png)')


def add_photo_and_weights(parser: argparse.ArgumentParser) -> None:
    """Add what the pictures of padding share."""
    parser.add_argument('photo', type=Path, nargs='?', help="any photo; without one, scikit-image's astronaut")
    parser.add_argument('--checkpoint', type=Path, metavar='FILE', help='weights of the network, with the names of '
                        'torchvision; without it, filters that average and filters of random sign')


def run(args: argparse.Namespace) -> None:
    from mmpconv.analysis.padding_inputs import build_networks, load_photo, middle, normalise
    from mmpconv.analysis.padding_maps import compare
    from mmpconv.analysis.padding_picture import draw, summary
    from mmpconv.reports import save

    networks = build_networks(args.network, args.checkpoint)
    image = middle(load_photo(args.photo), args.size)
    rows = [maps for weights, (network, normalised) in networks.items()
            for maps in compare(weights, network, normalise(image) if normalised else image, args.layers)]
    save(draw(image[0].permute(1, 2, 0).numpy(), rows), args.out, dpi=80, colors=256)
    print('Mean activation in the outermost cells, over that of the interior:\n')
    print(summary(rows))
    print(f'\npicture: {args.out}')
