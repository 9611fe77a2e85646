"""Sheets of validation pictures."""
import unicodedata
from collections.abc import Sequence

import cv2
import numpy as np
import torch
from mmengine.dataset import pseudo_collate
from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.runner import BaseLoop
from mmengine.runner.amp import autocast
from torch import Tensor, nn
from torch.utils.data import Dataset

from mmpconv.checkpoints.fitting import bare
from mmpconv.registry import HOOKS

from ..loops import random_states

MAX_SIDE = 512  # pixels of a tile; larger images are scaled down
_WIDTH = 1600  # of the sheet, unless one sample is wider
_GAP, _LINE = 6, 16  # pixels
_FONT = dict(fontFace=cv2.FONT_HERSHEY_SIMPLEX, fontScale=0.42, color=(40, 40, 40), thickness=1, lineType=cv2.LINE_AA)


def evenly_spread(count: int, length: int) -> list[int]:
    """Indices of ``count`` samples, or all of them, spread from the first to the last."""
    return np.linspace(0, length - 1, min(count, length)).round().astype(int).tolist()


def to_picture(image: Tensor) -> np.ndarray:
    """An image of MMagic's data samples as a picture.

    Args:
        image: ``(1 or 3, H, W)``, BGR, in [0, 255].

    Returns:
        ndarray: ``(H, W, 3)`` RGB bytes; at most :data:`MAX_SIDE` pixels high and wide.
    """
    image = image.detach().float().expand(3, -1, -1).flip(0).clamp(0, 255).round()
    picture = image.permute(1, 2, 0).cpu().numpy().astype(np.uint8)
    height, width = picture.shape[:2]
    scale = MAX_SIDE / max(height, width)
    if scale >= 1:
        return picture
    size = max(1, round(scale * width)), max(1, round(scale * height))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def contact_sheet(samples: Sequence[Sequence[np.ndarray]], titles: Sequence[str],
                  captions: Sequence[Sequence[str]] | None = None) -> np.ndarray:
    """Tiles of each sample side by side, pixel for pixel; as many samples in a row as fit.

    Args:
        samples: For each sample its tiles, ``(H, W, 3)`` RGB bytes, as many as titles.
        titles: What the tiles are; written above.
        captions: For each sample the lines below it. Characters outside ASCII lose their accents or become ``?``.

    Returns:
        ndarray: ``(H', W', 3)`` RGB bytes.
    """
    captions = captions or [()] * len(samples)
    height = max(tile.shape[0] for tiles in samples for tile in tiles)
    widths = [max(tiles[column].shape[1] for tiles in samples) for column in range(len(titles))]
    block = np.full((_LINE + height + _LINE * max(map(len, captions)) + 2 * _GAP, sum(widths) + _GAP * len(widths), 3),
                    255, np.uint8)
    lefts = np.cumsum([_GAP // 2, *(width + _GAP for width in widths)]).tolist()
    columns = min(len(samples), max(1, _WIDTH // block.shape[1]))
    blocks = [block.copy() for _ in range(-(-len(samples) // columns) * columns)]
    for drawn, tiles, lines in zip(blocks, samples, captions):
        for tile, title, left, width in zip(tiles, titles, lefts, widths):
            _write(drawn, title, left, _LINE - 4, width)
            drawn[_LINE:_LINE + tile.shape[0], left:left + tile.shape[1]] = tile
        for number, line in enumerate(lines, 1):
            _write(drawn, line, _GAP // 2, _LINE + height + number * _LINE - 3, block.shape[1] - _GAP)
    return np.vstack([np.hstack(blocks[start:start + columns]) for start in range(0, len(blocks), columns)])


def _write(block: np.ndarray, text: str, left: int, baseline: int, width: int) -> None:
    """Write a text; what is too long loses its middle, as the ends tell file names apart."""
    plain = unicodedata.normalize('NFKD', text)
    plain = ''.join(c for c in plain if not unicodedata.combining(c)).encode('ascii', 'replace').decode()

    def fits(shown):
        return cv2.getTextSize(shown, _FONT['fontFace'], _FONT['fontScale'], _FONT['thickness'])[0][0] <= width

    shown, kept = plain, len(plain)
    while kept > 1 and not fits(shown):
        kept -= 1
        shown = f'{plain[:kept // 2]}..{plain[len(plain) - (kept - kept // 2):]}'
    cv2.putText(block, shown, (left, baseline), **_FONT)


TITLES = ('input', 'output', 'composite', 'truth')


@HOOKS.register_module()
class ValidationSheetHook(Hook):
    """Gives the visualizer a contact sheet after each validation: input with hole, output, composite, truth.

    The samples are the same each time, spread evenly over the validation set; random holes and crops, if there are any,
    are the same too. They are loaded and run anew after the metrics are computed, one at a time, by the main process
    alone, which needs no other: metrics, random states and the other processes notice nothing, and nothing is kept.

    With ``LocalVisBackend`` a sheet is ``vis_data/vis_image/validation_sheet_ITERATION.png``; with
    ``TensorboardVisBackend`` it is under "Images". Several validation sets have a sheet each, ``validation_sheet_1``
    for the second.

    Args:
        count: Number of samples, at least 1.

    Raises:
        TypeError: At the start of a run that validates: the model is no inpaintor.
    """

    # After the metrics, but before hooks of normal priority put other weights back, as that of moving averages does.
    priority = 'ABOVE_NORMAL'

    def __init__(self, count: int = 4):
        if count < 1:
            raise ValueError(f'count must be at least 1 sample, got {count}')
        self.count = count

    def before_train(self, runner) -> None:
        """Refuse models without an output to show, before the training and not after it."""
        if runner.val_loop is not None:
            self.before_val(runner)

    def before_val(self, runner) -> None:
        """As :meth:`before_train`."""
        model = bare(runner.model)
        if not hasattr(model, 'forward_tensor'):
            raise TypeError(f'ValidationSheetHook shows the output of inpaintors, which have forward_tensor; '
                            f'{type(model).__name__} has not: take the hook out of custom_hooks')

    @master_only
    def after_val_epoch(self, runner, metrics=None) -> None:
        """Draw the sheets. The model is in evaluation mode here."""
        loop = runner.val_loop
        # runner.iter would build the training loop, with all its data, for a validation alone.
        step = runner.iter if isinstance(runner._train_loop, BaseLoop) else 0
        for number, loader in enumerate(getattr(loop, 'dataloaders', None) or [loop.dataloader]):
            with autocast(enabled=getattr(loop, 'fp16', False)):
                sheet = draw_sheet(bare(runner.model), loader.dataset, self.count)
            name = f'validation_sheet_{number}' if number else 'validation_sheet'
            runner.visualizer.add_image(name, sheet, step)


@torch.no_grad()
def draw_sheet(model: nn.Module, dataset: Dataset, count: int):
    """A sheet of samples of a data set.

    Args:
        model: An inpaintor of MMagic's kind, in evaluation mode: the last two that ``forward_tensor`` returns are
            output and composite.
        dataset: Its samples have ``gt_img``.
        count: Number of samples.

    Returns:
        ndarray: ``(H, W, 3)`` RGB bytes.
    """
    samples = []
    for index in evenly_spread(count, len(dataset)):
        with random_states(0, index):
            data = pseudo_collate([dataset[index]])
        data = model.data_preprocessor(data, False)
        inputs, truth = data['inputs'], data['data_samples']
        *_, output, composite = model.forward_tensor(inputs, truth)
        shown = [model.data_preprocessor.destruct(image.float(), truth)[0] for image in (inputs, output, composite)]
        samples.append([to_picture(image) for image in (*shown, truth.gt_img[0])])
    return contact_sheet(samples, TITLES)
