"""The folder of a data set: it has to be there, and configs have to name it."""
import shlex
from pathlib import Path

from mmpconv.errors import LaunchError


def require_folder(folder: Path, what: str, source: str) -> None:
    """Check that the data lie where they should.

    Args:
        folder: Their place.
        what: Name of the data.
        source: Sentence on how to get them.

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


def print_cfg_options(root: Path, default_root: str, settings: dict[str, dict[str, str]],
                      defaults: dict[str, dict[str, str]]) -> None:
    """Print the options with which configs read a layout that is not their own.

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
