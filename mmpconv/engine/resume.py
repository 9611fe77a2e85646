"""Checkpoints that a command line or a config names, and going on from the last one."""
import logging
import os.path as osp
import re
import zipfile
from pathlib import Path

from mmengine.config import Config
from mmengine.logging import print_log

from mmpconv.checkpoints import CheckpointError
from mmpconv.checkpoints.loading import read_checkpoint
from mmpconv.errors import LaunchError


def is_url(name: str) -> bool:
    """True if MMEngine fetches this name (``https://``, ``torchvision://``...) rather than opens it."""
    return re.match(r'[\w:+-]+://', name) is not None


def how_to_make(checkpoint: str, config: str) -> str:
    """Advice for when the checkpoint that a config starts from is absent.

    A checkpoint in ``work_dirs/NAME`` comes from the config ``NAME.py``, such as that of stage 1.
    """
    maker = Path(config).with_name(f'{Path(checkpoint).parent.name}.py')
    first = f'make it first with: python tools/train.py {maker}, or ' if maker.is_file() else ''
    return f'{first}give another one with --cfg-options load_from=FILE'


def require_checkpoint(name: str, what: str, remedy: str) -> None:
    """Check that a checkpoint is there before anything heavy is built. URLs are not fetched here.

    Args:
        name: Path or URL.
        what: How the error calls it.
        remedy: What the error advises to do.

    Raises:
        LaunchError: There is no such file.
    """
    if not is_url(name) and not osp.isfile(osp.expanduser(name)):
        raise LaunchError(f'{what} is {name}, and there is no such file; {remedy}')


_PARTS = {'meta': 'the iteration', 'message_hub': 'the log', 'optimizer': "the optimizer's state",
          'state_dict': 'the weights'}


def resume(cfg: Config, checkpoint: str) -> None:
    """Set what MMEngine resumes from, in place, so that a stage's ``load_from`` is never taken for a run to resume.

    Args:
        cfg: With its ``work_dir``.
        checkpoint: A path or a URL; or ``'auto'`` for the last one in the work dir that is whole. A run that was killed
            before it saved one goes on at its beginning.

    Raises:
        LaunchError: The work dir has no run, or none of its checkpoints can be used; there is no such file, or it is
            not one to resume from.
    """
    if checkpoint != 'auto':
        require_checkpoint(checkpoint, '--resume', 'give the path or the URL of a .pth file of this run, '
                           'or --resume alone for the latest in the work dir')
        if not is_url(checkpoint) and (reason := why_not(osp.expanduser(checkpoint))):
            raise LaunchError(reason)
    else:
        checkpoint = latest_checkpoint(cfg.work_dir)
        if checkpoint is None:
            cfg.resume = False
            print_log(f'--resume: the run in {cfg.work_dir} saved no checkpoint before it ended; it starts from the '
                      'beginning', logger='current')
            return
        print_log(f'--resume: continuing from {checkpoint}', logger='current')
    cfg.resume, cfg.load_from = True, checkpoint


def latest_checkpoint(work_dir: str) -> str | None:
    """The last checkpoint of a run that is whole; of each later one that is not, a warning says why.

    Args:
        work_dir: Of the run; it may have been moved since.

    Returns:
        str: None if the run saved none.

    Raises:
        LaunchError: There is no run, or no checkpoint that is whole.
    """
    if not osp.isdir(work_dir) or not any(Path(work_dir).iterdir()):
        raise LaunchError(f'--resume: there is no run in {work_dir} to go on with; leave the option out to start one, '
                          'or give --work-dir, or --resume CHECKPOINT')
    record = Path(work_dir) / 'last_checkpoint'
    last = record.read_text().strip() if record.is_file() else ''
    if is_url(last):
        return last
    reasons = []
    for path in _candidates(record, last):
        if (reason := why_not(path)) is None:
            return str(path)
        reasons.append(reason)
        print_log(f'--resume: {reason}; trying the one before', logger='current', level=logging.WARNING)
    if reasons:
        raise LaunchError(f'--resume: none of the {len(reasons)} checkpoints of {work_dir} can be used: {reasons[0]}; '
                          'name another one: --resume CHECKPOINT')
    return None


def why_not(path: str | Path) -> str | None:
    """Why a run cannot be resumed from a file; None if it can. Reads all of it."""
    try:
        if zipfile.is_zipfile(path) and (entry := zipfile.ZipFile(path).testzip()):
            return f'{path} is damaged in its part {entry}'
        checkpoint = read_checkpoint(str(path))
    except (CheckpointError, OSError, zipfile.BadZipFile) as error:
        return str(error).rstrip('.')
    missing = [what for part, what in _PARTS.items() if part not in checkpoint]
    if missing:
        return (f'{path} lacks {", ".join(missing)}, so that no run can go on from it; to start from its weights, give '
                '--cfg-options load_from=FILE instead of --resume')
    return None


def _candidates(record: Path, last: str) -> list[Path]:
    """The checkpoint that was saved last, as recorded, then those before it; without a record all, the newest first."""
    first, moved = Path(last), record.with_name(osp.basename(last) or record.name)
    if not first.is_file() and moved.is_file():
        first = moved
    others = {path: int(match.group(1)) for path in (first if last else record).parent.glob('*.pth')
              if (match := re.search(r'(\d+)$', path.stem)) and not path.name.startswith('best_')}
    if not last:
        return sorted(others, key=lambda path: path.stat().st_mtime, reverse=True)
    number = re.search(r'(\d+)$', first.stem)
    if not number:
        return [first]
    # Later ones are of an earlier run in this folder, unless they were saved after the record was written, by a run
    # that ended right before it wrote it again.
    usable = [path for path in others if path != first and (
        others[path] < int(number.group(1)) or path.stat().st_mtime_ns > record.stat().st_mtime_ns)]
    return sorted([first, *usable], key=lambda path: others.get(path, int(number.group(1))), reverse=True)


def use_seed_of_checkpoint(cfg: Config) -> None:
    """Give a run that is resumed the random seed it began with, in place.

    Without a seed in the config MMEngine draws one and saves it, but reads it back only after the data loader
    was built with another one, so that the order of the data would change.
    """
    if not cfg.get('resume') or not cfg.get('load_from'):
        return
    randomness = cfg.get('randomness') or {}
    if randomness.get('seed') is None:
        meta = read_checkpoint(cfg.load_from).get('meta', {})
        cfg.randomness = {**randomness, 'seed': meta.get('seed')}
