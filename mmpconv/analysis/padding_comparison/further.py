"""Tables of further scores: crops shifted to the border, and metrics that the logs hold."""
import copy
import math
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import torch
from mmengine.config import ConfigDict
from mmengine.registry import DATASETS, MODELS, DefaultScope
from mmengine.utils import import_modules_from_strings
from torch import nn

from mmpconv.checkpoints.loading import load_from_local
from mmpconv.errors import LaunchError
from mmpconv.evaluation.statistics import PaddingSummary, summarise
from mmpconv.whole_files import read_json, whole_file, write_json

from .run import BASELINE, Run, checkpoint_to_resume, logged_metrics, read_scores

UNDEFINED = '-'


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]], words: int) -> str:
    """A table whose first columns, as many as ``words``, are words, and the others numbers."""
    alignment = ['-'] * words + ['-:'] * (len(header) - words)
    return '\n'.join(f'| {" | ".join(cells)} |' for cells in [header, alignment, *rows])


def number(value: float | None, sign: str = '') -> str:
    """Three decimals; ``sign`` is '+' for a difference."""
    return UNDEFINED if value is None else f'{round(value, 3) + 0.0:{sign}.3f}'  # no -0.000


def interval(ends: tuple[float, float] | None) -> str:
    """Of a difference."""
    return UNDEFINED if ends is None else f'{ends[0]:+.3f} to {ends[1]:+.3f}'


def p_value(value: float | None) -> str:
    """Three decimals, or less than the least of them."""
    return UNDEFINED if value is None else '< 0.001' if value < 0.001 else f'{value:.3f}'


BATCH = 100  # photos at a time
FILE = 'shifted_crops.json'


def shifted_scores(run: Run, shifts: Sequence[int]) -> dict[str, float]:
    """Top-1 accuracy in percent of a finished run by the shift of the crop, and the loss from the first to the last.

    Every photo of the validation set is resized so that a crop can be moved by the largest shift and stay inside, so
    that no pixel is made up. A shift of s is measured in the four diagonal directions (s pixels down and right, say)
    and averaged; 0 is the centre crop of the same enlarged photo. The network is that of the last checkpoint. What was
    found lies in the folder of the run and is not computed again.

    Args:
        run: Of a classifier whose validation photos pass ``ResizeEdge`` and ``CenterCrop``.
        shifts: Pixels, from small to large.

    Raises:
        LaunchError: The run has another validation, or no checkpoint of its end.
    """
    known = read_json(run.folder / FILE) or {}
    if known.get('shifts') != list(shifts):
        known = dict(shifts=list(shifts), accuracy=_accuracies(run, shifts))
        write_json(run.folder / FILE, known)
    scores = {f'shift {shift}': accuracy for shift, accuracy in zip(shifts, known['accuracy'])}
    if len(shifts) > 1:
        scores[f'shift {shifts[-1]} - shift {shifts[0]}'] = known['accuracy'][-1] - known['accuracy'][0]
    return scores


def _accuracies(run: Run, shifts: Sequence[int]) -> list[float]:
    config = ConfigDict(copy.deepcopy(run.settings['config']))
    import_modules_from_strings(**(config.get('custom_imports') or dict(imports=[])))
    pipeline = config.val_dataloader.dataset.pipeline
    crop = _make_room(pipeline, max(shifts), run)
    with DefaultScope.overwrite_default_scope(config.get('default_scope') or 'mmpretrain'):
        dataset = DATASETS.build(config.val_dataloader.dataset)
        model = _trained(run, config)
    right = dict.fromkeys(shifts, 0.0)
    for start in range(0, len(dataset), BATCH):
        photos = [dataset[index] for index in range(start, min(start + BATCH, len(dataset)))]
        for shift in shifts:
            windows = sorted({(y, x) for y, x in product((-shift, shift), repeat=2)})
            for window in windows:
                right[shift] += _count_right(model, photos, crop, window) / len(windows)
    return [100 * right[shift] / len(dataset) for shift in shifts]


def _make_room(pipeline: list[dict], shift: int, run: Run) -> int:
    """Change a validation pipeline to give larger photos, and no crop. Returns the size of the crop."""
    names = [step['type'].rpartition('.')[2] for step in pipeline]
    if 'ResizeEdge' not in names or 'CenterCrop' not in names:
        raise LaunchError(f'--shifts needs a validation with ResizeEdge and CenterCrop, but that of {run.config} has '
                          f'{", ".join(names)}')
    crop = pipeline.pop(names.index('CenterCrop'))['crop_size']
    pipeline[names.index('ResizeEdge')]['scale'] = crop + 2 * shift
    return crop


def _trained(run: Run, config: ConfigDict) -> nn.Module:
    checkpoint = checkpoint_to_resume(run.folder, read_scores(run.folder, run.metric))
    if checkpoint is None or int(checkpoint.stem.rpartition('_')[2]) != run.length:
        raise LaunchError(f'{run} has no checkpoint of its end in {run.folder}, so that --shifts cannot look at it; '
                          'remove that folder to train it again')
    model = MODELS.build({'data_preprocessor': config.get('data_preprocessor'), **config.model})
    model.load_state_dict(load_from_local(str(checkpoint), map_location='cpu')['state_dict'])
    return model.eval()


