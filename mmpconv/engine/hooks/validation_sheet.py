"""What the network makes of the same samples, validation after validation."""
import torch
from mmengine.dataset import pseudo_collate
from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import BaseLoop
from mmengine.runner.amp import autocast
from torch import nn
from torch.utils.data import Dataset

from mmpconv.registry import HOOKS

from ..contact_sheet import contact_sheet, evenly_spread, to_picture
from ..seeded_batches import random_states

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
        model = _unwrapped(runner.model)
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
                sheet = draw_sheet(_unwrapped(runner.model), loader.dataset, self.count)
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


def _unwrapped(model: nn.Module) -> nn.Module:
    return model.module if is_model_wrapper(model) else model
