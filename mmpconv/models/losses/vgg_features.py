"""Feature maps of a frozen VGG, taken at chosen layers in one pass."""
import torch
from torch import Tensor, nn
from torchvision.models import get_model

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
VGG_TYPES = tuple(f'vgg{depth}{suffix}' for depth in (11, 13, 16, 19) for suffix in ('', '_bn'))


def vgg_layers(vgg_type: str) -> nn.Sequential:
    """The ``features`` of a torchvision VGG, without memory for weights (on the meta device)."""
    with torch.device('meta'):
        return get_model(vgg_type, weights=None, init_weights=False).features


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
        for index, layer in self.layers.named_children():
            if isinstance(layer, nn.ReLU):
                # In place it would overwrite the output before it; harmless, and faster, if that is no tap.
                layer.inplace = str(int(index) - 1) not in taps
        self.register_buffer('mean', torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1))
        self.register_buffer('std', torch.tensor(IMAGENET_STD).view(1, 3, 1, 1))
        self.eval().requires_grad_(False)

    def forward(self, images: Tensor, truth: Tensor) -> dict[str, tuple[Tensor, Tensor]]:
        """Extract the features of images and of ground truth, layer by layer, in one pass.

        The truth goes beside the images and not in their batch, because autograd would spend as much
        on its zero gradient as on theirs: measured on a CPU, that took more than one pass saves.

        Args:
            images: RGB ``(N, 3, H, W)`` in [0, 1].
            truth: RGB ``(M, 3, H, W)`` in [0, 1]; gets no gradient.

        Returns:
            dict[str, tuple[Tensor, Tensor]]: For each tap the features of the images and of the
            truth, ``(N, C_tap, H_tap, W_tap)`` and ``(M, C_tap, H_tap, W_tap)``.

        Raises:
            ValueError: The images are smaller than the pooling layers need.
        """
        self._check_size(images)
        truth = truth.detach()
        if self.use_input_norm:
            images, truth = ((x - self.mean) / self.std for x in (images, truth))
        features = {}
        for index, layer in self.layers.named_children():
            images, truth = layer(images), layer(truth)
            if index in self.taps:
                features[index] = images, truth
        return features

    def _check_size(self, x: Tensor) -> None:
        least = 2**sum(isinstance(layer, nn.MaxPool2d) for layer in self.layers)
        if min(x.shape[2:]) < least:
            raise ValueError(
                f'images of {x.shape[2]} x {x.shape[3]} pixels are too small for tap '
                f"'{max(self.taps, key=int)}' of VGG, which needs at least {least} x {least}; "
                'use larger images or lower taps')
