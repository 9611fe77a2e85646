"""The command line ``mmpconv``: its commands and exit statuses."""
import argparse
import importlib
import os
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from mmpconv.version import __version__

DONE = 0
USER_HAS_TO_ACT = 1
USAGE = 2
PARTLY_FAILED = 3
INTERRUPTED = 130

EXPLANATION = """\
exit status:
  0    done
  1    you have to act: one sentence says on what
  2    the command line is not understood
  3    some photos of a batch failed, the others are done
  130  interrupted (Ctrl-C)
"""


@dataclass(frozen=True)
class Command:
    """A subcommand.

    Attributes:
        what: What it does.
        place: Module and function ``(argv, prog)`` that does it; imported when it is called only.
        extra: What of this package's optional requirements it needs.
    """

    what: str
    place: str
    extra: str = 'inpainting'


COMMANDS = {
    'inpaint': Command('fill holes in photos', 'mmpconv.cli.inpaint:main'),
    'serve': Command('the same on a web page in the browser', 'mmpconv.web:main', 'inpainting,web'),
    'train': Command('train the model of a config', 'mmpconv.engine.launch:train'),
    'test': Command('compute the metrics of a checkpoint', 'mmpconv.engine.launch:test'),
    'benchmark': Command('compare methods of inpainting on a frozen benchmark', 'mmpconv.benchmark:main',
                         'inpainting,evaluate'),
    'export': Command('write a trained network as an ONNX or torch.export file', 'mmpconv.cli.export:main',
                      'inpainting,export'),
    'convert-padding': Command('give the model of any MM* config partial padding', 'mmpconv.cli.convert_padding:main'),
    'compare-padding': Command('train networks with several paddings and compare them, your own too',
                               'mmpconv.analysis.padding_comparison:command', 'inpainting,compare'),
    'demo': Command('fill photos with the network of the package, train it on, fill them again: two minutes',
                    'mmpconv.cli.demo:main', 'inpainting,demo'),
    'doctor': Command('find out what is wrong with this installation', 'mmpconv.cli.doctor:main'),
}

EXAMPLES = """\
examples:
  mmpconv inpaint photo.jpg mask.png -o filled.png
  mmpconv inpaint photos/ --mask masks/ -o filled/
  mmpconv convert-padding mmpretrain::resnet/resnet50_8xb32_in1k.py
  mmpconv doctor
"""


def build_parser() -> argparse.ArgumentParser:
    """Of what stands before the command's own arguments."""
    width = max(map(len, COMMANDS))
    listed = '\n'.join(f'  {name:<{width}}  {command.what}' for name, command in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog='mmpconv', usage='mmpconv COMMAND ...', add_help=False,
        description='Partial convolutions: fill holes of any shape in photos, train and measure the networks that do '
        'it,\nand give any network of an MM* library partial padding.\n\n'
        f'commands (mmpconv COMMAND --help explains one):\n{listed}',
        epilog=f'{EXAMPLES}\n{EXPLANATION}', formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('-h', '--help', action='help', help='show this and exit')
    parser.add_argument('--version', action='version', version=f'mmpconv {__version__}', help='show it and exit')
    parser.add_argument('command', choices=COMMANDS, metavar='COMMAND', help=argparse.SUPPRESS)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the command line says.

    Args:
        argv: Arguments after the program's name. Defaults to those of this process.

    Returns:
        The exit status, as of :mod:`mmpconv.cli.main`. Commands may raise ``SystemExit`` instead.
    """
    parser = build_parser()
    argv = sys.argv[1:] if argv is None else list(argv)
    if not argv:
        parser.print_help()
        return USAGE
    name = parser.parse_args(argv[:1]).command
    # Of deprecations in what MMEngine imports users need not know; names of files need not be text.
    warnings.filterwarnings('ignore', category=FutureWarning, module=r'transformers\.')
    sys.stdout.reconfigure(errors='backslashreplace')
    try:
        return _run(COMMANDS[name], argv[1:], f'mmpconv {name}')
    except KeyboardInterrupt:
        print('interrupted', file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # `mmpconv ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE


def _run(command: Command, argv: Sequence[str], prog: str) -> int:
    module, function = command.place.split(':')
    try:
        return getattr(importlib.import_module(module), function)(argv, prog) or DONE
    except ImportError as error:
        absent = isinstance(error, ModuleNotFoundError)
        remedy = f"pip install 'mmpconv[{command.extra}]' installs what {prog} needs; " if absent else ''
        sys.exit(f'error: {error}; {remedy}mmpconv doctor says what is wrong with this installation')
