"""The command line ``mmpconv``: its commands and exit statuses.

A command ``do-it`` is two functions: ``do_it_arguments(parser)``, and ``do_it(args)``, which returns an exit status or
None; its docstring is the description of the help and, below an empty line, the examples. Their module is imported when
the command is called, and packages such as torch in the function, so that help and usage come at once.
"""
import argparse
import contextlib
import importlib
import inspect
import os
import shutil
import sys
import textwrap
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mmpconv.errors import DONE, INTERRUPTED, USAGE, termination_as_interrupt, user_errors
from mmpconv.version import __version__

from .arguments import UsageError

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
        summary: A line of what it does.
        module: Where it is in this package.
        extra: What of this package's optional requirements it needs.
        mixed: Whether options may stand between its other arguments, which argparse cannot where there are commands
            below it.
    """

    summary: str
    module: str
    extra: str = 'inpainting'
    mixed: bool = True


GROUPS = {
    'photos': {
        'inpaint': Command('fill holes in photos', 'inpaint'),
        'serve': Command('the same on a web page in the browser', 'serve', 'inpainting,web'),
        'models': Command('list the networks that have a name, and download weights', 'models'),
        'demo': Command('fill photos with the network of the package, train it on, fill them again: two minutes',
                        'training', 'inpainting,demo'),
    },
    'training': {
        'prepare-dataset': Command('check a data set, and write the lists that the configs read', 'prepare_dataset',
                                   'inpainting,compare', mixed=False),
        'browse': Command('draw what a network sees of its data', 'training'),
        'train': Command('train the model of a config', 'training'),
        'test': Command('compute the metrics of a checkpoint', 'training'),
        'plot-loss': Command('draw the losses of trainings', 'training', 'inpainting,compare'),
    },
    'networks in files': {
        'export': Command('write a trained network as an ONNX or torch.export file', 'network_files',
                          'inpainting,export'),
        'publish': Command('write the network of a training as a small .safetensors file', 'network_files'),
        'convert-inpainting': Command('checkpoints of other PConv networks to ones of this package', 'network_files'),
        'convert-keys': Command("weights with torchvision's or NVIDIA's names to MMPretrain's, or back",
                                'network_files'),
    },
    'benchmarks': {
        'make-benchmark': Command('freeze photos, windows and holes to files', 'benchmarks'),
        'benchmark': Command('compare methods of inpainting on a frozen benchmark', 'benchmarks',
                             'inpainting,evaluate'),
    },
    'partial padding': {
        'convert-padding': Command('give the model of any MM* config partial padding', 'partial_padding'),
        'compare-padding': Command('train networks with several paddings and compare them, your own too',
                                   'partial_padding', 'inpainting,compare'),
        'visualize-padding': Command('draw partial padding, and what it does in a network', 'partial_padding',
                                     'inpainting,compare'),
        'visualize-tiles': Command('draw what padding does along the seams of tiles', 'partial_padding',
                                   'inpainting,compare'),
    },
    'this installation': {'doctor': Command('find out what is wrong with it', 'doctor')},
}
COMMANDS = {name: command for commands in GROUPS.values() for name, command in commands.items()}

EXAMPLES = """\
examples:
  mmpconv inpaint photo.jpg mask.png -o filled.png
  mmpconv inpaint photos/ --mask masks/ -o filled/
  mmpconv convert-padding mmpretrain::resnet/resnet50_8xb32_in1k.py
  mmpconv doctor
"""


def build_parser() -> argparse.ArgumentParser:
    """Reads what stands before the command's own arguments."""
    width = max(map(len, COMMANDS))
    listed = '\n'.join(f'{group}:\n' + '\n'.join(f'  {name:<{width}}  {command.summary}'
                                                 for name, command in commands.items())
                       for group, commands in GROUPS.items())
    parser = argparse.ArgumentParser(
        prog='mmpconv', usage='mmpconv COMMAND ...', add_help=False,
        description='Partial convolutions: fill holes of any shape in photos, train and measure the networks that do '
        'it,\nand give any network of an MM* library partial padding.\n\n'
        f'mmpconv COMMAND --help explains one command.\n\n{listed}',
        epilog=f'{EXAMPLES}\n{EXPLANATION}', formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('-h', '--help', action='help', help='show this and exit')
    parser.add_argument('--version', action='version', version=f'mmpconv {__version__}', help='show it and exit')
    parser.add_argument('command', choices=COMMANDS, metavar='COMMAND', help=argparse.SUPPRESS)
    return parser


def parser_of(name: str) -> argparse.ArgumentParser:
    """Reads the arguments of one command."""
    run, add_arguments = _functions(name)
    description, _, examples = (inspect.getdoc(run) or '').partition('\n\n')
    width = min(shutil.get_terminal_size().columns, 120) - 2
    parser = argparse.ArgumentParser(
        prog=f'mmpconv {name}', description=textwrap.fill(description, width),
        epilog=f'examples:\n{textwrap.indent(examples, "  ")}\n',
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser)
    return parser


def _functions(name: str) -> tuple[Callable, Callable]:
    module, function = importlib.import_module(f'.{COMMANDS[name].module}', __package__), name.replace('-', '_')
    return getattr(module, function), getattr(module, f'{function}_arguments')


def parse(name: str, argv: Sequence[str], parser: argparse.ArgumentParser | None = None) -> argparse.Namespace:
    """The arguments of a command, by :func:`parser_of` or the parser of it that is given.

    Raises:
        SystemExit: They are not understood, or ask for help.
    """
    parser = parser or parser_of(name)
    return parser.parse_intermixed_args(argv) if COMMANDS[name].mixed else parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the command line says.

    Args:
        argv: Arguments after the program's name. Defaults to those of this process.

    Returns:
        The exit status, one of :mod:`mmpconv.errors`. ``SystemExit`` is raised instead for errors: with the sentence to
        print, or with a status where it is printed already.
    """
    parser = build_parser()
    argv = sys.argv[1:] if argv is None else list(argv)
    if not argv:
        parser.print_help()
        return USAGE
    name = parser.parse_args(argv[:1]).command
    # Of deprecations in what MMEngine imports users need not know; names of files need not be text.
    warnings.filterwarnings('ignore', category=FutureWarning, module=r'transformers\.')
    if hasattr(sys.stdout, 'reconfigure'):  # a notebook's has it not
        sys.stdout.reconfigure(errors='backslashreplace')
    try:
        return _run(name, argv[1:])
    except KeyboardInterrupt:
        print('interrupted', file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # `mmpconv ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE


def _run(name: str, argv: Sequence[str]) -> int:
    command = COMMANDS[name]
    try:
        parser = parser_of(name)
        args = parse(name, argv, parser)
        # One of several processes may wait for the others within torch, where it would not hear of an interrupt.
        alone = getattr(args, 'launcher', 'none') == 'none'
        try:
            with termination_as_interrupt() if alone else contextlib.nullcontext(), user_errors():
                return _functions(name)[0](args) or DONE
        except UsageError as error:
            parser.error(str(error))
    except ImportError as error:
        absent = isinstance(error, ModuleNotFoundError)
        remedy = f"pip install 'mmpconv[{command.extra}]' installs what mmpconv {name} needs; " if absent else ''
        sys.exit(f'error: {error}; {remedy}mmpconv doctor says what is wrong with this installation')
