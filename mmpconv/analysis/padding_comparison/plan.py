"""The plan of a comparison, ready or of configs of the user, and the runs that it consists of."""
import argparse
import os.path as osp
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mmpconv.configs import config_stem, load_config
from mmpconv.errors import LaunchError
from mmpconv.padding.config import base_path, write_padded_config
from mmpconv.whole_files import write_text

from .run import BASELINE, Run

ALL_PADDINGS = (BASELINE, 'partial', 'reflect', 'replicate')
# Of a config's first validation metric: the score that its runs log.
_SCORES = {'Accuracy': 'accuracy/top1', 'IoUMetric': 'mIoU', 'BorderIoUMetric': 'mIoU'}


@dataclass(frozen=True)
class Comparison:
    """Defaults of a comparison.

    Attributes:
        template: Path of its configs, with ``{network}`` and ``{padding}`` in it.
        networks, paddings: What they stand for.
        metric: Name of the score in the log.
        further: Names of other scores in the log that the report has.
        shifts: Pixels by which validation crops are moved for the report.
        data: Place of its data.
        cost: Time that a run takes.
    """
    template: str
    networks: tuple[str, ...] = ()
    paddings: tuple[str, ...] = ALL_PADDINGS
    metric: str = 'accuracy/top1'
    further: tuple[str, ...] = ()
    shifts: tuple[int, ...] = ()
    data: str = ''
    cost: str = ''


_FOLDER = 'configs/partial_padding'
READY = {
    'digits': Comparison(
        f'{_FOLDER}/digits/{{network}}-{{padding}}_1xb64_digits-8x8.py', ('resnet', 'vgg'),
        data='written to data/digits', cost='half a minute on a core'),
    'photos64': Comparison(
        f'{_FOLDER}/photos64/{{network}}-{{padding}}_1xb64_photos-64x64.py', ('resnet18', 'vgg11'), shifts=(0, 8, 16),
        data='folders data/photos64/{train,val}/CLASS, or where PHOTOS64 says',
        cost='4 minutes on a core for 5,000 photos'),
    'camvid': Comparison(
        f'{_FOLDER}/camvid/{{network}}-{{padding}}_1xb8_camvid-96x96.py', ('deeplabv3plus_r18', 'unet'),
        (BASELINE, 'partial'), 'mIoU',
        tuple(f'mIoU/{region}{width}' for width in (8, 16, 32) for region in ('border', 'interior')),
        data='data/camvid/{train,trainannot,val,valannot}, or where CAMVID says', cost='4 minutes on a core'),
    'imagenet': Comparison(
        f'{_FOLDER}/imagenet/{{network}}-{{padding}}_8xb24_in1k.py',
        ('vgg16bn', 'vgg19bn', 'resnet50', 'resnet101', 'resnet152'), data='data/imagenet/{train,val}',
        cost='days on 8 GPUs (--gpus 8)'),
    'cityscapes': Comparison(
        f'{_FOLDER}/cityscapes/{{network}}_r50-d8-{{padding}}_4xb2-80k_cityscapes-512x1024.py',
        ('deeplabv3plus', 'pspnet'), (BASELINE, 'partial'), 'mIoU', data='data/cityscapes',
        cost='a day on 4 GPUs (--gpus 4)'),
}
DEFAULT = 'digits'
TOOL = 'tools/compare_padding.py'


def listing() -> str:
    """The ready comparisons, a paragraph each."""
    return '\n\n'.join('\n'.join([name, *(f'    {what:<10}{text}' for what, text in (
        ('networks', ' '.join(ready.networks)), ('paddings', ' '.join(ready.paddings)), ('score', ready.metric),
        ('data', ready.data), ('a run', ready.cost), ('configs', ready.template)))]) for name, ready in READY.items())


def is_own_config(what: str) -> bool:
    """True for a config, False the name of a ready comparison or a path with ``{network}`` in it.

    Raises:
        LaunchError: It is neither.
    """
    if what in READY or '{' in what:
        return False
    if '::' in what or what.endswith('.py'):
        return True
    raise LaunchError(f'{what} is no comparison; give one of {", ".join(READY)}, a config file, or the path of several '
                      'configs with {network} and {padding} in it')


def default_work_dir(what: str | None) -> Path:
    """The work dir of a comparison for which none is given."""
    folder = Path('work_dirs/compare_padding')
    if what in (None, DEFAULT) or '{' in what:
        return folder
    return folder.with_name(f'{folder.name}-{config_stem(what) if is_own_config(what) else what}')


