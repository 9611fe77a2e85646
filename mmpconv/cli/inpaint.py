"""``mmpconv inpaint``: fill holes in photos."""
import argparse
import os
import re
from pathlib import Path

from mmpconv.batch import STREAM, Mask
from mmpconv.errors import DONE

from .arguments import UsageError, add_network_arguments, refuse, whole_number
from .main import EXPLANATION
from .models import print_models


def inpaint_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = (f'{parser.prog} PHOTO MASK -o OUT [options]\n'
                    f'       {parser.prog} PHOTO... --mask MASK -o OUT [options]')
    parser.epilog += f'\n{EXPLANATION}'
    parser.add_argument('paths', nargs='*', metavar='PHOTO', help="files, folders (with all in them), or patterns in "
                        "quotes such as 'photos/*.jpg'; or - for standard input. Without --mask, one PHOTO and then "
                        'the MASK')
    parser.add_argument('-o', '--out', metavar='OUT', help='for one photo a file, whose suffix says the format, or - '
                        'for standard output (the default of a photo from standard input); or a folder, which is made: '
                        'results have the names of the photos there, below the same subfolders. Earlier results are '
                        'replaced, photos and masks never')

    mask = parser.add_argument_group('the hole')
    mask.add_argument('--mask', metavar='MASK', help='a picture, white = hole; a folder of pictures that are called as '
                      "the photos, with any suffix; or, taken from the photo itself, 'alpha' (transparent pixels) or a "
                      "colour: black, white, magenta or another name of CSS, R,G,B or '#rrggbb'")
    mask.add_argument('--invert', action='store_true', help='black pixels of the mask are the hole instead of white '
                      'ones')
    mask.add_argument('--grow', type=whole_number(0), default=0, metavar='N', help='make the hole larger by N pixels '
                      'all around')
    mask.add_argument('--tolerance', type=whole_number(0), default=0, metavar='N', help='with a colour as MASK: by how '
                      'much each channel may differ from it, of 255')
    mask.add_argument('--resize-mask', action='store_true', help='bring masks of another size to the size of the photo')

    result = parser.add_argument_group('the results')
    result.add_argument('--format', choices=('png', 'jpg', 'tif', 'webp'), help='of results in a folder; default: that '
                        'of the photo if it keeps every pixel, else png')
    result.add_argument('--compare', action='store_true', help='beside each result, write NAME.compare.png: the photo '
                        'with its hole marked, and the result')
    result.add_argument('--preview', action='store_true', help='show before and after on the terminal')
    result.add_argument('--resume', action='store_true', help='leave out photos with a result that can be decoded and '
                        'is newer than photo and mask (made with whatever options)')
    result.add_argument('--quiet', action='store_true', help='print warnings and errors only')

    model = parser.add_argument_group('the network')
    add_network_arguments(model)
    model.add_argument('--offline', action='store_true', help='download nothing: published weights that are not on '
                       'this machine are an error')
    model.add_argument('--list-models', action='store_true', help='list the models that have a name, and exit')
    model.add_argument('--compile', action='store_true', help='by torch.compile, which takes a minute at first; on a '
                       'CPU it gains little')
    model.add_argument('--tile-size', type=whole_number(32), metavar='N', help='side of what the network sees at a '
                       'time, in pixels: less needs less memory; default: twice the size that it was trained on')
    model.add_argument('--max-pixels', type=whole_number(1), metavar='N', help='refuse larger photos; default: '
                       '89 megapixels')


