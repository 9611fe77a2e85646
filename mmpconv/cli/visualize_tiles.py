"""``mmpconv visualize-tiles``: draw what padding does along the seams of tiles."""
import argparse
from pathlib import Path

from .visualize_padding import add_photo_and_weights

DESCRIPTION = """\
Run networks on the tiles of a photo and on the whole, and show how much tiles differ along their seams with each
padding."""
EXAMPLES = """\
mmpconv visualize-tiles
mmpconv visualize-tiles photo.jpg --runs work_dirs/compare_padding-camvid --tile 128
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_photo_and_weights(parser)
    parser.add_argument('--runs', type=Path, metavar='FOLDER', help='the networks of the runs of a comparison: '
                        'its work dir')
    parser.add_argument('--network', default='resnet18', metavar='NAME', help='without --runs: classification network '
                        'of torchvision, converted to each padding and not trained again (default: resnet18)')
    parser.add_argument('--layer', metavar='NAME', help="whose output is compared; default: the network's last map")
    parser.add_argument('--tile', type=int, default=128, help='side of a tile in pixels (default: 128)')
    parser.add_argument('--width', type=int, default=512, help='pixels to which a larger photo is scaled down '
                        '(default: 512)')
    parser.add_argument('-o', '--out', type=Path, default=Path('work_dirs/tiles.png'), metavar='FILE',
                        help='picture to write (default: work_dirs/tiles.png)')


def run(args: argparse.Namespace) -> None:
    from mmpconv.analysis.padding_inputs import load_photo
    from mmpconv.analysis.padding_tiles import converted, draw, seam_table, seams_of, tiles_of, trained
    from mmpconv.reports import save

    image = tiles_of(load_photo(args.photo), args.tile, args.width)
    networks = trained(args.runs) if args.runs else converted(args.network, args.checkpoint, args.layer)
    found = [(network, padding, seams_of(maps, image, args.tile)) for network, padding, maps in networks]
    save(draw(image, found), args.out, dpi=80, colors=256)
    print(seam_table(found))
    print(f'\npicture: {args.out}')
