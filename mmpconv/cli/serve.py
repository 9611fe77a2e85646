"""``mmpconv serve``: an editor in the browser."""
import argparse
import contextlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from mmpconv.errors import INTERRUPTED, LaunchError

from .arguments import add_network_arguments, whole_number

# Name, title and description; here, so that the page can show them before anything is loaded.
_OF_THE_PACKAGE = 'network'
_AT_HAND = (
    (_OF_THE_PACKAGE, 'Network', 'the network in the package; the best for most photos'),
    ('oriented', 'Along lines', 'continues lines and edges; needs no weights'),
    ('pyramid', 'Smooth', 'smoothly from all sides; quick'),
    ('telea', 'Telea', "OpenCV's fast marching; very quick, for scratches"),
    ('navier-stokes', 'Navier-Stokes', "OpenCV's fluid dynamics; very quick, for scratches"),
    ('biharmonic', 'Biharmonic', "scikit-image's; smooth, and slow in large holes"),
)


def serve_arguments(parser: argparse.ArgumentParser) -> None:
    add_network_arguments(parser.add_argument_group('the network'))
    page = parser.add_argument_group('the page')
    page.add_argument('--open', action='store_true', help='open it in the browser')
    page.add_argument('--host', default='127.0.0.1', help='address to serve at; default: %(default)s, which only this '
                      'machine reaches. There is no password: 0.0.0.0 lets in everybody who reaches this machine')
    page.add_argument('--port', type=whole_number(0, 65535), default=7860, help='0: any that is free; default: '
                      '%(default)s')
    page.add_argument('--allow-host', action='append', default=[], metavar='NAME', help='a name by which visitors call '
                      'this machine, besides its addresses; may be given several times. Other names are refused')
    limits = parser.add_argument_group('limits')
    for option, default, metavar, what in (
            ('--max-upload', 50, 'MB', 'refuse larger files'),
            ('--max-pixels', None, 'N', 'refuse larger photos'),
            ('--max-fills', 1, 'N', 'photos that are filled at a time; others wait'),
            ('--max-disk', 2000, 'MB', 'photos kept at a time; the one that was not used for longest goes'),
            ('--keep', 60, 'MINUTES', 'how long a photo is kept after it was last used')):
        limits.add_argument(option, type=whole_number(1), default=default, metavar=metavar,
                            help=f'{what}; default: {default or "89 megapixels"}')


def serve(args: argparse.Namespace) -> None:
    """Serve an editor as a web page: paint over what you want gone from a photo, and it is filled. Photos stay on this
    machine, and are deleted when the page ends. Visitors can also choose the network of the package and the fillings
    without weights.

    mmpconv serve --open                                      at http://127.0.0.1:7860/, in your browser
    mmpconv serve --model pconv.onnx --port 8000              a network that mmpconv export has written
    mmpconv serve --checkpoint work_dirs/mine/iter_400.pth    one of your own
    """
    for package in ('starlette', 'uvicorn', 'python_multipart'):
        if importlib.util.find_spec(package) is None:
            raise LaunchError(f"the page needs {package}, which is not installed: pip install 'mmpconv[web]'")
    from mmpconv.photos import MAX_PIXELS
    from mmpconv.web import server

    held = server.reserve(args.host, args.port)
    if held.getsockname()[0] not in ('127.0.0.1', '::1'):
        print(f'warning: everybody who reaches {args.host} can use the page: there is no password, and nothing is '
              'encrypted', file=sys.stderr)
    limits = server.Limits(args.max_upload, args.max_pixels or MAX_PIXELS, args.max_fills, args.max_disk, args.keep)
    with _ending_at_once():
        server.serve(_models(args), held, limits, (args.host, *args.allow_host), open_browser=args.open,
                     needs_default=bool(args.model or args.checkpoint))


def _models(args: argparse.Namespace):
    """The models at hand: the one that is asked for, the network of the package, and fillings without weights."""
    from mmpconv.web.filling import Model, Models

    given = str(args.checkpoint or args.model or _OF_THE_PACKAGE)
    models = [Model(*each) for each in _AT_HAND]
    if given not in [model.name for model in models]:
        models.append(Model(given := Path(given).name, Path(given).stem, 'the one that this page was started with'))
    models.sort(key=lambda model: model.name != given)

    def load(name: str):
        from mmpconv.apis import Inpainter

        if name == given and name != _OF_THE_PACKAGE:
            return Inpainter(args.model, args.checkpoint, args.device, args.dtype)
        if name == _OF_THE_PACKAGE:
            return Inpainter(device=args.device, dtype=args.dtype)
        return Inpainter(name)

    return Models(models, load)


@contextlib.contextmanager
def _ending_at_once() -> Iterator[None]:
    """Signals end the process though threads are in the midst of filling photos."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit) as end:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(end.code if isinstance(end, SystemExit) else INTERRUPTED)
