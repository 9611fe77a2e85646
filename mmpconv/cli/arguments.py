"""Arguments that several commands have, and what is wrong with them. Importing this imports nothing large."""
import argparse
from collections.abc import Callable

from mmpconv.apis import CHOICE, DEFAULT_MODEL
from mmpconv.errors import LaunchError


class UsageError(Exception):
    """The arguments of a command are not understood: one sentence says why. It ends with exit status 2."""


def whole_number(least: int, most: int | None = None) -> Callable[[str], int]:
    """The type of an argument that is a whole number in a range."""
    bounds = f'from {least} to {most}' if most is not None else f'that is at least {least}'

    def number(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = None
        if value is None or value < least or (most is not None and value > most):
            raise argparse.ArgumentTypeError(f'{text} is not a whole number {bounds}')
        return value

    return number


def require_at_least(args: argparse.Namespace, **bounds: int) -> None:
    """Refuse options that are too small; None is what is not given.

    Raises:
        LaunchError: One is.
    """
    for name, least in bounds.items():
        value = getattr(args, name)
        if value is not None and value < least:
            raise LaunchError(f'{_option(name)} is {value} but must be at least {least}')


def refuse(reason: str, error: type[Exception] = LaunchError, **options) -> None:
    """Refuse options that would do nothing beside the others, instead of leaving them out silently.

    Args:
        reason: Rest of the sentence, behind their names.
        error: What is raised.
        **options: By name; those that are neither None nor False are given.

    Raises:
        LaunchError: One is given.
    """
    given = [_option(name) for name, value in options.items() if value is not None and value is not False]
    if given:
        raise error(f'{" and ".join(given)} {reason}')


def _option(name: str) -> str:
    return f'--{name.replace("_", "-")}'


class CfgOptions(argparse.Action):
    """``KEY=VALUE ...`` as MMEngine reads it, which is imported only where it is given."""

    def __call__(self, parser, namespace, values, option_string=None):
        from mmpconv.configs import read_options

        try:
            setattr(namespace, self.dest, {**(getattr(namespace, self.dest) or {}), **read_options(values)})
        except ValueError as error:
            raise argparse.ArgumentError(self, str(error)) from error


def add_cfg_options(parser: argparse.ArgumentParser, help: str) -> None:
    """Add ``--cfg-options``."""
    parser.add_argument('--cfg-options', nargs='+', action=CfgOptions, metavar='KEY=VALUE', help=help)


def add_run_arguments(parser: argparse.ArgumentParser, config_optional: bool = False) -> None:
    """Add what training and testing share; as in ``tools/train.py`` of MM* libraries."""
    parser.add_argument(
        'config', nargs='?' if config_optional else None,
        help="a config file, or 'package::path' for a config that an installed MM* package ships")
    parser.add_argument(
        '--work-dir', help='where logs and checkpoints go; default: ./work_dirs/NAME-OF-THE-CONFIG')
    add_cfg_options(parser, 'change entries of the config, e.g. train_dataloader.batch_size=4 randomness.seed=0; '
                    'lists as key="[a,b]" or key=a,b')
    parser.add_argument(
        '--launcher', choices=['none', 'pytorch', 'slurm', 'mpi'], default='none',
        help='what started the processes of a distributed run')
    # torch.distributed.launch passes it in either spelling; torchrun sets LOCAL_RANK instead.
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS)


def add_network_arguments(parser) -> None:
    """Add what says which network fills photos, and where it runs. ``parser`` may be a group of arguments."""
    parser.add_argument('--model', metavar='MODEL', help='a name that mmpconv models lists, a config file, or an '
                        'exported .onnx file; default: the network that the checkpoint says it is of; without a '
                        f'checkpoint, {DEFAULT_MODEL}, which is in the package: scratches, writing, small objects. '
                        f'{CHOICE}')
    parser.add_argument('--checkpoint', metavar='FILE', help='weights, a .pth or .safetensors file or a URL; all '
                        'of them have to be of the model. Default: the published ones, which are downloaded once')
    parser.add_argument('--device', default='auto', metavar='DEVICE', help='auto, cpu, cuda or cuda:N; default: '
                        'a GPU if there is one')
    parser.add_argument('--dtype', choices=('auto', 'float32', 'float16', 'bfloat16'), default='auto',
                        help='precision; default: float32 on a CPU, float16 on a GPU')
