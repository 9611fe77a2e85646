"""What the command lines of the converters share."""
import argparse
import shlex
from pathlib import Path

from mmpconv.errors import LaunchError


def build_parser(description: str, root: str, layout: str) -> argparse.ArgumentParser:
    """Arguments of every converter of photos.

    Args:
        description: What it does, one sentence.
        root: Folder where the configs look for the data.
        layout: What is in it, for the help.
    """
    parser = parser_of(description, root, layout)
    parser.add_argument('--verify', action='store_true', help='decode every photo, leave the broken ones out of the '
                        'lists and name them in ..._report.csv; exit status 1 if there are any')
    add_common(parser)
    return parser


def parser_of(description: str, root: str, layout: str) -> argparse.ArgumentParser:
    """A parser with nothing but the folder; arguments as of :func:`build_parser`."""
    parser = argparse.ArgumentParser(
        description=f'{description} Pictures are read only, never moved or changed.',
        epilog=f'What is expected in the folder: {layout}')
    parser.add_argument('root', nargs='?', type=Path, default=Path(root), metavar='FOLDER',
                        help=f'folder of the data; default: {root}')
    return parser


def add_common(parser: argparse.ArgumentParser) -> None:
    """Arguments of everything that decodes and writes."""
    parser.add_argument('--jobs', type=int, metavar='N', help='photos decoded at a time; default: one a core')
    parser.add_argument('--force', action='store_true', help='replace lists that are there and differ')


def require_folder(folder: Path, what: str, source: str) -> None:
    """Check that the data lie where they should.

    Args:
        folder: Where.
        what: What should lie there.
        source: Where it can be had.

    Raises:
        LaunchError: There is no such folder.
    """
    if not folder.is_dir():
        there = f'it holds {_content(folder.parent)}' if folder.parent.is_dir() else f'{folder.parent} is missing too'
        raise LaunchError(f'there is no folder {folder}, where {what} should lie ({there}); {source}')


def check_jobs(jobs: int | None) -> None:
    """Raises LaunchError: ``--jobs`` is no number of threads."""
    if jobs is not None and jobs < 1:
        raise LaunchError(f'--jobs is {jobs} but must be at least 1')


def _content(folder: Path) -> str:
    names = sorted(path.name for path in folder.iterdir())
    return ', '.join(names[:10]) + (', ...' if len(names) > 10 else '') if names else 'nothing'


def add_subset(parser: argparse.ArgumentParser) -> None:
    """The argument of data sets whose number of photos is known."""
    parser.add_argument('--subset', action='store_true', help='accept that photos are missing, and list those that are '
                        'there')


def print_cfg_options(root: Path, default_root: str, settings: dict[str, dict[str, str]],
                      defaults: dict[str, dict[str, str]]) -> None:
    """Say how configs are told of a layout, where it is not the one that they have.

    Args:
        root: Folder of the data. default_root: That of the configs.
        settings: By ``'train'`` and ``'val'``: ``data_prefix.gt`` and ``ann_file``. defaults: Those of the configs.
    """
    options = []
    for split, values in settings.items():
        for loader in ('train',) if split == 'train' else ('val', 'test'):
            changed = {key: value for key, value in values.items() if value != defaults[split].get(key)}
            if root != Path(default_root):
                changed['data_root'] = str(root)
            options += [shlex.quote(f'{loader}_dataloader.dataset.{key}={value}') for key, value in changed.items()]
    if options:
        print('Configs read them with --cfg-options ' + ' '.join(options))
