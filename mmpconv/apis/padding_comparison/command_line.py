"""The command line of ``tools/compare_padding.py``."""
import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from mmpconv.apis.digits import write_digits
from mmpconv.apis.results_page import publish, require_marks
from mmpconv.errors import LaunchError, user_errors
from mmpconv.interruption import INTERRUPTED, termination_as_interrupt
from mmpconv.locked_folder import locked
from mmpconv.whole_files import write_text

from .plan import plan_runs
from .plot import draw
from .report import report, to_csv
from .run import Run
from .training import places_for, train_all

DIGITS = 'configs/partial_padding/digits/{network}-{padding}_1xb64_digits-8x8.py'
TOOL = 'tools/compare_padding.py'


def build_parser() -> argparse.ArgumentParser:
    """The arguments."""
    parser = argparse.ArgumentParser(
        prog='compare_padding.py', description='Train networks with several paddings and seeds, and compare their '
        'scores. Without arguments: small networks on handwritten digits. Started again, it continues.')
    parser.add_argument(
        'template', nargs='?', help="path of the configs, with {network} and {padding} in it; default: the digits' "
        f'({DIGITS})')
    parser.add_argument('--networks', nargs='+', default=['resnet', 'vgg'], metavar='NAME',
                        help='what {network} stands for; default: resnet vgg')
    parser.add_argument('--paddings', nargs='+', default=['zero', 'partial', 'reflect', 'replicate'], metavar='NAME',
                        help="what {padding} stands for; one is 'zero'; default: zero partial reflect replicate")
    parser.add_argument('--seeds', type=int, default=5, metavar='N', help='runs of each, with seeds 0 to N - 1; '
                        'default: 5')
    parser.add_argument('--metric', default='accuracy/top1', help='name of the score in the log, the more the better; '
                        'default: accuracy/top1')
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/compare_padding'), metavar='FOLDER',
                        help='where everything goes; default: work_dirs/compare_padding')
    parser.add_argument('--jobs', type=int, metavar='N', help='runs at a time; default: one a core, or one on a '
                        'machine with GPUs')
    parser.add_argument('--gpus', type=int, default=1, metavar='N', help='GPUs (or processes) of each run; default: 1')
    parser.add_argument('--cfg-options', nargs='+', default=[], metavar='KEY=VALUE', help='change entries of all '
                        'configs, as of train.py')
    parser.add_argument('--page', type=Path, help='write the results into this Markdown file too, between its two '
                        'marks, and CSV and picture to the folder benchmarks beside it')
    return parser


def main(tools: Path, argv: Sequence[str] | None = None) -> None:
    """Compare as the command line says.

    Args:
        tools: Folder of ``train.py`` and ``dist_train.sh``, beside the ``configs``.
        argv: Arguments after the program's name. Defaults to those of this process.
    """
    args = build_parser().parse_args(argv)
    with user_errors():
        if args.jobs is not None and args.jobs < 1:
            raise LaunchError(f'--jobs is {args.jobs} but must be at least 1')
        if args.page:
            require_marks(args.page, TOOL)
        runs = plan_runs(args.template or str(tools.parent / DIGITS), args.networks, args.paddings, args.seeds,
                         args.work_dir, args.metric, args.cfg_options, args.gpus)
        with locked(args.work_dir, 'another comparison, or a training that one left behind,') as lock:
            _compare(args, runs, tools, lock)


def _compare(args: argparse.Namespace, runs: Sequence[Run], tools: Path, lock: int) -> None:
    start = time.monotonic()
    if args.template is None:
        _require_digits(runs[0])
    left = [run for run in runs if run.score() is None]
    places = places_for(args.jobs, args.gpus)
    print(f'{len(runs)} runs in {args.work_dir}: {len(runs) - len(left)} are finished, {len(left)} are left, '
          f'{len(places)} at a time', flush=True)
    try:
        with termination_as_interrupt():
            failures = train_all(left, len(runs) - len(left), tools, places, lock) if left else []
    except KeyboardInterrupt:
        finished = sum(run.score() is not None for run in runs)
        print(f'interrupted: {finished} of {len(runs)} runs are finished; the same command continues', file=sys.stderr)
        sys.exit(INTERRUPTED)
    if failures:
        listed = ''.join(f'\n  {failure}' for failure in failures)
        raise LaunchError(f'{len(failures)} of {len(runs)} runs failed, so there is no table:{listed}\nThe same '
                          'command runs again what is not finished.')
    scores = [run.score() for run in runs]
    text = report(scores, runs, args.template or DIGITS)
    files = {suffix: args.work_dir / f'comparison.{suffix}' for suffix in ('md', 'csv', 'png')}
    write_text(files['csv'], to_csv(scores))
    draw(scores, args.metric, files['png'])
    write_text(files['md'], f'{text}\n![Scores]({files["png"].name})\n')
    if args.page:
        publish(args.page, TOOL, text, files['csv'], files['png'])
    print(f'\n{text}\n{len(left)} runs took {(time.monotonic() - start) / 60:.1f} minutes\n')
    for name, suffix in (('table', 'md'), ('scores', 'csv'), ('picture', 'png')):
        print(f'{name:<9}{files[suffix]}')


def _require_digits(run: Run) -> None:
    """Write the digits where the config looks for them, unless they are there."""
    folder = Path(run.settings['config']['train_dataloader']['dataset']['data_root'])
    if not folder.exists():
        write_digits(folder)
        print(f'digits written to {folder}')
