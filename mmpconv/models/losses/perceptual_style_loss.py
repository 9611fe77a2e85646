"""Perceptual and style loss by one pass through VGG (arXiv 1804.07723, section 3.3, equations 4 and 5)."""
import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor
from torch.autograd.function import once_differentiable

from mmpconv.registry import MODELS

from .masked_losses import check_choice, check_images, full_precision
from .vgg import VGGFeatures, check_vgg, load_vgg

_CRITERIA = {'l1': F.l1_loss, 'mse': F.mse_loss}


def gram_matrix(features: Tensor) -> Tensor:
    """Gram matrix of feature maps, divided by ``C * H * W``, computed outside of autocast.

    Args:
        features: ``(N, C, H, W)``, float32 or float64: sums of squares overflow float16.

    Returns:
        Tensor: ``(N, C, C)``.
    """
    _, c, h, w = features.shape
    with torch.autocast(features.device.type, enabled=False):
        return _Gram.apply(features.flatten(2).mT) / (c * h * w)


class _Gram(torch.autograd.Function):
    """``x.mT @ x``, whose gradient is one product instead of autograd's two, in the layout of ``x``."""

    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        """From ``(N, positions, C)`` to ``(N, C, C)``."""
        ctx.save_for_backward(x)
        return x.mT @ x

    @staticmethod
    @once_differentiable
    def backward(ctx, grad: Tensor) -> Tensor:
        """``x (G + G')``."""
        x, = ctx.saved_tensors
        return x @ (grad + grad.mT)


