"""The metric that a config names: inpainting by hole ratio, per image and in the mean."""
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmagic.evaluation.metrics.base_sample_wise_metric import BaseSampleWiseMetric
from mmengine.dist import get_dist_info
from mmengine.logging import MMLogger, print_log
from torch import Tensor, nn
from torch.utils.data import DataLoader

from mmpconv.errors import LaunchError
from mmpconv.registry import METRICS
from mmpconv.whole_files import write_text

from .hole_bins import bin_of, touches_border
from .image_metrics import IMAGE_METRICS, ImageScore, as_csv, as_table, flat, image_metrics, mean_scores
from .perceptual_metrics import FID, LPIPS

METRIC_NAMES = (*IMAGE_METRICS, 'lpips', 'fid')


@METRICS.register_module()
class InpaintingMetric(BaseSampleWiseMetric):
    """L1, PSNR, SSIM, LPIPS and FID of completed images: of all, by hole ratio, and by contact with the border.

    For MMagic's loops. The keys are ``psnr`` (all images), ``0.1-0.2/psnr`` (a bin of :data:`HOLE_BINS`),
    ``border/psnr`` and ``no_border/psnr`` (all bins), ``0.1-0.2/border/psnr``, and likewise for the other metrics and
    for ``count``, the number of images. Groups without an image, and FID of a single one, are left out. Images whose
    hole ratio is in no bin count among all images only; the log says how many they are.

    Several processes report exactly what one does: what pads the last batch is left out, and all sums are exact.

    Convention:
        The sample's ``mask`` (1 = hole) decides the hole ratio. Images are compared as bytes, rounded as they are when
        they are written to disk. :func:`image_metrics` says what each metric covers.

    Args:
        metric: Any of ``l1``, ``l1_hole``, ``psnr``, ``ssim``, ``lpips``, ``fid``.
        csv: File for the metrics of each image (not FID), in the order of the samples; a relative path is below the
            folder of the run's log. None: none is written.
        lpips: Arguments of :class:`LPIPS`.
        fid: Arguments of :class:`FID`.
        collect_device: As MMEngine's.
        prefix: As MMEngine's.

    Raises:
        LaunchError: There is no such metric; or a sample lacks its mask or photo, or they differ in size.
        CheckpointError: The weights of LPIPS or FID cannot be had.
    """
    metric = METRIC_NAMES  # MMagic's base insists on it

    # Not `metrics`: MMagic's loops take a dict that has this key for an evaluator.
    def __init__(self, metric: str | Sequence[str] = IMAGE_METRICS, csv: str | None = None, lpips: dict | None = None,
                 fid: dict | None = None, collect_device: str = 'cpu', prefix: str | None = None):
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.metric = (metric,) if isinstance(metric, str) else tuple(metric)
        if not self.metric or not set(self.metric) <= set(METRIC_NAMES):
            raise LaunchError(f'metric of InpaintingMetric is {metric!r}, but it must be a list of some of '
                              f'{", ".join(METRIC_NAMES)}')
        self.csv = csv
        self._lpips = _built(LPIPS, lpips) if 'lpips' in self.metric else None
        self._fid = _built(FID, fid) if 'fid' in self.metric else None
        self._seen = 0

    def prepare(self, module: nn.Module, dataloader: DataLoader) -> None:
        """As MMagic's; networks compute where the model does."""
        super().prepare(module, dataloader)
        for network in filter(None, (self._lpips, self._fid)):
            network.to(self.data_preprocessor.device)

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Score a batch.

        Args:
            data_batch: Not used.
            data_samples: Samples with ``gt_img`` `(3, h, w)` and ``output['pred_img']`` likewise, in [0, 255] and BGR,
                ``mask`` `(1, h, w)`, 1 = hole, and ``sample_idx`` and ``gt_path`` if they have them.
        """
        rank, world_size = get_dist_info()
        for sample in data_samples:
            # The samplers deal out samples in turn, and repeat some at the end so that each process has as many.
            position = self._seen * world_size + rank
            self._seen += 1
            if position < self.size:
                self.results.append(self._score(sample, position))

    def _score(self, sample: dict, position: int) -> ImageScore:
        name = str(sample.get('gt_path', position))
        pred = _to_bytes(_tensor(sample.get('output', {}), self.pred_key, name))
        gt = _to_bytes(_tensor(sample, self.gt_key, name))
        mask = _to_array(_tensor(sample, 'mask', name) != 0)
        try:
            values = image_metrics(pred, gt, mask)
            if self._lpips:
                values['lpips'] = self._lpips(pred, gt)
        except ValueError as error:
            raise LaunchError(f'sample {name} cannot be evaluated: {error}') from error
        ratio, border = np.count_nonzero(mask) / mask.size, touches_border(mask)
        if self._fid:
            self._fid.add(pred, gt, bin_of(ratio), border)
        return ImageScore(name, int(sample.get('sample_idx', position)), ratio, border,
                          {metric: values[metric] for metric in self.metric if metric != 'fid'})

    def evaluate(self) -> dict[str, float]:
        """The metrics of all processes."""
        if self._fid:
            self._fid.gather()
        metrics = super().evaluate()
        self._seen = 0
        if self._fid:
            self._fid.reset()
        return metrics

    def compute_metrics(self, results: list[ImageScore]) -> dict[str, float]:
        """Means by group; writes the file and a table to the log. In the main process.

        Args:
            results: In the order of the sampler.
        """
        if not results:
            raise LaunchError('InpaintingMetric was given no sample; is the data set of the test empty?')
        scores = sorted(results, key=lambda score: score.sample_idx)
        means = mean_scores(scores)
        for group, distance in (self._fid.distances() if self._fid else {}).items():
            means[group].update(fid=distance, count=means[group].pop('count'))
        print_log(f'metrics by hole ratio and contact with the border:\n{as_table(means)}', logger='current')
        outside = sum(score.hole_bin is None for score in scores)
        if outside:
            print_log(f'{outside} of {len(scores)} masks have a hole ratio in none of the bins, which cover '
                      '(0.01, 0.6]: they count among all images only', logger='current')
        if self.csv:
            path = Path(MMLogger.get_current_instance().log_file or '.').parent / self.csv
            write_text(path, as_csv(scores))
            print_log(f'metrics of each image written to {path}', logger='current')
        return flat(means)


def _built(kind: type, arguments: dict | None) -> Any:
    try:
        return kind(**arguments or {})
    except (TypeError, ValueError, ModuleNotFoundError) as error:
        raise LaunchError(f'InpaintingMetric: {error}') from error


def _tensor(sample: dict, key: str, name: str) -> Tensor:
    tensor = sample.get(key)
    if not isinstance(tensor, Tensor) or tensor.ndim != 3:
        found = 'has none' if tensor is None else f'has {type(tensor).__name__} {tuple(getattr(tensor, "shape", ()))}'
        raise LaunchError(f'InpaintingMetric needs {key} as a tensor (c, h, w), but sample {name} {found}; it is for '
                          'inpaintors, with a pipeline that loads gt and mask')
    if not tensor.isfinite().all():
        raise LaunchError(f'{key} of sample {name} is not finite; has the training diverged?')
    return tensor.detach()


def _to_bytes(image: Tensor) -> np.ndarray:
    """`(h, w, c)` uint8, rounded as when an image is written."""
    return _to_array(image.float().round().clamp(0, 255))


def _to_array(tensor: Tensor) -> np.ndarray:
    """`(h, w, c)` uint8."""
    return tensor.to(torch.uint8).permute(1, 2, 0).cpu().numpy()
