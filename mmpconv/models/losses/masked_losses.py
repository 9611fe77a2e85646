"""Losses of pixels by region: L1, PSNR and total variation."""
import math

import torch
import torch.nn.functional as F
from mmagic.models.losses import MaskedTVLoss as MMagicMaskedTVLoss
from mmengine.model import BaseModule
from torch import Tensor

from mmpconv.ops.check import MaskError
from mmpconv.registry import MODELS


def full_precision(tensor: Tensor) -> Tensor:
    """The tensor as float32, or as float64 if it is.

    A sum over an image overflows float16 and stalls in bfloat16, so no loss is reduced in either.
    """
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))


def check_image(name: str, image: Tensor) -> None:
    """Refuse what is not a batch of float images ``(N, C, H, W)``."""
    if image.dim() != 4:
        raise ValueError(f'{name} has {image.dim()} dimensions, shape {tuple(image.shape)}, but must be '
                         f'(N, C, H, W); use {name}[None] for one image')
    if not image.is_floating_point():
        raise TypeError(f'{name} is {image.dtype} but must be floating point; scale it to [-1, 1] first')


def check_images(**images: Tensor) -> None:
    """Refuse images that differ in shape or device, or are not float ``(N, C, H, W)``."""
    (first, reference), *others = images.items()
    check_image(first, reference)
    for name, image in others:
        check_image(name, image)
        if image.shape != reference.shape:
            raise ValueError(f'{name} has shape {tuple(image.shape)} but {first} has '
                             f'{tuple(reference.shape)}; the images of a loss must agree in shape')
        _check_device(name, image, first, reference)


def check_region(name: str, region: Tensor, image: Tensor) -> None:
    """Refuse a mask or weight that is not ``(N, 1, H, W)`` or ``(N, C, H, W)`` as the image is."""
    n, c, h, w = image.shape
    if region.shape not in ((n, 1, h, w), (n, c, h, w)):
        raise MaskError(f'{name} has shape {tuple(region.shape)} but images of {tuple(image.shape)} need '
                        f'({n}, 1, {h}, {w}) or one number per element; resize it with '
                        "mode='nearest' or add the channel with [:, None]")
    _check_device(name, region, 'the image', image)


class ChoiceError(ValueError, NotImplementedError):
    """There is no such choice. A NotImplementedError too, which is what MMagic's losses raise."""


def check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Refuse an option that is none of the choices."""
    if value not in choices:
        raise ChoiceError(f'{name} is {value!r} but must be one of {", ".join(map(repr, choices))}')


def _check_device(name: str, tensor: Tensor, other_name: str, other: Tensor) -> None:
    if tensor.device != other.device:
        raise ValueError(f'{name} is on {tensor.device} but {other_name} is on {other.device}; '
                         f'use {name}.to({str(other.device)!r})')


class _RegionLoss(BaseModule):
    """A loss of the differences where a weight says that they count; called as MMagic's ``L1Loss``."""

    def forward(self, pred: Tensor, target: Tensor, weight: Tensor | None = None, **kwargs) -> Tensor:
        """Compute the loss in float32 (float64 for float64 images), also under autocast.

        Args:
            pred: ``(N, C, H, W)``; in [-1, 1] for a PSNR, else in any range.
            target: As ``pred``.
            weight: ``(N, 1, H, W)`` or ``(N, C, H, W)``, any dtype, 1 where the loss counts and 0
                elsewhere. None: everywhere.
            **kwargs: Ignored, as by MMagic's losses.

        Returns:
            Tensor: Scalar; 0 where nothing counts.

        Raises:
            TypeError: An image is not floating point.
            ValueError: Shapes or devices differ.
        """
        check_images(pred=pred, target=target)
        difference = full_precision(pred) - full_precision(target)
        if weight is None:
            weight = torch.ones_like(difference[:, :1])
        check_region('weight', weight, pred)
        return self._of_region(difference, weight.to(difference.dtype))


