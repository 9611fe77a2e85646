"""The command line of ``mmpconv compare-padding`` and ``tools/compare_padding.py``."""
import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mmpconv.dataset_converters.digits import write_digits
from mmpconv.errors import INTERRUPTED, LaunchError, termination_as_interrupt, user_errors
from mmpconv.evaluation.results_page import publish, require_marks
from mmpconv.whole_files import locked, write_text

from .further import draw_further, logged_scores, shifted_scores
from .plan import DEFAULT, READY, Comparison, default_work_dir, is_own_config, listing, own_comparison, plan_runs
from .report import draw, report, to_csv
from .run import Run
from .training import places_for, train_all

TOOL = 'tools/compare_padding.py'


def build_parser(prog: str = 'compare_padding.py') -> argparse.ArgumentParser:
    """The arguments."""
    parser = argparse.ArgumentParser(
        prog=prog, description='Train networks with several paddings and seeds, and compare their scores. Without '
        'arguments: small networks\non handwritten digits. Started again, it continues.',
        epilog=f'examples:\n  {prog} --list\n  {prog} photos64 --networks resnet18 --paddings zero partial --seeds 3\n'
        f'  {prog} my_config.py --paddings zero partial --seeds 3',
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        'comparison', nargs='?', metavar='COMPARISON', help='name of a ready one; a config of your own, of which those '
        'with other paddings are made; or the path of several configs, with {network} and {padding} in it; default: '
        f'{DEFAULT}')
    parser.add_argument('--list', action='store_true', help='show the ready comparisons and exit')
    parser.add_argument('--networks', nargs='+', metavar='NAME', help='what {network} stands for; default: all of a '
                        'ready comparison')
    parser.add_argument('--paddings', nargs='+', metavar='NAME', help="what {padding} stands for; one is 'zero'; "
                        'default: zero partial reflect replicate, or those of a ready comparison')
    parser.add_argument('--seeds', type=int, default=5, metavar='N', help='runs of each, with seeds 0 to N - 1; '
                        'default: 5')
    parser.add_argument('--metric', help='name of the score in the log, the more the better; default: that of a ready '
                        "comparison, accuracy/top1 or mIoU by a config's own metric, otherwise accuracy/top1")
    parser.add_argument('--further', nargs='*', metavar='NAME', help='other scores in the log that the report has; '
                        'default: those of a ready comparison')
    parser.add_argument('--shifts', nargs='*', type=int, metavar='PIXELS', help='also score each trained classifier on '
                        'crops that are moved this far from the centre; default: those of a ready comparison')
    parser.add_argument('--work-dir', type=Path, metavar='FOLDER', help='where everything goes; default: '
                        'work_dirs/compare_padding, with -NAME for others than the digits')
    parser.add_argument('--jobs', type=int, metavar='N', help='runs at a time; default: one a core, or one on a '
                        'machine with GPUs')
    parser.add_argument('--gpus', type=int, default=1, metavar='N', help='GPUs (or processes) of each run; default: 1')
    parser.add_argument('--cfg-options', nargs='+', default=[], metavar='KEY=VALUE', help='change entries of all '
                        'configs, as of train.py')
    parser.add_argument('--page', type=Path, help='write the results into this Markdown file too, between its two '
                        'marks, and CSV and pictures to the folder benchmarks beside it')
    return parser


def command(argv: Sequence[str] | None = None, prog: str = 'mmpconv compare-padding') -> None:
    """What ``mmpconv compare-padding`` does: :func:`main` with the tools of this package, installed or not."""
    home = Path(__file__).parents[2]  # of the package
    main(next(tools for tools in (home / '.mim/tools', home.parent / 'tools') if tools.is_dir()), argv, prog)


def main(tools: Path, argv: Sequence[str] | None = None, prog: str = 'compare_padding.py') -> None:
    """Compare as the command line says.

    Args:
        tools: Folder of ``train.py`` and ``dist_train.sh``, beside the ``configs``.
        argv: Arguments after the program's name. Defaults to those of this process.
        prog: How the program is called in its help.
    """
    args = build_parser(prog).parse_args(argv)
    if args.list:
        print(listing())
        return
    with user_errors():
        if args.jobs is not None and args.jobs < 1:
            raise LaunchError(f'--jobs is {args.jobs} but must be at least 1')
        if args.page:
            require_marks(args.page, mark_of(args.comparison))
        args.work_dir = args.work_dir or default_work_dir(args.comparison)
        with locked(args.work_dir, 'another comparison, or a training that one left behind,') as lock:
            plan = resolve(args, tools.parent)
            runs = plan_runs(plan.template, plan.networks, plan.paddings, args.seeds, args.work_dir, plan.metric,
                             args.cfg_options, args.gpus)
            _compare(args, plan, runs, tools, lock)


