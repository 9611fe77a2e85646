"""Arguments of training and testing, and the changes of the config that each makes."""
import os
import os.path as osp
from argparse import Namespace
from collections.abc import Sequence

from mmengine.config import Config, DictAction
from mmengine.logging import print_log

from mmpconv.errors import LaunchError

from .resume import config_stem, how_to_make, require_checkpoint, resume

AMP_WRAPPER = 'mmpconv.engine.AmpOptimWrapper'


def read_options(options: Sequence[str]) -> dict:
    """Changes of a config from ``KEY=VALUE`` as MM* tools take them behind ``--cfg-options``.

    Raises:
        ValueError: One has another form.
    """
    for option in options:
        if '=' not in option:
            raise ValueError(f'{option!r} is not of the form KEY=VALUE')
    read = Namespace()
    DictAction(['--cfg-options'], 'options', nargs='+')(None, read, options)
    return read.options


def apply_common(cfg: Config, args: Namespace) -> None:
    """Merge ``--cfg-options``, ``--work-dir`` and the launcher into the config, in place.

    Raises:
        LaunchError: An option names a place that the config does not have.
    """
    if args.cfg_options:
        try:
            cfg.merge_from_dict(args.cfg_options)
        except (KeyError, TypeError, IndexError, AttributeError) as error:
            raise LaunchError(
                f'--cfg-options {args.cfg_options} does not fit {args.config}: {error}') from error
    if args.work_dir:
        cfg.work_dir = args.work_dir
    elif cfg.get('work_dir') is None:
        cfg.work_dir = osp.join('work_dirs', config_stem(args.config))
    cfg.launcher = args.launcher
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))


def apply_train(cfg: Config, args: Namespace) -> None:
    """Merge the arguments of ``mmpconv train`` into the config, in place.

    Raises:
        LaunchError: ``--amp``, ``--auto-scale-lr`` or ``--resume`` cannot be
            honoured with this config, or it lacks a part that training needs.
    """
    apply_common(cfg, args)
    _require_keys(cfg, args.config, 'train', ('model', 'train_dataloader', 'train_cfg', 'optim_wrapper'))
    if args.amp:
        _turn_on_amp(cfg.optim_wrapper, args.config)
    if args.auto_scale_lr:
        if 'base_batch_size' not in (cfg.get('auto_scale_lr') or {}):
            raise LaunchError(
                f'--auto-scale-lr was given, but {args.config} does not say for which batch size its '
                'learning rate is; add auto_scale_lr = dict(base_batch_size=N) or leave the option out')
        cfg.auto_scale_lr.enable = True
    if args.resume:
        resume(cfg, args.resume)
    if cfg.get('load_from') == '':
        raise LaunchError(f'load_from of {args.config} is empty; give the path or the URL of a checkpoint, or None')
    if cfg.get('load_from'):
        require_checkpoint(cfg.load_from, f'load_from of {args.config}',
                           how_to_make(cfg.load_from, args.config))


def apply_test(cfg: Config, args: Namespace) -> None:
    """Merge the arguments of ``mmpconv test`` into the config, in place.

    Raises:
        LaunchError: There is no such checkpoint, the config lacks a part that
            testing needs, or the suffix of ``--out`` is not one of a metrics file.
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


def type_name(node: dict) -> str:
    """Name of a config's type without scope or module; the type may be a class, as in MMEngine's newer configs."""
    kind = node.get('type') or ''
    return (kind if isinstance(kind, str) else kind.__name__).rpartition('.')[2]
