"""VGG features for the perceptual and style loss, and their weights."""
import re
from collections import defaultdict

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torchvision.models import get_model, get_model_weights

from mmpconv.checkpoints import CheckpointError
from mmpconv.checkpoints.loading import load_pretrained

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
# The layout that convolutions compute in, on a CPU as on the tensor cores of a GPU.
_CHANNELS_LAST = torch.channels_last
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
        self.register_buffer('mean', torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1))
        self.register_buffer('std', torch.tensor(IMAGENET_STD).view(1, 3, 1, 1))
        self.eval().requires_grad_(False).to(memory_format=_CHANNELS_LAST)

    def forward(self, images: Tensor, truth: Tensor) -> dict[str, tuple[Tensor, Tensor]]:
        """Extract the features of images and of ground truth, in one pass.

        The truth goes beside the images and not in their batch, because autograd would spend as much
        on its zero gradient as on theirs: measured on a CPU, that took more than one pass saves. There, images go
        through one by one: their maps stay in the cache, and the memory of one is taken again for the next (1.3
        times as fast as a batch of four).

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
        of_images, of_truth = self._of_batch(images), self._of_batch(truth.detach())
        return {tap: (of_images[tap], of_truth[tap]) for tap in self.taps}

    def _of_batch(self, x: Tensor) -> dict[str, Tensor]:
        if self.use_input_norm:
            x = (x - self.mean) / self.std
        x = x.contiguous(memory_format=_CHANNELS_LAST)
        if x.device.type != 'cpu' or len(x) < 2:
            return self._of_images(x)
        singles = [self._of_images(image) for image in x.split(1)]
        return {tap: torch.cat([features[tap] for features in singles]) for tap in self.taps}

    def _of_images(self, x: Tensor) -> dict[str, Tensor]:
        features, layers = {}, []
        for index, layer in self.layers.named_children():
            layers.append(layer)
            if index in self.taps:
                x = features[index] = _FrozenLayers.apply(x, layers)
                layers = []
        return features

    def _check_size(self, x: Tensor) -> None:
        least = 2**sum(isinstance(layer, nn.MaxPool2d) for layer in self.layers)
        if min(x.shape[2:]) < least:
            raise ValueError(
                f'images of {x.shape[2]} x {x.shape[3]} pixels are too small for tap '
                f"'{max(self.taps, key=int)}' of VGG, which needs at least {least} x {least}; "
                'use larger images or lower taps')


class _FrozenLayers(torch.autograd.Function):
    """Layers in a row whose weights need no gradient, with a fifth of the memory that autograd would hold.

    Autograd keeps what each layer was given. Without gradients of weights, a convolution needs nothing but its
    weights, a ReLU which values it let through, a pooling which values it chose; and a gradient that nobody else
    sees may be overwritten.
    """

    @staticmethod
    def forward(ctx, x: Tensor, layers: list[nn.Module]) -> Tensor:
        """Run convolutions, BatchNorm in evaluation mode, ReLU and max pooling."""
        ctx.layers, ctx.shapes, kept, given = _pooling_first(layers), [], [], x
        for layer in ctx.layers:
            ctx.shapes.append(x.shape)
            if isinstance(layer, nn.ReLU):
                x = F.relu(x) if x is given else F.relu_(x)
                # Half precision keeps the values themselves: little more memory, and faster.
                kept.append(x if x.element_size() == 2 else x.bool())
            elif isinstance(layer, nn.MaxPool2d):
                x, chosen = F.max_pool2d(x, layer.kernel_size, layer.stride, return_indices=True)
                kept.append(chosen.int() if ctx.needs_input_grad[0] else chosen)
            else:
                x = layer(x)
        if ctx.needs_input_grad[0]:
            ctx.save_for_backward(*kept)
        return x

    @staticmethod
    @once_differentiable
    def backward(ctx, grad: Tensor) -> tuple[Tensor, None]:
        """Gradient of the input."""
        kept, given = list(ctx.saved_tensors), grad
        for layer, shape in zip(reversed(ctx.layers), reversed(ctx.shapes)):
            if isinstance(layer, nn.Conv2d):
                grad = F.conv_transpose2d(grad, layer.weight.to(grad.dtype), None, layer.stride, layer.padding)
            elif isinstance(layer, nn.ReLU):
                passed, grad = kept.pop(), grad.clone() if grad is given else grad
                if passed.dtype == torch.bool:
                    grad.mul_(passed)
                else:
                    torch.ops.aten.threshold_backward.grad_input(grad, passed, 0, grad_input=grad)
            elif isinstance(layer, nn.MaxPool2d):
                size, step = [layer.kernel_size] * 2, [layer.stride] * 2
                input_like = torch.empty(shape, dtype=grad.dtype, device=grad.device, memory_format=_CHANNELS_LAST)
                grad = torch.ops.aten.max_pool2d_with_indices_backward(
                    grad, input_like, size, step, [0, 0], [1, 1], layer.ceil_mode, kept.pop().long())
            else:
                scale = layer.weight / (layer.running_var + layer.eps).sqrt()
                grad = grad * scale.to(grad.dtype)[:, None, None]
        return grad, None


def _pooling_first(layers: list[nn.Module]) -> list[nn.Module]:
    """The same function with each ReLU after the pooling that follows it, where it has a quarter of the work."""
    layers = list(layers)
    for i in range(len(layers) - 1):
        if isinstance(layers[i], nn.ReLU) and isinstance(layers[i + 1], nn.MaxPool2d):
            layers[i], layers[i + 1] = layers[i + 1], layers[i]
    return layers


# torchvision's `features.0.weight`, the bare `0.weight` of a Sequential, and MMagic's
# `loss_percep.vgg.vgg_layers.0.weight`, each with whatever stands before.
_KEY = re.compile(r'(?P<prefix>(?:.*\.)?(?:features|vgg_layers)\.|)(?P<layer>\d+)\.(?P<name>\w+)')


class VGGWeightsError(CheckpointError, RuntimeError):
    """The weights of VGG cannot be had. The message names the remedies."""


class VGGArgumentError(ValueError, AssertionError):
    """There is no such network or layer. An AssertionError too, which is what MMagic's loss raises."""


