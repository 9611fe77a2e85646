"""Metrics of a filled image against the original."""
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from mmpconv import whole_files

from .hole_bins import GROUPS, bin_of, groups_of


@dataclass(frozen=True)
class ImageScore:
    """Metrics of one completed image.

    Attributes:
        name: Path of the photo.
        sample_idx: Place of the sample in its data set.
        hole_ratio: Hole pixels / all pixels.
        border: The hole touches the border.
        values: Metrics by name.
    """
    name: str
    sample_idx: int
    hole_ratio: float
    border: bool
    values: Mapping[str, float]

    @property
    def hole_bin(self) -> str | None:
        """The bin of the hole ratio, None outside all bins."""
        return bin_of(self.hole_ratio)

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups that this image counts in."""
        return groups_of(self.hole_bin, self.border)


def mean_scores(scores: Sequence[ImageScore]) -> dict[str, dict[str, float]]:
    """Means of all metrics, and ``count``, the number of images, by group; groups without an image are left out.

    The sums are exact before they are rounded (``math.fsum``), so that no order of the images is better than another.

    Args:
        scores: One an image, each with the same metrics.
    """
    members = {group: [score.values for score in scores if group in score.groups] for group in GROUPS}
    return {group: {**{name: math.fsum(value[name] for value in values) / len(values) for name in values[0]},
                    'count': len(values)}
            for group, values in members.items() if values}


def flat(means: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Metrics by the keys that loggers and ``save_best`` see: ``psnr``, ``0.1-0.2/psnr``, ``0.1-0.2/border/psnr``."""
    return {f'{group}/{name}' if group else name: value
            for group, values in means.items() for name, value in values.items()}


def as_csv(scores: Sequence[ImageScore]) -> str:
    """A line an image, below a line of names; numbers with all their digits."""
    names = ['name', 'sample_idx', 'hole_ratio', 'bin', 'border', *(scores[0].values if scores else ())]
    return whole_files.as_csv([names, *(
        [score.name, score.sample_idx, float(score.hole_ratio), score.hole_bin, score.border,
         *map(float, score.values.values())] for score in scores)])


def as_table(means: Mapping[str, Mapping[str, float]]) -> str:
    """A line a group, for people."""
    names = list(means[''])
    lines = [f'{"holes":<18}' + ''.join(f'{name:>10}' for name in names)]
    for group, values in means.items():
        cells = (values.get(name) for name in names)
        lines.append(f'{group or "all":<18}' + ''.join(
            f'{"-" if cell is None else cell if isinstance(cell, int) else f"{cell:.4f}":>10}' for cell in cells))
    return '\n'.join(lines)


IMAGE_METRICS = ('l1', 'l1_hole', 'psnr', 'ssim')
"""The metrics that :func:`image_metrics` computes of one image."""
# Wang et al. 2004: an 11 x 11 Gaussian window of 1.5 pixels; K1 = 0.01 and K2 = 0.03 of the range.
_WINDOW, _SIGMA = 11, 1.5
_C1, _C2 = (0.01 * 255)**2, (0.03 * 255)**2


def image_metrics(pred: np.ndarray, gt: np.ndarray, mask: np.ndarray) -> dict[str, float]:
    """Scores of one image.

    Convention:
        ``l1`` is over the whole image and ``l1_hole`` over its hole, both in percent of the range of 255: the paper
        (arXiv 1804.07723, table 1) has the first, MMagic's ``MAE(mask_key='mask', scaling=100)`` is the second, 0
        where there is no hole. ``psnr`` and ``ssim`` are over the whole image. Equal images, of infinite PSNR, score
        as if one value were off by one, the smallest error there is (101 dB at 256 x 256), so that means are finite.

    Args:
        pred: Completed image, `(h, w, 3)` uint8, BGR.
        gt: True image, likewise.
        mask: `(h, w, 1)` uint8, 1 = hole.

    Returns:
        ``l1`` and ``l1_hole`` in percent, ``psnr`` in dB, ``ssim`` in [-1, 1].

    Raises:
        ValueError: The arrays do not fit together, are no images of bytes, or are smaller than 11 x 11 pixels.
    """
    _check(pred, gt, mask)
    difference = cv2.absdiff(pred, gt)
    in_hole = difference[mask[..., 0] != 0]
    return {
        'l1': _percent(difference),
        'l1_hole': _percent(in_hole) if in_hole.size else 0.0,
        'psnr': _psnr(difference),
        'ssim': _ssim(pred.astype(np.float64), gt.astype(np.float64)),
    }


def _check(pred: np.ndarray, gt: np.ndarray, mask: np.ndarray) -> None:
    for name, image in (('pred', pred), ('gt', gt)):
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
            raise ValueError(f'{name} must be (h, w, 3) uint8, but it is {image.shape} {image.dtype}')
    if pred.shape != gt.shape:
        raise ValueError(f'pred is {pred.shape[0]} x {pred.shape[1]} pixels and gt {gt.shape[0]} x {gt.shape[1]}; '
                         'only images of the same size can be compared')
    if mask.shape != (*gt.shape[:2], 1):
        raise ValueError(f'mask must be of shape {(*gt.shape[:2], 1)} like the images, but it is {mask.shape}')
    if min(gt.shape[:2]) < _WINDOW:
        raise ValueError(f'the images are {gt.shape[0]} x {gt.shape[1]} pixels, but SSIM has a window of '
                         f'{_WINDOW} x {_WINDOW}; give larger images')


def _percent(difference: np.ndarray) -> float:
    # A sum of bytes is exact.
    return 100 * int(difference.sum(dtype=np.int64)) / (255 * difference.size)


def _psnr(difference: np.ndarray) -> float:
    squares = int(np.square(difference, dtype=np.int64).sum())
    return 10 * math.log10(255**2 * difference.size / max(squares, 1))


def _ssim(pred: np.ndarray, gt: np.ndarray) -> float:
    """Mean over the windows that lie inside the image, and over the channels; float64 as variances cancel."""
    mean_pred, mean_gt = _blur(pred), _blur(gt)
    product, squares = mean_pred * mean_gt, mean_pred**2 + mean_gt**2
    covariance = _blur(pred * gt) - product
    variances = _blur(pred**2 + gt**2) - squares
    similarity = (2 * product + _C1) * (2 * covariance + _C2) / ((squares + _C1) * (variances + _C2))
    return float(similarity.mean())


def _blur(image: np.ndarray) -> np.ndarray:
    inside = slice(_WINDOW // 2, -(_WINDOW // 2))
    return cv2.GaussianBlur(image, (_WINDOW, _WINDOW), _SIGMA)[inside, inside]
