"""A comparison from its plan to its table: what ``mmpconv compare-padding`` does."""
import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mmpconv.dataset_converters.digits import write_digits
from mmpconv.errors import INTERRUPTED, LaunchError
from mmpconv.reports import publish, require_marks
from mmpconv.whole_files import locked, write_text

from .further import logged_scores, shifted_scores
from .plan import DEFAULT, READY, Comparison, default_work_dir, is_own_config, own_comparison, plan_runs
from .report import draw, draw_further, report, to_csv
from .run import Run
from .training import places_for, train_all

TOOL = 'tools/compare_padding.py'


def package_tools() -> Path:
    """Folder of ``train.py`` and ``dist_train.sh``, beside the ``configs``: of this package, installed or not."""
    home = Path(__file__).parents[2]
    return next(tools for tools in (home / '.mim/tools', home.parent / 'tools') if tools.is_dir())


def compare(args: argparse.Namespace) -> int | None:
    """Train what is not trained yet, and compare the scores.

    Args:
        args: Those of ``mmpconv compare-padding``.

    Returns:
        int: Exit status, if it is not 0.

    Raises:
        LaunchError: Something is missing or does not go together, or runs failed.
    """
    if args.page:
        require_marks(args.page, mark_of(args.comparison))
    args.work_dir = args.work_dir or default_work_dir(args.comparison)
    tools = package_tools()
    with locked(args.work_dir, 'another comparison, or a training that one left behind,') as lock:
        plan = resolve(args, tools.parent)
        runs = plan_runs(plan.template, plan.networks, plan.paddings, args.seeds, args.work_dir, plan.metric,
                         args.cfg_options, args.gpus)
        return _compare(args, plan, runs, tools, lock)


def resolve(args: argparse.Namespace, root: Path) -> Comparison:
    """The comparison that a command line means: its own arguments, and the defaults of the comparison it names.

    Args:
        args: Those of ``mmpconv compare-padding``, with a work dir.
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


def _compare(args: argparse.Namespace, plan: Comparison, runs: Sequence[Run], tools: Path, lock: int) -> int | None:
    start = time.monotonic()
    if args.comparison in (None, DEFAULT):
        _require_digits(runs[0])
    left = [run for run in runs if run.score() is None]
    places = places_for(args.jobs, args.gpus)
    print(f'{len(runs)} runs in {args.work_dir}: {len(runs) - len(left)} are finished, {len(left)} are left, '
          f'{len(places)} at a time', flush=True)
    try:
        failures = train_all(left, len(runs) - len(left), tools, places, lock) if left else []
    except KeyboardInterrupt:
        finished = sum(run.score() is not None for run in runs)
        print(f'interrupted: {finished} of {len(runs)} runs are finished; the same command continues', file=sys.stderr)
        return INTERRUPTED
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
