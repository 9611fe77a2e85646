"""Which runs a comparison consists of."""
import os.path as osp
from collections.abc import Sequence
from pathlib import Path

from mmpconv.errors import LaunchError

from .run import BASELINE, Run

FIELDS = ('network', 'padding')


def plan_runs(template: str, networks: Sequence[str], paddings: Sequence[str], seeds: int, work_dir: Path,
              metric: str, options: Sequence[str] = (), gpus: int = 1) -> list[Run]:
    """All runs, in the order of the arguments, each checked to be one that can start.

    Args:
        template: Path of a config, with ``{network}`` and ``{padding}`` in it.
        networks, paddings: What to put there.
        seeds: Number of runs of each, with seeds from 0.
        work_dir: A run goes to ``NETWORK-PADDING/seed-SEED`` in it.
        metric, options, gpus: As of :class:`Run`.

    Raises:
        LaunchError: One of the arguments cannot be what was meant, a config is missing, or a folder holds a run
            that was started with other settings.
    """
    for name in FIELDS:
        if f'{{{name}}}' not in template:
            raise LaunchError(f"the template of the configs, {template}, has no {{{name}}} in it; write it where the "
                              f"name of the {name} stands, as in 'configs/{{network}}-{{padding}}.py'")
    for name, values in (('network', networks), ('padding', paddings)):
        repeated = [value for value in dict.fromkeys(values) if list(values).count(value) > 1]
        if repeated:
            raise LaunchError(f'--{name}s has {", ".join(repeated)} more than once; name each {name} once')
    if BASELINE not in paddings:
        raise LaunchError(f"--paddings is {' '.join(paddings)}, without '{BASELINE}', to which the others are "
                          f'compared; add it')
    for name, value in (('seeds', seeds), ('gpus', gpus)):
        if value < 1:
            raise LaunchError(f'--{name} is {value} but must be at least 1')
    for option in options:
        key, equals, _ = option.partition('=')
        if not equals:
            raise LaunchError(f"--cfg-options has {option!r} but takes KEY=VALUE")
        if key in ('randomness', 'randomness.seed'):
            raise LaunchError(f'--cfg-options sets {key}, but every run has a seed of its own; give their number with '
                              '--seeds')
    runs = [Run(network, padding, seed, config=_fill(template, network, padding), metric=metric,
                folder=work_dir / f'{network}-{padding}/seed-{seed}', options=tuple(options), gpus=gpus)
            for network in networks for padding in paddings for seed in range(seeds)]
    missing = [run.config for run in runs if '::' not in run.config and not osp.isfile(osp.expanduser(run.config))]
    if missing:
        raise LaunchError(f'there is no config file {", ".join(dict.fromkeys(missing))}; name networks and paddings '
                          'for which there is one, or another template')
    for run in runs:
        run.check()
    return runs


def _fill(template: str, network: str, padding: str) -> str:
    # Not str.format: a path may have other braces.
    return template.replace('{network}', network).replace('{padding}', padding)