def resolve(args: argparse.Namespace, root: Path) -> Comparison:
    """What is to be compared: what the command line says, and what it leaves open by the name it gives.

    Args:
        args: Of :func:`build_parser`, with a work dir.
        root: Folder in which the ``configs`` lie.

    Raises:
        LaunchError: Something is missing, or does not go together.
    """
    name = args.comparison or DEFAULT
    if is_own_config(name):
        if args.networks:
            raise LaunchError(f'--networks goes with several configs, but {name} is one; leave it out')
        plan = own_comparison(name, tuple(args.paddings or Comparison('').paddings), args.work_dir / 'configs',
                              args.metric)
    elif name in READY:
        plan = replace(READY[name], template=str(root / READY[name].template))
    else:
        plan = Comparison(name)
    given = {key: value if isinstance(value, str) else tuple(value) for key in (
        'networks', 'paddings', 'metric', 'further', 'shifts') if (value := getattr(args, key)) is not None}
    plan = replace(plan, **given)
    if not plan.networks:
        raise LaunchError('name the networks with --networks: what {network} stands for in ' + name)
    if any(shift < 0 for shift in plan.shifts) or list(plan.shifts) != sorted(set(plan.shifts)):
        raise LaunchError(f'--shifts is {" ".join(map(str, plan.shifts))} but takes pixels from small to large, as in '
                          '--shifts 0 8 16')
    return plan


def mark_of(comparison: str | None) -> str:
    """The name of the place on a page where the results of a comparison go."""
    return f'{TOOL} {comparison}' if comparison in READY and comparison != DEFAULT else TOOL


def _compare(args: argparse.Namespace, plan: Comparison, runs: Sequence[Run], tools: Path, lock: int) -> None:
    start = time.monotonic()
    if args.comparison in (None, DEFAULT):
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
    text, files = _write_results(args, plan, runs)
    print(f'\n{text}\n{len(left)} runs took {(time.monotonic() - start) / 60:.1f} minutes\n')
    for suffix, path in files.items():
        print(f'{dict(md="table", csv="scores").get(suffix, "picture"):<9}{path}')


def _write_results(args: argparse.Namespace, plan: Comparison, runs: Sequence[Run]) -> tuple[str, dict[str, Path]]:
    """Table, CSV and pictures of finished runs. Returns the text, and the files by suffix."""
    scores = [run.score() for run in runs]
    further = [{**score, 'scores': {**logged_scores(run, plan.further),
                                    **(shifted_scores(run, plan.shifts) if plan.shifts else {})}}
               for run, score in zip(runs, scores)] if plan.further or plan.shifts else []
    root = READY.get(args.comparison or DEFAULT)
    text = report(scores, runs, root.template if root else plan.template, further, plan.shifts)
    files = {suffix: args.work_dir / f'comparison.{suffix}' for suffix in ('md', 'csv', 'png')}
    write_text(files['csv'], to_csv(scores, [run['scores'] for run in further]))
    draw(scores, plan.metric, files['png'])
    pictures = [files['png']]
    if further:
        pictures.append(args.work_dir / 'comparison-further.png')
        files['further.png'] = pictures[-1]
        draw_further(further, pictures[-1])
    shown = ''.join(f'\n![Scores]({picture.name})\n' for picture in pictures)
    write_text(files['md'], f'{text}{shown}')
    if args.page:
        mark = mark_of(args.comparison)
        name = f'{args.page.stem}{mark[len(TOOL):]}'.replace(' ', '-')
        publish(args.page, mark, text, files['csv'], *pictures, name=name)
    return text, files


def _require_digits(run: Run) -> None:
    """Write the digits where the config looks for them, unless they are there."""
    folder = Path(run.settings['config']['train_dataloader']['dataset']['data_root'])
    if not folder.exists():
        write_digits(folder)
        print(f'digits written to {folder}')
