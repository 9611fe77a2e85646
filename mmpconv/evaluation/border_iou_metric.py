"""Segmentation scored at the border of the image, where padding matters, and in its interior."""
from collections.abc import Sequence

import torch
from mmseg.evaluation import IoUMetric
from torch import Tensor


class BorderIoUMetric(IoUMetric):
    """MMSegmentation's ``IoUMetric`` of the whole image, and of frames along its border and what they enclose.

    The scores of the whole image have the names of ``IoUMetric`` (``mIoU``, ``aAcc``, ...); those of a frame 8 pixels
    wide are ``mIoU/border8`` and, of all other pixels, ``mIoU/interior8``. Areas are summed over all images before they
    are divided, as ``IoUMetric`` does, so that a class which hardly ever meets the border weighs as much in the mean as
    the others. A class that no pixel of a region shows, or is taken for, is left out of the mean of that region.

    Convention: a pixel is in a frame of width w if it is less than w pixels away from the nearest edge of the image:
    the outermost pixels are 0 away. Pixels are those of the labels, as they lie in the file, whatever size the network
    saw.

    Args:
        widths: Of the frames, in pixels.
        **kwargs: Those of ``IoUMetric``.

    Raises:
        ValueError: No width, or one that is not positive. When an image is scored: a frame leaves no interior.
    """

    def __init__(self, widths: Sequence[int] = (8, 16, 32), **kwargs):
        super().__init__(**kwargs)
        if not widths or any(width < 1 for width in widths):
            raise ValueError(f'widths is {tuple(widths)} but must be widths of frames in pixels, such as (8, 16, 32)')
        self.widths = tuple(widths)

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Score a batch.

        Args:
            data_batch: Not used.
            data_samples: Each with ``pred_sem_seg`` and ``gt_sem_seg``, whose ``data`` are `(1, H, W)`.
        """
        super().process(data_batch, data_samples)
        if self.format_only:
            return
        whole, count = self.results[-len(data_samples):], len(self.dataset_meta['classes'])
        for place, sample, areas in zip(range(-len(whole), 0), data_samples, whole):
            prediction = sample['pred_sem_seg']['data'].squeeze(0)
            label = sample['gt_sem_seg']['data'].squeeze(0).to(prediction)
            distance = border_distance(*label.shape).to(label.device)
            regions = {'': areas}
            for width in self.widths:
                if distance.max() < width:
                    raise ValueError(f'a frame of {width} pixels leaves no interior of a label of {label.shape[1]} x '
                                     f'{label.shape[0]} pixels; give smaller widths')
                for name, outside in (('border', distance >= width), ('interior', distance < width)):
                    regions[f'/{name}{width}'] = self.intersect_and_union(
                        prediction, label.masked_fill(outside, self.ignore_index), count, self.ignore_index)
            self.results[place] = regions

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        """All scores, in percent, by name.

        Args:
            results: Areas by region of each image, from :meth:`process`.
        """
        if self.format_only:
            return super().compute_metrics(results)
        return {f'{name}{region}': score for region in results[0]
                for name, score in super(BorderIoUMetric, self).compute_metrics(
                    [areas[region] for areas in results]).items()}


def border_distance(height: int, width: int) -> Tensor:
    """Pixels between each pixel and the nearest edge of the image, `(height, width)`; 0 for the outermost."""
    rows, columns = (torch.minimum(torch.arange(size), torch.arange(size).flip(0)) for size in (height, width))
    return torch.minimum(rows[:, None], columns)