def mark_of(comparison: str | None) -> str:
    """The name of the place on a page where the results of a comparison go."""
    return f'{TOOL} {comparison}' if comparison in READY and comparison != DEFAULT else TOOL


def package_tools() -> Path:
    """Folder of ``train.py`` and ``dist_train.sh``, beside the ``configs``: of this package, installed or not."""
    home = Path(__file__).parents[2]
    return next(tools for tools in (home / '.mim/tools', home.parent / 'tools') if tools.is_dir())


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


def own_comparison(config: str, paddings: tuple[str, ...], folder: Path, metric: str | None) -> Comparison:
    """The comparison of a config with itself in other paddings, for each of which a config is written.

    Args:
        config: Path of a config, or ``package::path``. Its model is taken to have zero padding.
        paddings: Those to compare.
        folder: Folder of the configs. Those that are there are left as they are: a comparison may go on.
        metric: Name of the score; None: what the config's first metric of validation is known to log.

    Raises:
        LaunchError: The model cannot have another padding, or the score has to be named.
    """
    network = config_stem(config)
    unknown = [padding for padding in paddings if padding not in ALL_PADDINGS]
    if unknown:
        raise LaunchError(f'--paddings has {unknown[0]} but a config can be given {", ".join(ALL_PADDINGS)}')
    metric = metric or _score_of(config)
    for padding in paddings:
        path = folder / f'{network}-{padding}.py'
        if path.exists():
            continue
        folder.mkdir(parents=True, exist_ok=True)
        if padding == BASELINE:
            write_text(path, f'_base_ = {base_path(config, folder)!r}\n')
        else:
            write_padded_config(config, str(path), padding, None, None)
    return Comparison(osp.join(folder, '{network}-{padding}.py'), (network, ), paddings, metric)


def _score_of(config: str) -> str:
    evaluator = load_config(config).get('val_evaluator') or {}
    first = evaluator[0] if isinstance(evaluator, (list, tuple)) else evaluator
    name = str(first.get('type', '')).rpartition('.')[2]
    if name not in _SCORES:
        raise LaunchError(f'name the score by which {config} is to be compared with --metric, as its validation logs '
                          f'it; known without are those of {", ".join(_SCORES)}')
    return _SCORES[name]


def plan_runs(plan: Comparison, seeds: int, work_dir: Path, options: Sequence[str] = (), gpus: int = 1) -> list[Run]:
    """All runs, in the order of networks and paddings, each checked to be one that can start.

    Args:
        plan: See :func:`resolve`.
        seeds: Number of runs of each network and padding, with seeds from 0.
        work_dir: A run goes to ``NETWORK-PADDING/seed-SEED`` in it.
        options, gpus: See :class:`Run`.

    Raises:
        LaunchError: One of the arguments cannot be what was meant, a config is missing, or a folder holds a run
            that was started with other settings.
    """
    for name in ('network', 'padding'):
        if f'{{{name}}}' not in plan.template:
            raise LaunchError(f'the template of the configs, {plan.template}, has no {{{name}}} in it; write it where '
                              f"the name of the {name} stands, as in 'configs/{{network}}-{{padding}}.py'")
    for name, values in (('network', plan.networks), ('padding', plan.paddings)):
        repeated = [value for value in dict.fromkeys(values) if values.count(value) > 1]
        if repeated:
            raise LaunchError(f'--{name}s has {", ".join(repeated)} more than once; name each {name} once')
    if BASELINE not in plan.paddings:
        raise LaunchError(f"--paddings is {' '.join(plan.paddings)}, without '{BASELINE}', to which the others are "
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
    # Not str.format: a path may have other braces.
    configs = {(network, padding): plan.template.replace('{network}', network).replace('{padding}', padding)
               for network in plan.networks for padding in plan.paddings}
    runs = [Run(network, padding, seed, config=config, metric=plan.metric,
                folder=work_dir / f'{network}-{padding}/seed-{seed}', options=tuple(options), gpus=gpus)
            for (network, padding), config in configs.items() for seed in range(seeds)]
    missing = [run.config for run in runs if '::' not in run.config and not osp.isfile(osp.expanduser(run.config))]
    if missing:
        raise LaunchError(f'there is no config file {", ".join(dict.fromkeys(missing))}; name networks and paddings '
                          'for which there is one, or another template')
    for run in runs:
        run.check()
    return runs
