"""Feature maps of a frozen VGG, taken at chosen layers in one pass."""
import torch
from torch import Tensor, nn
from torchvision.models import vgg

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
VGG_TYPES = tuple(f'vgg{depth}{suffix}' for depth in (11, 13, 16, 19) for suffix in ('', '_bn'))


def vgg_layers(vgg_type: str) -> nn.Sequential:
    """The ``features`` of a torchvision VGG, without memory for weights (on the meta device)."""
    with torch.device('meta'):
        return getattr(vgg, vgg_type)(weights=None, init_weights=False).features


class VGGFeatures(nn.Module):
    """Frozen layers of a VGG, up to the deepest tap.

    A tap is the index of a layer in torchvision's ``features``, and stands for that layer's output:
    '4', '9' and '16' of VGG-16 are pool1, pool2 and pool3.

    Args:
        layers: Layers 0 to the deepest tap, with weights.
        taps: Indices of the layers whose outputs are returned.
        use_input_norm: Whether to normalise RGB images in [0, 1] by ImageNet's mean and deviation.
    """

    def __init__(self, layers: nn.Sequential, taps: list[str], use_input_norm: bool = True):
        super().__init__()
        self.layers = layers
        self.taps = taps
        self.use_input_norm = use_input_norm
        for module in self.layers:
            if isinstance(module, nn.ReLU):
                module.inplace = False  # in place it would overwrite the tapped output before it
        self.register_buffer('mean', torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1))
        self.register_buffer('std', torch.tensor(IMAGENET_STD).view(1, 3, 1, 1))
        self.eval().requires_grad_(False)

    def forward(self, x: Tensor, trained: int | None = None) -> dict[str, Tensor]:
        """Extract the features.

        Args:
            x: RGB images ``(N, 3, H, W)`` in [0, 1].
            trained: How many images, the first of the batch, need a gradient. The others get zero,
                and take no time in the backward pass. None: all.

        Returns:
            dict[str, Tensor]: For each tap ``(N, C_tap, H_tap, W_tap)``.

        Raises:
            ValueError: The images are smaller than the pooling layers need.
        """
        self._check_size(x)
        trained = x.shape[0] if trained is None else trained
        if self.use_input_norm:
            x = (x - self.mean) / self.std
        features = {}
        for index, layer in self.layers.named_children():
            x = _FrozenConv.apply(x, layer, trained) if isinstance(layer, nn.Conv2d) else layer(x)
            if index in self.taps:
                features[index] = x
        return features

    def _check_size(self, x: Tensor) -> None:
        least = 2**sum(isinstance(layer, nn.MaxPool2d) for layer in self.layers)
        if min(x.shape[2:]) < least:
            raise ValueError(
                f'images of {x.shape[2]} x {x.shape[3]} pixels are too small for tap '
                f"'{max(self.taps, key=int)}' of VGG, which needs at least {least} x {least}; "
                'use larger images or lower taps')


class _FrozenConv(torch.autograd.Function):
    """Convolution by constant weights, whose backward pass skips the images that need no gradient.

    Autograd alone would spend as much on the ground truth's zero gradient as on the others', which
    takes back what running VGG once saves.
    """

    @staticmethod
    def forward(ctx, x: Tensor, conv: nn.Conv2d, trained: int) -> Tensor:
        ctx.conv, ctx.trained, ctx.shape = conv, trained, x.shape
        return conv(x)

    @staticmethod
    def backward(ctx, grad: Tensor):
        conv, (_, *shape) = ctx.conv, ctx.shape
        trained = torch.nn.grad.conv2d_input(
            (ctx.trained, *shape), conv.weight.to(grad.dtype), grad[:ctx.trained],
            conv.stride, conv.padding, conv.dilation, conv.groups)
        others = grad.new_zeros(ctx.shape[0] - ctx.trained, *shape)
        return torch.cat([trained, others]), None, None