@MODELS.register_module()
class MaskedL1Loss(_RegionLoss):
    """Weighted L1 with a choice of what it is divided by; called as MMagic's ``L1Loss``.

    The paper's terms are ``L_hole = loss(out, gt, weight=mask)`` with ``loss_weight=6`` and
    ``L_valid = loss(out, gt, weight=1 - mask)`` with ``loss_weight=1``.

    Convention:
        The mask is image-level, 1 = hole; ``weight`` is 1 where the loss counts. ``'image'`` divides
        by the number of all elements ``N * C * H * W``, so a small hole weighs little (paper);
        ``'area'`` divides by the number of elements that count in the whole batch, so the term is the
        same for a small and a large hole of equal error (MMagic's ``L1Loss``).

    Args:
        loss_weight: Factor of the loss. Defaults to 1, the paper's weight of the valid pixels.
        normalize: ``'image'`` (paper) or ``'area'`` (MMagic).

    Raises:
        ValueError: ``normalize`` is neither.
    """

    def __init__(self, loss_weight: float = 1.0, normalize: str = 'image'):
        super().__init__()
        check_choice('normalize', normalize, ('image', 'area'))
        self.loss_weight = loss_weight
        self.normalize = normalize

    def _of_region(self, difference: Tensor, weight: Tensor) -> Tensor:
        total = (difference.abs() * weight).sum()
        if self.normalize == 'image':
            return self.loss_weight * total / difference.numel()
        area = weight.sum() * (difference.shape[1] // weight.shape[1])
        return self.loss_weight * total / torch.where(area > 0, area, 1)

    def extra_repr(self) -> str:
        return f'loss_weight={self.loss_weight}, normalize={self.normalize!r}'


@MODELS.register_module()
class MaskedPSNRLoss(_RegionLoss):
    """Minus the PSNR of the region that counts, in decibels, averaged over the samples of a batch.

    Each sample weighs the same, whatever the size of its hole and however hard it is; with an L1 or L2 loss the
    batch is ruled by its worst samples. Samples in which nothing counts are left out.

    Convention:
        The mask is image-level, 1 = hole; ``weight`` is 1 where the loss counts. The peak is that of images in [-1, 1].
        The PSNR of the whole image is larger by ``-10 log10(hole ratio)``, which is a constant.

    Args:
        loss_weight: Factor of the loss. Defaults to 1.
        floor: Mean squared error below which a sample gains nothing, for images in [-1, 1]; the default is 56 dB.
    """

    def __init__(self, loss_weight: float = 1.0, floor: float = 1e-5):
        super().__init__()
        self.loss_weight = loss_weight
        self.floor = floor

    def _of_region(self, difference: Tensor, weight: Tensor) -> Tensor:
        weight = weight.expand_as(difference)
        counted = weight.sum((1, 2, 3))
        error = (difference.square() * weight).sum((1, 2, 3)) / counted.clamp(min=1)
        decibels = 10 / math.log(10) * torch.log((error + self.floor) / 4)
        there = (counted > 0).to(decibels.dtype)
        return self.loss_weight * (decibels * there).sum() / there.sum().clamp(min=1)

    def extra_repr(self) -> str:
        return f'loss_weight={self.loss_weight}, floor={self.floor}'


@MODELS.register_module()
class MaskedTVLoss(MMagicMaskedTVLoss):
    """L1 of differences between neighbouring pixels, on the composite, under MMagic's name.

    Convention:
        The mask is image-level, 1 = hole. ``'hole'``, the default, is MMagic's meaning of the name: a pair
        of neighbours counts if its upper or left pixel is in the hole, and the sums of vertical and of
        horizontal pairs are each divided by how many count. ``'dilated'`` is the paper's definition: a pair
        counts if both lie in the hole dilated by one pixel (3 x 3 window, diagonals included), and the sum
        over all pairs is divided by the number of elements of the image, ``N * C * H * W``. On masks of
        irregular holes it is some 25 times smaller.

    Args:
        loss_weight: Factor of the loss. The paper's is 0.1; by default 1, as in MMagic.
        region: ``'hole'`` (MMagic) or ``'dilated'`` (paper).

    Raises:
        ValueError: ``region`` is neither.
    """

    def __init__(self, loss_weight: float = 1., region: str = 'hole'):
        super().__init__(loss_weight=loss_weight)
        check_choice('region', region, ('hole', 'dilated'))
        self.region = region

    def forward(self, pred: Tensor, mask: Tensor | None = None) -> Tensor:
        """Compute the loss in float32 (float64 for float64 images), also under autocast.

        Args:
            pred: Composite image ``(N, C, H, W)``, any range.
            mask: ``(N, 1, H, W)`` or ``(N, C, H, W)``, any dtype, 1 = hole. None: the whole image.

        Returns:
            Tensor: Scalar; 0 without a hole.

        Raises:
            TypeError: The image is not floating point.
            ValueError: The shapes or devices of image and mask differ.
        """
        check_image('pred', pred)
        pred = full_precision(pred)
        if mask is None:
            mask = pred.new_ones(pred.shape[0], 1, *pred.shape[2:])
        check_region('mask', mask, pred)
        mask = mask.to(pred.dtype)
        return super().forward(pred, mask) if self.region == 'hole' else self._dilated(pred, mask)

    def _dilated(self, pred: Tensor, mask: Tensor) -> Tensor:
        region = F.max_pool2d(mask, kernel_size=3, stride=1, padding=1)
        vertical = pred.diff(dim=2).abs() * region[:, :, 1:] * region[:, :, :-1]
        horizontal = pred.diff(dim=3).abs() * region[..., 1:] * region[..., :-1]
        return self.loss_weight * (vertical.sum() + horizontal.sum()) / pred.numel()

    def extra_repr(self) -> str:
        return f'loss_weight={self.loss_weight}, region={self.region!r}'