@torch.no_grad()
def _count_right(model: nn.Module, photos: Sequence[dict], crop: int, window: tuple[int, int]) -> int:
    """How many photos are classified right where the window is moved by this many pixels from their middle."""
    inputs = []
    for photo in photos:
        top, left = (math.floor((size - crop) / 2) + moved for size, moved in zip(photo['inputs'].shape[1:], window))
        inputs.append(photo['inputs'][:, top:top + crop, left:left + crop])
    data = model.data_preprocessor(dict(inputs=inputs, data_samples=[photo['data_samples'] for photo in photos]))
    found = model(**data, mode='predict')
    return sum(int(sample.pred_label == sample.gt_label) for sample in found)


COLUMNS = 3


def logged_scores(run: Run, names: Sequence[str]) -> dict[str, float]:
    """Other scores of a finished run, at its last validation.

    Raises:
        LaunchError: It does not log one of them.
    """
    found = {name: read_scores(run.folder, name) for name in names}
    for name, scores in found.items():
        if not scores:
            raise LaunchError(f"{run.config} never logs '{name}'; give some of those it logs with --further: "
                              f'{", ".join(sorted(logged_metrics(run.folder)))}')
    return {name: scores[max(scores)] for name, scores in found.items()}


def summaries_of(further: Sequence[dict], name: str) -> dict[tuple[str, str], PaddingSummary]:
    """What one of the scores comes to, by network and padding.

    Args:
        further: One a run: ``network``, ``padding``, ``seed``, and ``scores`` by name.
        name: Of the score.
    """
    values: dict[tuple[str, str], dict[int, float]] = {}
    for run in further:
        values.setdefault((run['network'], run['padding']), {})[run['seed']] = run['scores'][name]
    return {(network, padding): summarise(
        list(by_seed.values()),
        None if padding == BASELINE else [values[network, BASELINE][seed] for seed in by_seed])
        for (network, padding), by_seed in values.items()}


def further_table(further: Sequence[dict]) -> str:
    """A line a network, score and padding, in Markdown."""
    rows = []
    for network in dict.fromkeys(run['network'] for run in further):
        for name in further[0]['scores']:
            for (of, padding), summary in summaries_of(further, name).items():
                if of == network:
                    rows.append([network, name, padding, number(summary.average), number(summary.stdev),
                                 number(summary.difference, '+'), interval(summary.difference_interval),
                                 p_value(summary.p_value)])
    return markdown_table(['network', 'score', 'padding', 'average', 'stdev', 'diff', '95 % interval of diff', 'p'],
                          rows, words=3)


def draw_further(further: Sequence[dict], path: Path) -> None:
    """Draw a panel a network: the difference of each score to zero padding, with its 95 % interval.

    Args:
        further: As of :func:`summaries_of`.
        path: The PNG file to write; its folder exists.
    """
    import matplotlib
    matplotlib.use('Agg')
    import matplotlib.pyplot as plt

    names = list(further[0]['scores'])
    networks = list(dict.fromkeys(run['network'] for run in further))
    paddings = [padding for padding in dict.fromkeys(run['padding'] for run in further) if padding != BASELINE]
    columns = min(len(networks), COLUMNS)
    figure, axes = plt.subplots(-(-len(networks) // columns), columns, squeeze=False, layout='constrained',
                                figsize=(5 * columns, 3.8 * -(-len(networks) // columns)))
    for axis in axes.flat[len(networks):]:
        axis.set_axis_off()
    for axis, network in zip(axes.flat, networks):
        for order, padding in enumerate(paddings):
            found = [summaries_of(further, name)[network, padding] for name in names]
            places = [place + (order - (len(paddings) - 1) / 2) * 0.2 for place in range(len(names))]
            middle = [summary.difference for summary in found]
            ends = [summary.difference_interval or (summary.difference, ) * 2 for summary in found]
            axis.errorbar(places, middle, [[value - low for value, (low, _) in zip(middle, ends)],
                                           [high - value for value, (_, high) in zip(middle, ends)]],
                          fmt='D', markersize=4, capsize=3, label=padding, color=f'C{order + 1}')
        axis.axhline(0, color='black', linewidth=0.8)
        axis.set_xticks(range(len(names)), names, rotation=30, ha='right', fontsize='small')
        axis.set_title(network)
        axis.grid(axis='y', alpha=0.3)
        axis.legend(fontsize='small')
    for row in axes:
        row[0].set_ylabel(f'difference to {BASELINE} padding')
    figure.suptitle('difference of the averages and its 95 % interval', fontsize='small')
    with whole_file(path) as unfinished:
        figure.savefig(unfinished, dpi=110)
    plt.close(figure)
