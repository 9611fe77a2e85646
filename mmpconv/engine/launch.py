"""Launching of training and testing."""
import logging
import os
import os.path as osp
import warnings
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import wraps
from pathlib import Path

from mmengine.config import Config
from mmengine.logging import MMLogger, print_log
from mmengine.registry import RUNNERS
from mmengine.runner import Runner

from mmpconv.configs import config_stem, load_config, merge_options, type_name
from mmpconv.errors import LaunchError
from mmpconv.whole_files import locked, remove_unfinished

from .hooks.checkpoint import ReportLoadedWeightsHook, RequireMatchingWeightsHook, SaveMetricsHook
from .machine import AMP_WRAPPER, LAUNCHERS, end_distributed, fit_to_machine, init_distributed
from .resume import how_to_make, require_checkpoint, resume, use_seed_of_checkpoint


def apply_common(cfg: Config, args: Namespace) -> None:
    """Merge ``--cfg-options``, ``--work-dir`` and the launcher into the config, in place.

    Raises:
        LaunchError: An option names a place that the config does not have.
    """
    merge_options(cfg, args.cfg_options, args.config)
    if args.work_dir:
        cfg.work_dir = args.work_dir
    elif cfg.get('work_dir') is None:
        cfg.work_dir = osp.join('work_dirs', config_stem(args.config))
    cfg.launcher = args.launcher
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))


def apply_train(cfg: Config, args: Namespace) -> None:
    """Merge the arguments of ``mmpconv train`` into the config, in place.

    Raises:
        LaunchError: ``--amp``, ``--auto-scale-lr`` or ``--resume`` cannot be honoured with this config, or it lacks a
            part that training needs.
    """
    apply_common(cfg, args)
    _require_keys(cfg, args.config, 'train', ('model', 'train_dataloader', 'train_cfg', 'optim_wrapper'))
    if args.amp:
        _turn_on_amp(cfg.optim_wrapper, args.config)
    if args.auto_scale_lr:
        if 'base_batch_size' not in (cfg.get('auto_scale_lr') or {}):
            raise LaunchError(f'--auto-scale-lr was given, but {args.config} does not say for which batch size its '
                              'learning rate is; add auto_scale_lr = dict(base_batch_size=N) or leave the option out')
        cfg.auto_scale_lr.enable = True
    if args.resume:
        resume(cfg, args.resume)
    if cfg.get('load_from') == '':
        raise LaunchError(f'load_from of {args.config} is empty; give the path or the URL of a checkpoint, or None')
    if cfg.get('load_from'):
        require_checkpoint(cfg.load_from, f'load_from of {args.config}', how_to_make(cfg.load_from, args.config))


def apply_test(cfg: Config, args: Namespace) -> None:
    """Merge the arguments of ``mmpconv test`` into the config, in place.

    Raises:
        LaunchError: There is no such checkpoint, the config lacks a part that testing needs, or the suffix of
            ``--out`` is not one of a metrics file.
    """
    apply_common(cfg, args)
    _require_keys(cfg, args.config, 'test', ('model', 'test_dataloader', 'test_cfg', 'test_evaluator'))
    if args.out and osp.splitext(args.out)[1] not in ('.json', '.yaml', '.yml', '.pkl', '.pickle'):
        raise LaunchError(f'--out is {args.out}; metrics are written as .json, .yaml or .pkl')
    require_checkpoint(args.checkpoint, 'the checkpoint', 'give the path or the URL of a .pth file')
    cfg.load_from, cfg.resume = args.checkpoint, False


def _require_keys(cfg: Config, name: str, task: str, keys: tuple) -> None:
    missing = [key for key in keys if cfg.get(key) is None]
    if missing:
        raise LaunchError(f'{name} is not a config to {task}: it has no {", ".join(missing)}')


def _turn_on_amp(optim_wrapper: dict, config: str) -> None:
    """Turn every optimizer wrapper of the config into one of mixed precision."""
    several = [value for value in optim_wrapper.values() if isinstance(value, dict) and 'optimizer' in value]
    for wrapper in several or [optim_wrapper]:
        kind = type_name(wrapper) or 'OptimWrapper'
        if kind == 'AmpOptimWrapper':
            print_log(f'--amp: {config} already trains in mixed precision', logger='current')
        elif kind == 'OptimWrapper':
            wrapper['type'] = AMP_WRAPPER
            wrapper.setdefault('loss_scale', 'dynamic')
        else:
            raise LaunchError(f"--amp works with optimizer wrappers of type 'OptimWrapper', but {config} has "
                              f"'{kind}'; leave --amp out, or set optim_wrapper.type")


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
def work_dir_of_its_own(folder: str | Path, launcher: str = 'none') -> Iterator[None]:
    """Lock the work dir against other trainings, and remove the halves of files that a killed one left there.

    Of a distributed run, started by ``launcher``, the first process does it.

    Raises:
        LaunchError: Another training has the work dir.
    """
    if launcher != 'none' and int(os.environ.get(LAUNCHERS[launcher][0], 0)):
        yield
        return
    folder = Path(folder)
    # Processes that load data outlive one that is killed by seconds, and must not keep it from being resumed at once.
    with locked(folder, 'another training', inherited=False):
        remove_unfinished(folder)
        yield


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


def _stop_at_unwritable_log(runner: Runner) -> None:
    """A log that cannot be written, as on a full disk, ends the run instead of filling the terminal with tracebacks."""
    def stop(record: logging.LogRecord) -> None:
        raise  # what is being handled

    for handler in runner.logger.handlers:
        if isinstance(handler, logging.FileHandler):
            handler.handleError = stop


def _launched(task: Callable[..., None]) -> Callable[..., None]:
    """A task without warnings that are for others, after which the processes of a run end together.

    When the process group of DDP ends, the model of the task, a local variable of it, is gone.
    """
    @wraps(task)
    def launched(args: Namespace, **options) -> None:
        # Of what libraries will change in how they use each other, users of none of it need to know.
        libraries = r'(mmagic|mmcv|mmengine|mmpretrain|mmseg|torch|transformers)\.'
        for category in (FutureWarning, DeprecationWarning):
            warnings.filterwarnings('ignore', category=category, module=libraries)
        warnings.filterwarnings('ignore', message='pkg_resources is deprecated')
        task(args, **options)
        end_distributed()

    return launched


@_launched
def train(args: Namespace, lock: bool = True) -> None:
    """Train the model of a config.

    Args:
        args: Those of ``mmpconv train``.
        lock: False where the caller holds :func:`work_dir_of_its_own` already.

    Raises:
        LaunchError: Something is missing, or does not go together.
    """
    cfg = load_config(args.config)
    apply_train(cfg, args)
    add_hooks(cfg)
    with work_dir_of_its_own(cfg.work_dir, cfg.launcher) if lock else nullcontext():
        use_seed_of_checkpoint(cfg)
        runner = build_runner(cfg)
        runner.register_hook(ReportLoadedWeightsHook(), 'VERY_HIGH')
        _stop_at_unwritable_log(runner)
        runner.train()


@_launched
def test(args: Namespace) -> None:
    """Compute the metrics of a checkpoint.

    Args:
        args: Those of ``mmpconv test``.

    Raises:
        LaunchError: Something is missing, or does not go together.
    """
    cfg = load_config(args.config)
    apply_test(cfg, args)
    runner = build_runner(cfg)
    runner.register_hook(RequireMatchingWeightsHook(args.checkpoint), 'VERY_HIGH')
    if args.out:
        runner.register_hook(SaveMetricsHook(args.out), 'LOWEST')
    runner.test()