def inpaint(args: argparse.Namespace) -> int:
    """Fill holes in photos. What the mask leaves out stays as it is, bit for bit; so do size, depth, transparency,
    orientation, colour profile and EXIF. Photos of any size are filled in bounded memory.

    mmpconv inpaint photo.jpg mask.png -o filled.png         white pixels of the mask are the hole
    mmpconv inpaint photos/ masks/ -o filled/                masks are found by the photos' names
    mmpconv inpaint a.jpg b.jpg --mask mask.png -o filled/   one mask for all
    mmpconv inpaint 'photos/*.png' --mask alpha -o filled/   transparent pixels are the hole
    mmpconv inpaint photo.png --mask '#ff00ff' --tolerance 8 --grow 3 -o filled.png --compare
    mmpconv inpaint photo.jpg mask.png -o filled.png --checkpoint work_dirs/mine/iter_400.pth
    mmpconv inpaint - mask.png < photo.jpg > filled.png      as part of a pipe
    torchrun --nproc-per-node 8 -m mmpconv inpaint photos/ --mask masks/ -o filled/   one process a GPU
    """
    if args.list_models:
        print_models()
        return DONE
    if args.offline:
        os.environ['MMPCONV_OFFLINE'] = '1'
    photos, mask = _photos_and_mask(args)
    if args.out is None:
        if STREAM not in photos:
            raise UsageError('say where the result goes: -o OUT')
        args.out = STREAM
    is_stream = STREAM in photos or args.out == STREAM
    if is_stream:
        _check_stream(photos, args)
    mask = parse_mask(mask)
    if isinstance(mask, Path) or mask == 'alpha':
        refuse('is for a colour as MASK; masks of files are divided at mid-grey', UsageError,
               tolerance=args.tolerance or None)
    if not isinstance(mask, Path):
        refuse('is for pictures as MASK, and this one is taken from the photo itself', UsageError,
               resize_mask=args.resize_mask)
    # What is wrong with the command line is said before anything large is imported.
    from mmpconv.batch.fill import fill_all, fill_stream

    return fill_stream(photos[0], mask, args) if is_stream else fill_all(photos, mask, args)


def _photos_and_mask(args: argparse.Namespace) -> tuple[list[str], str]:
    if args.mask is not None:
        if not args.paths:
            raise UsageError('name a photo, a folder, or a pattern')
        return args.paths, args.mask
    if len(args.paths) < 2:
        raise UsageError('name a photo and its mask: PHOTO MASK, or PHOTO... --mask MASK')
    if len(args.paths) > 2:
        raise UsageError(f'{len(args.paths)} files are named and none of them by --mask; with several photos the mask '
                         'goes there: PHOTO... --mask MASK')
    return args.paths[:1], args.paths[1]


def _check_stream(photos: list[str], args: argparse.Namespace) -> None:
    if len(photos) > 1:
        raise UsageError(f'- is one photo, from standard input or to standard output, but {len(photos)} are named')
    refuse('is for photos in files; leave it out, or name files instead of -', UsageError, compare=args.compare,
           resume=args.resume, preview=args.preview)
    if args.out != STREAM and (args.out.endswith('/') or Path(args.out).is_dir()):
        raise UsageError(f'{args.out} is a folder, and what comes from standard input has no name; give that of a file')


def parse_mask(text: str) -> Mask:
    """The meaning of a MASK on the command line, of which nothing is checked if it is a path.

    Args:
        text: As the user wrote it. ``./black`` is a file of that name; other names of colours, those of CSS, give way
            to files of that name.

    Raises:
        UsageError: It looks like a colour and is none.
    """
    if text in ('black', 'white', 'alpha'):
        return text
    if text.isalpha():
        from mmpconv.photos.mask_picture import named_color

        return named_color(text) or Path(text)
    if re.fullmatch(r'#[0-9a-fA-F]{6}', text):
        return tuple(bytes.fromhex(text[1:]))
    if re.fullmatch(r'\s*\d+\s*(,\s*\d+\s*)+', text):
        color = tuple(int(part) for part in text.split(','))
        if len(color) != 3 or max(color) > 255:
            raise UsageError(f'the colour {text} is not three numbers from 0 to 255, such as 255,0,255')
        return color
    if text.startswith('#') and not Path(text).exists():
        raise UsageError(f"the colour {text} is not of the form '#rrggbb'; R,G,B works too")
    return Path(text)
