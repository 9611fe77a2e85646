"""A contact sheet of what a network sees of its data: after the whole pipeline and the data preprocessor."""
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import DATASETS, MODELS, init_default_scope
from torch import Tensor
from torch.utils.data import ConcatDataset

import mmpconv.registry  # noqa: F401  (before anything of MMagic)
from mmpconv.datasets import UnreadableImageError
from mmpconv.engine.hooks.validation_sheet import contact_sheet, evenly_spread, to_picture
from mmpconv.engine.loops import random_states
from mmpconv.errors import LaunchError
from mmpconv.whole_files import write_bytes


@dataclass(frozen=True)
class SeenSample:
    """A sample as the network sees it.

    Args:
        file: Path of the photo, empty if the data set does not tell.
        tiles: By title, ``(H, W, 3)`` RGB bytes: ``'input'`` and, where there are any, ``'mask'`` (white = hole) and
            ``'truth'``.
        values: Smallest and largest value of the input tensor.
        size: Height and width of the input tensor.
        hole_ratio: Share of hole pixels; None without a mask.
    """
    file: str
    tiles: dict[str, np.ndarray]
    values: tuple[float, float]
    size: tuple[int, int]
    hole_ratio: float | None

    @property
    def caption(self) -> list[str]:
        """File name, and a line of numbers."""
        hole = '' if self.hole_ratio is None else f'hole {self.hole_ratio:.1%}, '
        return [Path(self.file).name,
                f'{hole}{self.size[1]}x{self.size[0]}, {self.values[0]:.2f} to {self.values[1]:.2f}']


def look_at(config: Config, split: str, count: int) -> list[SeenSample]:
    """Samples spread evenly over the data of a config, as the network gets them.

    What is random in the pipeline is drawn from the config's seed (0 without one) and the sample's index.

    Args:
        config: Of MMagic's kind: its samples have ``inputs`` and data samples, and its model a data preprocessor.
        split: ``'train'``, ``'val'`` or ``'test'``.
        count: Number of samples, at most.

    Raises:
        LaunchError: The config has no such data, or they cannot be shown.
    """
    loaders = config.get(f'{split}_dataloader')
    preprocessor = (config.get('model') or {}).get('data_preprocessor')
    if not loaders or not preprocessor:
        missing = 'model.data_preprocessor' if loaders else f'{split}_dataloader'
        raise LaunchError(f'the config has no {missing}, so there is nothing to show for --split {split}')
    init_default_scope(config.get('default_scope', 'mmpconv'))
    try:
        dataset = ConcatDataset([DATASETS.build(loader['dataset'])
                                 for loader in (loaders if isinstance(loaders, list) else [loaders])])
        preprocessor = MODELS.build(preprocessor)
        seed = (config.get('randomness') or {}).get('seed') or 0
        samples = []
        for index in evenly_spread(count, len(dataset)):
            with random_states(seed, index):
                data = pseudo_collate([dataset[index]])
            samples.append(_seen(preprocessor, data, split == 'train'))
        return samples
    except (FileNotFoundError, UnreadableImageError) as error:
        raise LaunchError(f'the data of {split}_dataloader cannot be loaded: {error}') from error


def _seen(preprocessor, data: dict, training: bool) -> SeenSample:
    data = preprocessor(data, training)
    inputs, sample = data['inputs'], data.get('data_samples')
    if not (isinstance(inputs, Tensor) and inputs.ndim == 4 and hasattr(preprocessor, 'destruct') and sample):
        shape = tuple(inputs.shape) if isinstance(inputs, Tensor) else type(inputs).__name__
        raise LaunchError(f'only data of one image a sample and of the data preprocessors of MMagic can be shown; here '
                          f'a {type(preprocessor).__name__} gives inputs of {shape}')
    sample = sample[0] if isinstance(sample, list) else sample
    tiles = {'input': to_picture(preprocessor.destruct(inputs, sample, 'img')[0])}
    hole_ratio = None
    if 'mask' in sample:
        mask = _image(sample.mask).float()
        hole_ratio = float(mask.mean())
        tiles['mask'] = to_picture(mask * 255)
    if 'gt_img' in sample:
        truth = sample.gt_img
        # While training, the truth is normalised as the input; for evaluation it stays in [0, 255].
        if training and 'gt_img_output_channel_order' in sample:
            truth = preprocessor.destruct(truth, sample, 'gt_img')
        tiles['truth'] = to_picture(_image(truth))
    path = sample.get('gt_path', sample.get('img_path', ''))
    return SeenSample(path[0] if isinstance(path, list) else path, tiles,
                      (float(inputs.min()), float(inputs.max())), tuple(inputs.shape[-2:]), hole_ratio)


def _image(tensor: Tensor) -> Tensor:
    """`(C, H, W)` of a stacked or a single image."""
    return tensor[0] if tensor.ndim == 4 else tensor


def save(samples: Sequence[SeenSample], path: Path) -> None:
    """Write the sheet; the file appears when it is complete.

    Raises:
        OSError: It cannot be written.
    """
    titles = list(samples[0].tiles)
    sheet = contact_sheet([list(sample.tiles.values()) for sample in samples], titles,
                          [sample.caption for sample in samples])
    write_bytes(path, cv2.imencode(path.suffix, sheet[..., ::-1])[1].tobytes())
