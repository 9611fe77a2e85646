"""What keeps a training that the tools start from losing or spoiling its work."""
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mmengine.config import Config
from mmengine.runner import Runner

from mmpconv.locked_folder import locked
from mmpconv.whole_files import remove_unfinished

from .arguments import type_name

_RANK = {'pytorch': 'RANK', 'slurm': 'SLURM_PROCID', 'mpi': 'OMPI_COMM_WORLD_RANK'}


def add_hooks(cfg: Config) -> None:
    """Give a config of any MM* library our ``CheckpointHook`` and ``CheckFiniteHook``, in place.

    ``CheckpointHook`` stands for ours in each, with the arguments it has. A ``CheckFiniteHook`` stays as it is.
    """
    default_hooks = cfg.get('default_hooks') or {}
    default_hooks.setdefault('checkpoint', dict(type='CheckpointHook', interval=1))  # as MMEngine does
    cfg.default_hooks = default_hooks
    custom_hooks = list(cfg.get('custom_hooks') or [])
    hooks = [hook for hook in (*cfg.default_hooks.values(), *custom_hooks) if isinstance(hook, dict)]
    for hook in hooks:
        if type_name(hook) == 'CheckpointHook':
            hook['type'] = 'mmpconv.engine.hooks.CheckpointHook'
    if not any(type_name(hook) == 'CheckFiniteHook' for hook in hooks):
        cfg.custom_hooks = [*custom_hooks, dict(type='mmpconv.engine.hooks.CheckFiniteHook')]


@contextmanager
def work_dir_of_its_own(cfg: Config) -> Iterator[None]:
    """Lock the work dir against other trainings, and remove the halves of files that a killed one left there.

    Of a distributed run the first process does it.

    Raises:
        LaunchError: Another training has the work dir.
    """
    if int(os.environ.get(_RANK.get(cfg.get('launcher', 'none'), ''), 0)):
        yield
        return
    folder = Path(cfg.work_dir)
    # Processes that load data outlive one that is killed by seconds, and must not keep it from being resumed at once.
    with locked(folder, 'another training', inherited=False):
        remove_unfinished(folder)
        yield


def stop_at_unwritable_log(runner: Runner) -> None:
    """A log that cannot be written, as on a full disk, ends the run instead of filling the terminal with tracebacks."""
    for handler in runner.logger.handlers:
        if isinstance(handler, logging.FileHandler):
            handler.handleError = _raise


def _raise(record: logging.LogRecord) -> None:
    raise
