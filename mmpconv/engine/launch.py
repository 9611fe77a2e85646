"""Launching of training and testing."""
import logging
import os
import warnings
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.registry import RUNNERS
from mmengine.runner import Runner

from mmpconv.whole_files import locked, remove_unfinished

from .arguments import apply_test, apply_train, type_name
from .hooks.checkpoint import ReportLoadedWeightsHook, RequireMatchingWeightsHook, SaveMetricsHook
from .machine import end_distributed, fit_to_machine, init_distributed
from .resume import load_config, use_seed_of_checkpoint

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


# Beginnings of what MMEngine logs for those who look for a fault later: environment, config, hooks, defaults.
_FOR_THE_FILE = ('\n' + '-' * 60, 'Config:\n', 'Hooks will be executed in the following order',
                 'Distributed training is not used', 'The prefix is not set in metric class',
                 '"FileClient" will be deprecated')


class QuietRunner(Runner):
    """MMEngine's runner, whose terminal shows what a person reads. Its log file holds everything."""

    def build_logger(self, *args, **kwargs) -> MMLogger:
        """As MMEngine's, without hundreds of lines of settings on the terminal."""
        logger = super().build_logger(*args, **kwargs)
        for handler in logger.handlers:
            if not isinstance(handler, logging.FileHandler):
                handler.addFilter(lambda record: not record.getMessage().startswith(_FOR_THE_FILE))
        return logger


def build_runner(cfg: Config) -> Runner:
    """Build the runner of a config of any MM* library, fitted to this machine."""
    fit_to_machine(cfg)
    init_distributed(cfg)
    runner = RUNNERS.build(cfg) if 'runner_type' in cfg else QuietRunner.from_cfg(cfg)
    runner.logger.info(f'Config, environment and all messages: {runner.log_dir}')
    return runner


def _leave_out_foreign_warnings() -> None:
    """Of what libraries will change in how they use each other, users of none of it need to know."""
    libraries = r'(mmagic|mmcv|mmengine|mmpretrain|mmseg|torch|transformers)\.'
    for category in (FutureWarning, DeprecationWarning):
        warnings.filterwarnings('ignore', category=category, module=libraries)
    warnings.filterwarnings('ignore', message='pkg_resources is deprecated')


def train(args: Namespace) -> None:
    """Train the model of a config.

    Args:
        args: Those of ``mmpconv train``.

    Raises:
        LaunchError: Something is missing, or does not go together.
    """
    _leave_out_foreign_warnings()
    _train(args)
    end_distributed()


def _train(args: Namespace) -> None:
    # A function of its own, so that the model is gone when the process group of DDP ends.
    cfg = load_config(args.config)
    apply_train(cfg, args)
    add_hooks(cfg)
    with work_dir_of_its_own(cfg):
        use_seed_of_checkpoint(cfg)
        runner = build_runner(cfg)
        runner.register_hook(ReportLoadedWeightsHook(), 'VERY_HIGH')
        stop_at_unwritable_log(runner)
        runner.train()


def test(args: Namespace) -> None:
    """Compute the metrics of a checkpoint.

    Args:
        args: Those of ``mmpconv test``.

    Raises:
        LaunchError: Something is missing, or does not go together.
    """
    _leave_out_foreign_warnings()
    _test(args)
    end_distributed()


def _test(args: Namespace) -> None:
    cfg = load_config(args.config)
    apply_test(cfg, args)
    runner = build_runner(cfg)
    runner.register_hook(RequireMatchingWeightsHook(args.checkpoint), 'VERY_HIGH')
    if args.out:
        runner.register_hook(SaveMetricsHook(args.out), 'LOWEST')
    runner.test()
