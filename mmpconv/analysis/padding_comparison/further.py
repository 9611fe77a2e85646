"""Further scores of finished runs: on crops shifted to the border, and metrics that the logs hold."""
import copy
import math
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import torch
from mmengine.config import ConfigDict
from mmengine.registry import DATASETS, DefaultScope
from mmengine.utils import import_modules_from_strings
from torch import nn

from mmpconv.checkpoints.fitting import build_trained_model
from mmpconv.checkpoints.loading import read_checkpoint
from mmpconv.errors import LaunchError
from mmpconv.whole_files import read_json, write_json

from .run import Run, checkpoint_to_resume, logged_metrics, read_scores

BATCH = 100  # photos at a time
FILE = 'shifted_crops.json'


def shifted_scores(run: Run, shifts: Sequence[int]) -> dict[str, float]:
    """Top-1 accuracy in percent of a finished run by the shift of the crop, and the loss from the first to the last.

    Every photo of the validation set is resized so that a crop can be moved by the largest shift and stay inside, so
    that no pixel is made up. A shift of s is measured in the four diagonal directions (s pixels down and right, say)
    and averaged; 0 is the centre crop of the same enlarged photo. The network is that of the last checkpoint. Found
    accuracies lie in the folder of the run and are not computed again.

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
    config = copy.deepcopy(run.settings['config'])
    dataset_config = config['val_dataloader']['dataset']
    crop = _make_room(dataset_config['pipeline'], max(shifts), run)
    checkpoint = checkpoint_to_resume(run.folder, read_scores(run.folder, run.metric))
    if checkpoint is None or int(checkpoint.stem.rpartition('_')[2]) != run.length:
        raise LaunchError(f'{run} has no checkpoint of its end in {run.folder}, so that --shifts cannot look at it; '
                          'remove that folder to train it again')
    model = trained_model(config, checkpoint)
    with DefaultScope.overwrite_default_scope(config.get('default_scope') or 'mmengine'):
        dataset = DATASETS.build(ConfigDict(dataset_config))
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


def trained_model(config: dict, checkpoint: Path) -> nn.Module:
    """The network of a finished run, in evaluation mode.

    Args:
        config: The complete one of the run, from its ``settings.json``.
        checkpoint: A file that the run saved.
    """
    config = ConfigDict(config)
    import_modules_from_strings(**(config.get('custom_imports') or dict(imports=[])))
    model = {'data_preprocessor': config.get('data_preprocessor'), **config.model}
    return build_trained_model(model, read_checkpoint(str(checkpoint)), str(checkpoint),
                               config.get('default_scope') or 'mmengine', f'the model of {checkpoint.parent}').eval()


@torch.no_grad()
def _count_right(model: nn.Module, photos: Sequence[dict], crop: int, window: tuple[int, int]) -> int:
    """Number of photos that are classified right where the window is moved by so many pixels from their middle."""
    inputs = []
    for photo in photos:
        top, left = (math.floor((size - crop) / 2) + moved for size, moved in zip(photo['inputs'].shape[1:], window))
        inputs.append(photo['inputs'][:, top:top + crop, left:left + crop])
    data = model.data_preprocessor(dict(inputs=inputs, data_samples=[photo['data_samples'] for photo in photos]))
    found = model(**data, mode='predict')
    return sum(int(sample.pred_label == sample.gt_label) for sample in found)


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