@MODELS.register_module(name=['PerceptualStyleLoss', 'PerceptualLoss'])
class PerceptualStyleLoss(BaseModule):
    """Perceptual and style loss, with MMagic's arguments and the paper's values as defaults.

    Per layer, ``perceptual`` is the mean of absolute differences of the feature maps, ``style`` that
    of their Gram matrices, which are divided by ``C * H * W``. These are the paper's formulas:
    ``||.||_1 / N_feature``, and ``K_p ||.||_1 / C_p^2`` with ``K_p = 1 / (C_p H_p W_p)``.

    The weights of VGG are loaded by :meth:`init_weights` or else when first needed, so a model can be
    built and tested without them. They are kept out of the module tree: not among the parameters, not
    in the state dict; keys of VGG in a loaded state dict (MMagic stores them) are dropped.

    Convention:
        Images are in [-1, 1] and BGR, as MMagic's data preprocessor leaves them, and are turned into
        ImageNet-normalised RGB here. MMagic's own loss does not swap the channels, but feeds BGR to
        VGG; ``channel_order='RGB'`` gives its values.

    Args:
        layer_weights: Weight of each tapped layer, by its index in torchvision's ``features``.
            Defaults to pool1, pool2, pool3 of VGG-16: ``{'4': 1., '9': 1., '16': 1.}``.
        layer_weights_style: The same for the style loss. Defaults to ``layer_weights``.
        vgg_type: Name in torchvision: vgg11, vgg13, vgg16 or vgg19, also with ``_bn``. (MMagic's
            default is vgg19.)
        use_input_norm: Whether to normalise by ImageNet's mean and deviation.
        perceptual_weight: Factor of the perceptual loss (MMagic's default is 1). 0 leaves it out.
        style_weight: Factor of the style loss (MMagic's default is 1). 0 leaves it out.
        norm_img: Whether images are in [-1, 1] and have to be brought to [0, 1].
        pretrained: ``torchvision://vgg16``, a URL, or the path of a local file:
            see :func:`~mmpconv.models.losses.load_vgg`.
        criterion: ``'l1'`` (paper) or ``'mse'``.
        channel_order: Channel order of the images: ``'BGR'`` or ``'RGB'``.

    Raises:
        ValueError: An argument is none of the above.
    """

    def __init__(self, layer_weights: dict | None = None, layer_weights_style: dict | None = None,
                 vgg_type: str = 'vgg16', use_input_norm: bool = True, perceptual_weight: float = 0.05,
                 style_weight: float = 120.0, norm_img: bool = True, pretrained: str = 'torchvision://vgg16',
                 criterion: str = 'l1', channel_order: str = 'BGR'):
        super().__init__()
        check_choice('criterion', criterion.lower(), tuple(_CRITERIA))
        check_choice('channel_order', channel_order, ('BGR', 'RGB'))
        layer_weights = {'4': 1., '9': 1., '16': 1.} if layer_weights is None else layer_weights
        layer_weights_style = layer_weights if layer_weights_style is None else layer_weights_style
        self.layer_weights = {str(tap): weight for tap, weight in layer_weights.items()}
        self.layer_weights_style = {str(tap): weight for tap, weight in layer_weights_style.items()}
        used = [*([self.layer_weights] if perceptual_weight > 0 else []),
                *([self.layer_weights_style] if style_weight > 0 else [])]
        if not all(used):
            raise ValueError("layer_weights or layer_weights_style is empty; name a layer, e.g. {'4': 1.}, "
                             'or set perceptual_weight or style_weight to 0')
        self.taps = list(dict.fromkeys(tap for weights in used for tap in weights))
        check_vgg(vgg_type, pretrained, self.taps)
        self.vgg_type = vgg_type
        self.use_input_norm = use_input_norm
        self.perceptual_weight = perceptual_weight
        self.style_weight = style_weight
        self.norm_img = norm_img
        self.pretrained = pretrained
        self.criterion = _CRITERIA[criterion.lower()]
        self.channel_order = channel_order
        self._loaded_vgg: list[VGGFeatures] = []  # a list hides it from parameters() and state_dict()

    def init_weights(self) -> None:
        """Load VGG now, so that a run whose weights are missing stops before it starts.

        Raises:
            VGGWeightsError: The weights cannot be had.
        """
        super().init_weights()
        if self.taps:
            self.get_vgg()

    def get_vgg(self) -> VGGFeatures:
        """The frozen VGG, loaded at the first call.

        Raises:
            VGGWeightsError: The weights cannot be had.
        """
        if not self._loaded_vgg:
            self._loaded_vgg.append(load_vgg(self.vgg_type, self.pretrained, self.taps, self.use_input_norm))
        return self._loaded_vgg[0]

    def forward(self, x: Tensor, gt: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """Compare one image with the ground truth, as MMagic's loss does.

        Args:
            x: ``(N, 3, H, W)`` in [-1, 1] (in [0, 1] with ``norm_img=False``).
            gt: As ``x``; gets no gradient.

        Returns:
            tuple: Weighted perceptual and style loss, scalars in float32 (float64 for float64
            images); None for a term whose weight is 0.

        Raises:
            TypeError: An image is not floating point.
            ValueError: Shapes or devices differ, or the images are too small for the deepest tap.
            VGGWeightsError: The weights of VGG cannot be had.
        """
        check_images(x=x, gt=gt)
        return self._compare([x], gt)[0]

    def out_and_composed(self, out: Tensor, comp: Tensor, gt: Tensor) -> dict[str, Tensor]:
        """Compare the direct output and the composite with the ground truth, by one pass of VGG.

        Args:
            out: Direct output of the network, ``(N, 3, H, W)`` in [-1, 1].
            comp: Composite: the output in the hole, the ground truth elsewhere; as ``out``.
            gt: Ground truth; as ``out``; gets no gradient.

        Returns:
            dict[str, Tensor]: The weighted terms of those weights that are not 0:
            ``loss_out_percep``, ``loss_out_style``, ``loss_composed_percep``, ``loss_composed_style``. Raises what
            :meth:`forward` does.
        """
        check_images(out=out, comp=comp, gt=gt)
        terms = zip(('out', 'composed'), self._compare([out, comp], gt))
        return {f'loss_{image}_{term}': value for image, values in terms
                for term, value in zip(('percep', 'style'), values) if value is not None}

    def _compare(self, images: list[Tensor], gt: Tensor) -> list[tuple[Tensor | None, Tensor | None]]:
        if not self.taps:
            return [(None, None)] * len(images)
        features = self._features(images, gt)
        perceptual = style = [None] * len(images)
        if self.perceptual_weight > 0:
            maps = {tap: features[tap] for tap in self.layer_weights}
            perceptual = self._distances(maps, self.layer_weights, self.perceptual_weight)
        if self.style_weight > 0:
            grams = {tap: [gram_matrix(f) for f in features[tap]] for tap in self.layer_weights_style}
            style = self._distances(grams, self.layer_weights_style, self.style_weight)
        return list(zip(perceptual, style))

    def _features(self, images: list[Tensor], gt: Tensor) -> dict[str, list[Tensor]]:
        """For each tap the feature maps of each image, then those of the ground truth."""
        if gt.shape[1] != 3:
            raise ValueError(f'images have {gt.shape[1]} channels but VGG takes 3; repeat a grey channel')
        x = full_precision(torch.cat(images))
        gt = gt.to(x.dtype)
        if self.norm_img:
            x, gt = (x + 1) * 0.5, (gt + 1) * 0.5
        if self.channel_order == 'BGR':
            x, gt = x.flip(1), gt.flip(1)
        vgg = self.get_vgg().to(x.device, x.dtype)
        return {tap: [*full_precision(of_images).chunk(len(images)), full_precision(of_gt)]
                for tap, (of_images, of_gt) in vgg(x, gt).items()}

    def _distances(self, features: dict[str, list[Tensor]], weights: dict[str, float],
                   factor: float) -> list[Tensor]:
        """For each image the weighted sum over the taps of its distance from the ground truth."""
        distances = []
        for tap, (*images, gt) in features.items():
            distances.append([factor * weights[tap] * self.criterion(image, gt) for image in images])
        return [sum(of_image) for of_image in zip(*distances)]

    def _load_from_state_dict(self, state_dict, prefix, *args, **kwargs):
        # MMagic's checkpoints hold VGG, which is loaded from `pretrained` here.
        for key in [key for key in state_dict if key.startswith((f'{prefix}vgg.', f'{prefix}vgg_style.'))]:
            del state_dict[key]
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)

    def extra_repr(self) -> str:
        return (f'vgg_type={self.vgg_type!r}, layer_weights={self.layer_weights}, '
                f'perceptual_weight={self.perceptual_weight}, style_weight={self.style_weight}, '
                f'channel_order={self.channel_order!r}, pretrained={self.pretrained!r}')