def check_vgg(vgg_type: str, pretrained: str, taps: list[str]) -> None:
    """Refuse a wrong name of a network, of its weights, or of a layer.

    Raises:
        ValueError: What is wrong, and what is accepted.
    """
    if vgg_type not in VGG_TYPES:
        raise VGGArgumentError(f'vgg_type is {vgg_type!r} but must be one of {", ".join(VGG_TYPES)}')
    if not pretrained or not isinstance(pretrained, str):
        raise VGGArgumentError(
            f'pretrained is {pretrained!r}, but a perceptual loss of random filters means nothing; use '
            f"pretrained='torchvision://{vgg_type}' or the path of {_file_name(vgg_type)}")
    name = pretrained.removeprefix('torchvision://').lower()
    if name != pretrained.lower() and name.split('.')[0].removesuffix('_weights') != vgg_type:
        raise VGGArgumentError(f'pretrained={pretrained!r} is not of vgg_type={vgg_type!r}; '
                         f"use pretrained='torchvision://{vgg_type}' or change vgg_type")
    if name != pretrained.lower() and name.endswith('_features'):
        raise VGGArgumentError(f'pretrained={pretrained!r} is for images normalised otherwise than by '
                         f"ImageNet's mean and deviation; use 'torchvision://{vgg_type}'")
    depth = len(vgg_layers(vgg_type))
    for tap in taps:
        if not re.fullmatch('0|[1-9][0-9]*', tap) or int(tap) >= depth:
            raise VGGArgumentError(f'{tap!r} names no layer of {vgg_type}; use indices of its features, '
                             f"'0' to '{depth - 1}'")


def load_vgg(vgg_type: str, pretrained: str, taps: list[str], use_input_norm: bool = True) -> VGGFeatures:
    """A VGG with pretrained weights, on the CPU in float32. Draws no random numbers.

    Args:
        vgg_type: Name in torchvision: vgg11, vgg13, vgg16 or vgg19, also with ``_bn``.
        pretrained: ``torchvision://vgg16``, an http(s) URL, or the path of a file with the keys of
            torchvision (``features.0.weight``), of its ``features`` alone (``0.weight``) or of a
            checkpoint by MMagic (``loss_percep.vgg.vgg_layers.0.weight``).
        taps: Indices of layers; the file needs to have the layers up to the deepest only.
        use_input_norm: See :class:`VGGFeatures`.

    Raises:
        ValueError: See :func:`check_vgg`.
        VGGWeightsError: There is no such file, it cannot be downloaded, it lacks a layer, or it is of
            another network.
    """
    check_vgg(vgg_type, pretrained, taps)
    network = vgg_layers(vgg_type)
    state = _select(_fetch(vgg_type, pretrained), network, vgg_type, pretrained, taps)
    layers = network[:max(map(int, taps)) + 1]
    layers.load_state_dict(state, assign=True)
    return VGGFeatures(layers, taps, use_input_norm)


def _fetch(vgg_type: str, pretrained: str) -> dict[str, Tensor]:
    return load_pretrained(pretrained, 'the VGG weights of the perceptual loss',
                           get_model_weights(vgg_type).DEFAULT.url, argument='pretrained', error=VGGWeightsError)


def _select(state: dict[str, Tensor], network: nn.Sequential, vgg_type: str, pretrained: str,
            taps: list[str]) -> dict[str, Tensor]:
    """The weights of the layers up to the deepest tap, under the keys of a ``Sequential``."""
    expected = network.state_dict()
    groups: dict[str, dict[str, Tensor]] = defaultdict(dict)
    for key, value in state.items():
        match = _KEY.fullmatch(key)
        if match and isinstance(value, Tensor):
            groups[match['prefix']][f"{match['layer']}.{match['name']}"] = value
    found = max(groups.values(), key=lambda group: len(group.keys() & expected.keys()), default={})
    deepest = max(map(int, taps))
    needed = [key for key in expected if int(key.split('.')[0]) <= deepest]
    optional = {key for key in needed if key.endswith('num_batches_tracked')}  # not in torchvision's files

    strange = [key for key in found if key not in expected or found[key].shape != expected[key].shape]
    if strange:
        raise VGGWeightsError(f'{pretrained} is not of {vgg_type}: its layer {strange[0].split(".")[0]} has '
                              f'{strange[0].split(".")[1]} of shape {tuple(found[strange[0]].shape)}; set '
                              f'vgg_type to the network of the file, or give {_file_name(vgg_type)}')
    missing = sorted({int(key.split('.')[0]) for key in needed if key not in found and key not in optional})
    if missing:
        usable = f"taps '0' to '{missing[0] - 1}'" if missing[0] else 'no tap'
        raise VGGWeightsError(
            f'{pretrained} has no weights for layers {", ".join(map(str, missing))} of {vgg_type}, which '
            f"tap '{deepest}' needs; it serves {usable}. Change layer_weights and layer_weights_style, or "
            f'give all of {_file_name(vgg_type)} (torchvision://{vgg_type})')
    return {key: torch.tensor(0) if key in optional else found[key].float() for key in needed}


def _file_name(vgg_type: str) -> str:
    return get_model_weights(vgg_type).DEFAULT.url.rsplit('/', 1)[-1]
