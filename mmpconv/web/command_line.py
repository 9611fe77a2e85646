"""``mmpconv serve``."""
import argparse
import importlib.util
import sys
from collections.abc import Callable, Sequence

from mmpconv.apis import CHOICE, DEFAULT_MODEL
from mmpconv.errors import LaunchError, user_errors

EXAMPLES = """\
examples:
  mmpconv serve                                             the published network, at http://127.0.0.1:7860/
  mmpconv serve --model pconv.onnx --port 8000              a network that mmpconv export has written
  mmpconv serve --checkpoint work_dirs/mine/iter_400.pth    one of your own
"""


def build_parser(prog: str = 'mmpconv serve') -> argparse.ArgumentParser:
    """The arguments."""
    parser = argparse.ArgumentParser(
        prog=prog, description='Serve a web page on which a hole is painted in a photo and filled. Photos stay on this '
        'machine, and are deleted when the page ends.', epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    model = parser.add_argument_group('the network')
    model.add_argument('--model', metavar='MODEL', help='a name of mmpconv inpaint --list-models, a config file, '
                       'or an exported .onnx file; default: the network that the checkpoint says it is of; without a '
                       f'checkpoint, {DEFAULT_MODEL}, which is in the package. {CHOICE}')
    model.add_argument('--checkpoint', metavar='FILE', help='weights, a .pth or .safetensors file or a URL; default: '
                       'the published ones, which are downloaded once')
    model.add_argument('--device', default='auto', metavar='DEVICE', help='auto, cpu, cuda or cuda:N; default: a GPU '
                       'if there is one')
    model.add_argument('--dtype', choices=('auto', 'float32', 'float16', 'bfloat16'), default='auto',
                       help='precision; default: float32 on a CPU, float16 on a GPU')
    page = parser.add_argument_group('the page')
    page.add_argument('--host', default='127.0.0.1', help='address to serve at; default: %(default)s, which only this '
                      'machine reaches. There is no password: 0.0.0.0 lets in everybody who reaches this machine')
    page.add_argument('--port', type=_whole_number(0, 65535), default=7860, help='0: any that is free; default: '
                      '%(default)s')
    page.add_argument('--max-upload', type=_whole_number(1), default=50, metavar='MB', help='refuse larger files; '
                      'default: %(default)s')
    page.add_argument('--max-pixels', type=_whole_number(1), default=89_478_485, metavar='N', help='refuse larger '
                      'photos; default: %(default)s')
    return parser


def main(argv: Sequence[str] | None = None, prog: str = 'mmpconv serve') -> None:
    """Serve as the command line says, until Ctrl-C or SIGTERM.

    Args:
        argv: Arguments after the program's name. Defaults to those of this process.
        prog: How the program is called in its help.
    """
    args = build_parser(prog).parse_args(argv)
    with user_errors():
        if importlib.util.find_spec('gradio') is None:
            raise LaunchError("the page needs Gradio, which is not installed: pip install 'mmpconv[web]'")
        from .server import LOCAL, reserve, serve

        held = reserve(args.host, args.port)
        if held.getsockname()[0] not in LOCAL:
            print(f'warning: everybody who reaches {args.host} can use the page: there is no password, and nothing is '
                  'encrypted', file=sys.stderr)
        serve(lambda: _inpainter(args), held, args.max_upload, args.max_pixels)


def _inpainter(args: argparse.Namespace):
    from mmpconv.apis import Inpainter

    return Inpainter(args.model, args.checkpoint, args.device, args.dtype, max_pixels=args.max_pixels)


def _whole_number(least: int, most: int | None = None) -> Callable[[str], int]:
    def whole_number(text: str) -> int:
        number = int(text)
        if number < least or (most is not None and number > most):
            raise ValueError
        return number

    whole_number.__name__ = f'number from {least}{"" if most is None else f" to {most}"}'
    return whole_number
