"""``mmpconv models``: inpainting networks by name, and their weights."""
import argparse
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from mmpconv.apis import DEFAULT_MODEL
from mmpconv.errors import LaunchError


def models_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('names', nargs='*', metavar='NAME', help='of models; with * or ?, in quotes, all names that '
                        'match are listed')
    parser.add_argument('--with-weights', action='store_true', help='only those that have weights, in the package or '
                        'published')
    parser.add_argument('--download', nargs='?', const='', metavar='FOLDER', help='bring the weights of the models to '
                        'a folder; default: to where they are looked for')
    parser.add_argument('--offline', action='store_true', help='download nothing: weights that are not on this machine '
                        'are an error. The variable MMPCONV_OFFLINE=1 does the same in all commands')


def models(args: argparse.Namespace) -> None:
    """List the inpainting networks that have a name, for mmpconv inpaint --model and mmpconv.get_model. Of those that
    are named: say where config and weights are, and download the weights.

    mmpconv models --with-weights
    mmpconv models 'unet*'
    mmpconv models pconv_stage2_4xb2_places-256x256                        where they are
    mmpconv models pconv_stage2_4xb2_places-256x256 --download             to where mmpconv inpaint looks for them
    mmpconv models oriented-unet_1xb4_photos-256x256 --download weights    to a folder
    """
    from mmpconv.apis.models import require_model
    from mmpconv.checkpoints.loading import OFFLINE

    if args.offline:
        os.environ[OFFLINE] = '1'
    if args.download is not None and not args.names:
        raise LaunchError('--download needs the names of models; mmpconv models --with-weights lists those that have '
                          'weights')
    with_weights = args.with_weights or args.download is not None
    patterns = [name for name in args.names if set(name) & set('*?[')]
    named = [require_model(name) for name in args.names if name not in patterns]
    for model in named:
        if with_weights and not model.weights:
            raise LaunchError(f'there are no published weights of {model.name}; mmpconv models --with-weights lists '
                              'those that have some')
    if args.download is not None:
        for model in [*named, *(_matching(patterns, with_weights) if patterns else ())]:
            print(_bring(model, args.download))
        return
    for model in named:
        print(_about(model))
    if patterns or not named:
        print_models(patterns or ['*'], with_weights, fillings=not args.names and not with_weights)


def print_models(patterns: Sequence[str] = ('*', ), with_weights: bool = False, fillings: bool = True) -> None:
    """Print a line a model: its name, what it was trained on, and its weights.

    Args:
        patterns: Names that match one of them.
        with_weights: Those alone that have weights.
        fillings: Also those that need none.

    Raises:
        LaunchError: No model matches.
    """
    found = _matching(patterns, with_weights)
    width = max(len(model.name) for model in found)
    if fillings:
        from mmpconv.apis.networks import CLASSICAL_MODELS

        for name, use in CLASSICAL_MODELS.items():
            print(f'{name:<{width}}  {"-":<14}  no weights needed: {use}')
    for model in found:
        print(f'{model.name:<{width}}  {model.data:<14}  {_weights(model)}')


def _matching(patterns: Sequence[str], with_weights: bool) -> list:
    from mmpconv.apis.models import list_models, require_model

    names = dict.fromkeys(name for pattern in patterns for name in list_models(pattern, with_weights))
    if not names:
        raise LaunchError(f'no model{" with weights" if with_weights else ""} matches {" or ".join(patterns)}; mmpconv '
                          'models lists them all')
    return [require_model(name) for name in names]


def _weights(model) -> str:
    from mmpconv.checkpoints.loading import file_of

    if not model.weights:
        return 'no published weights: give --checkpoint'
    if model.weights.startswith('mmpconv://'):
        return 'in the package' + (', the default' if model.name == DEFAULT_MODEL else '')
    return f'{"downloaded: " if file_of(model.weights).is_file() else ""}{model.weights}'


def _about(model) -> str:
    from mmpconv.checkpoints.loading import file_of

    about = (f'{model.name}\n  trained on  {model.data}\n  config      {model.config}\n  weights     {_weights(model)}')
    if not model.weights:
        return about
    file = file_of(model.weights)
    size = f'{file.stat().st_size / 1e6:.1f} MB' if file.is_file() else 'not there yet'
    return f'{about}\n  file        {file} ({size})'


def _bring(model, folder: str) -> Path:
    """Download the weights of a model, or copy them, if there is a folder to copy to. Returns the file."""
    from mmpconv.checkpoints.loading import download, file_of
    from mmpconv.whole_files import whole_file

    file = file_of(model.weights) if model.weights.startswith('mmpconv://') else download(model.weights)
    if not folder or file.parent == Path(folder).absolute():
        return file
    target = Path(folder) / file.name
    with whole_file(target) as unfinished:
        shutil.copyfile(file, unfinished)
    return target
