"""What ``tools/train.py`` and ``tools/test.py`` do."""
import sys
from argparse import Namespace
from collections.abc import Sequence

from mmengine.config import Config
from mmengine.registry import RUNNERS
from mmengine.runner import Runner

from mmpconv.errors import user_errors
from mmpconv.interruption import INTERRUPTED

from .arguments import apply_test, apply_train, build_test_parser, build_train_parser
from .checkpoint_hooks import ReportLoadedWeightsHook, RequireMatchingWeightsHook, SaveMetricsHook
from .files import load_config
from .machine import end_distributed, fit_to_machine, init_distributed
from .resume import use_seed_of_checkpoint
from .safeguards import add_hooks, stop_at_unwritable_log, work_dir_of_its_own


def train(argv: Sequence[str] | None = None, prog: str = 'train.py') -> None:
    """Train as the command line says.

    Args:
        argv: Arguments after the program's name. Defaults to those of this process.
        prog: How the program is called in its help.
    """
    args = build_train_parser(prog).parse_args(argv)
    try:
        with user_errors():
            _train(args)
            end_distributed()
    except KeyboardInterrupt:
        print('interrupted: the same command with --resume continues from the last checkpoint', file=sys.stderr)
        sys.exit(INTERRUPTED)


def test(argv: Sequence[str] | None = None, prog: str = 'test.py') -> None:
    """Test as the command line says.

    Args:
        argv: Arguments after the program's name. Defaults to those of this process.
        prog: How the program is called in its help.
    """
    args = build_test_parser(prog).parse_args(argv)
    with user_errors():
        _test(args)
        end_distributed()


def build_runner(cfg: Config) -> Runner:
    """Build the runner of a config of any MM* library, fitted to this machine."""
    fit_to_machine(cfg)
    init_distributed(cfg)
    return RUNNERS.build(cfg) if 'runner_type' in cfg else Runner.from_cfg(cfg)


def _train(args: Namespace) -> None:
    cfg = load_config(args.config)
    apply_train(cfg, args)
    add_hooks(cfg)
    with work_dir_of_its_own(cfg):
        use_seed_of_checkpoint(cfg)
        runner = build_runner(cfg)
        runner.register_hook(ReportLoadedWeightsHook(), 'VERY_HIGH')
        stop_at_unwritable_log(runner)
        runner.train()


def _test(args: Namespace) -> None:
    cfg = load_config(args.config)
    apply_test(cfg, args)
    runner = build_runner(cfg)
    runner.register_hook(RequireMatchingWeightsHook(args.checkpoint), 'VERY_HIGH')
    if args.out:
        runner.register_hook(SaveMetricsHook(args.out), 'LOWEST')
    runner.test()
