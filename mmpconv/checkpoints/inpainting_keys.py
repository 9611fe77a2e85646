"""Checkpoints of other PConv repositories: their keys in the names of this package.

Two re-implementations of arXiv 1804.07723 have published weights; what they compute is written here as they compute
it, for binary masks and a trained network (BatchNorm in evaluation mode).

**Both** divide a convolution by the number ``n`` of valid positions in the window and not by their share
``n / numel``, ``numel = C_in * k * k``: their weights are ``numel`` times as large as ours. Their mask kernels of ones
are left out.

**naoto0804/pytorch-inpainting-with-partial-conv**, ``PConvUNet``: ``layer_size`` layers (7). Photos are RGB,
normalised by ImageNet's mean and deviation, holes 0 after that. The deviation could be brought into the first
layer, but not the mean: what it adds depends on which positions of a window are valid. So the data preprocessor must
normalise as theirs does (``mean=[103.53, 116.28, 123.675], std=[57.375, 57.12, 58.395]`` for BGR); the order of the
channels is changed in the weights of the first and the last layer. Its first layer has no bias: 0 here.

**SunnerLi/P-Conv**, ``PartialUNet``: 8 layers, BGR in [-1, 1] as here. Convolutions have a bias, which goes into
BatchNorm. The encoder calls BatchNorm and drops its result, so here it is an identity. The output is
``2 sigmoid(x) - 1 = tanh(x / 2)``: half of the last layer's weights, and a tanh as the decoder's ``out_act_cfg``. Where
the last layer sees no valid position its output is that of the bias and here 0; in images up to 256 pixels with
a single valid pixel there is no such place.

**SunnerLi/P-Conv**, ``UNet``: 8 layers, max pooling, tanh: :class:`~mmpconv.models.UNetEncoderDecoder`.
"""
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from .fitting import fit_of, some_names
from .padding_keys import CheckpointKeysError, read_weights, write_checkpoint

_NORM = ('weight', 'bias', 'running_mean', 'running_var')
_COUNTER = 'num_batches_tracked'  # files from before torch 0.4.1 do not have it
_EPS = 1e-5  # torch's default, in their BatchNorm and in ours


@dataclass(frozen=True)
class ConvertedNetwork:
    """Weights of a network of ours, and how to build it.

    Attributes:
        origin: Name of the network that they come from. weights: State dict of ours, the inpaintor's ``generator``.
        encdec: Its config.
    """

    origin: str
    weights: dict[str, Tensor]
    encdec: dict


@dataclass(frozen=True)
class _Layer:
    """Where the weights of a layer are in a file, and of which shape."""

    ours: str
    conv: str
    shape: tuple[int, ...]
    mask_conv: str | None = None
    bias: bool = True
    norm: str | None = None


def convert_inpainting(state_dict: Mapping[str, Tensor]) -> ConvertedNetwork:
    """Convert the weights of any of the networks above.

    Args:
        state_dict: With the names of one of them, also with the ``module.`` of a parallel model in front. VGG's
            weights, which SunnerLi's files hold too, are left out.

    Raises:
        CheckpointKeysError: The names are of no such network, one is missing or unknown, a weight is of another shape,
            or a mask kernel is not of ones.
    """
    weights = {str(key).removeprefix('module.'): value for key, value in state_dict.items()}
    weights = {key: value for key, value in weights.items() if not key.startswith('vgg.')}
    for first, convert in _CONVERTERS.items():
        if first in weights:
            return convert(weights)
    if any(key.removeprefix('generator.').startswith(('encoder.enc', 'enc1.')) for key in weights):
        raise CheckpointKeysError(f'the names are those of our networks already, such as {some_names(weights)}; use '
                                  'the file as it is')
    raise CheckpointKeysError(f'no name is one of a network that can be converted: given are {some_names(weights)}, '
                              f'expected is one of {", ".join(_CONVERTERS)}')


def _naoto0804(weights: dict[str, Tensor]) -> ConvertedNetwork:
    depth, width = _depth(weights, 'enc_{}.conv.input_conv.weight'), _width(weights, 'enc_1.conv.input_conv.weight')
    layers = [_Layer(ours, f'{theirs}.conv.input_conv', shape, f'{theirs}.conv.mask_conv', bias=ours == 'decoder.dec1',
                     norm=None if ours in _OUTERMOST else f'{theirs}.bn')
              for ours, theirs, shape in _pconv_layers(depth, width, 'enc_{}', 'dec_{}')]
    _check(weights, layers, "naoto0804's PConvUNet")
    converted = {}
    for layer in layers:
        weight = _times_window(weights[f'{layer.conv}.weight'])
        bias = weights[f'{layer.conv}.bias'] if layer.bias else weight.new_zeros(layer.shape[0])
        _put(converted, layer, weights, weight, bias)
    # RGB to BGR, in the image that the first layer sees, that is concatenated for the last, and that it gives.
    first, last = 'encoder.enc1.conv.weight', 'decoder.dec1.conv'
    converted[first] = converted[first].flip(1)
    image = converted[f'{last}.weight'][:, -3:].flip(1)
    converted[f'{last}.weight'] = torch.cat([converted[f'{last}.weight'][:, :-3], image], 1).flip(0)
    converted[f'{last}.bias'] = converted[f'{last}.bias'].flip(0)
    return ConvertedNetwork("naoto0804's PConvUNet", converted, _pconv_config(depth, width))


def _sunnerli_partial(weights: dict[str, Tensor]) -> ConvertedNetwork:
    depth, width = 8, _width(weights, 'down1.pconv.img_conv.1.weight')
    # Padding is a module of its own, before the convolution.
    layers = [_Layer(ours, f'{theirs}.pconv.img_conv.1', shape, f'{theirs}.pconv.mask_conv.1',
                     norm=None if ours in _OUTERMOST else f'{theirs}.norm')
              for ours, theirs, shape in _pconv_layers(depth, width, 'down{}', 'up{}')]
    _check(weights, layers, "SunnerLi's PartialUNet")
    converted = {}
    for layer in layers:
        weight, bias = _times_window(weights[f'{layer.conv}.weight']), weights[f'{layer.conv}.bias']
        if layer.ours == 'decoder.dec1':
            weight, bias = weight / 2, bias / 2
        _put(converted, layer, weights, weight, bias)
        if layer.norm and layer.ours.startswith('encoder.'):
            zeros, ones = torch.zeros_like(bias), torch.ones_like(bias)
            identity = dict(zip(_NORM, (ones * (1 + _EPS)**0.5, bias, zeros, ones)))
            converted.update({f'{layer.ours}.bn.{name}': value for name, value in identity.items()})
            converted[f'{layer.ours}.bn.{_COUNTER}'] = torch.tensor(0)
    config = _pconv_config(depth, width)
    config['decoder']['out_act_cfg'] = dict(type='Tanh')
    return ConvertedNetwork("SunnerLi's PartialUNet", converted, config)


def _sunnerli_plain(weights: dict[str, Tensor]) -> ConvertedNetwork:
    depth, width = 8, _width(weights, 'down1.layer.0.weight')
    channels = [3, *_channels(width, depth)]
    layers = [_Layer(f'enc{i}', f'down{i}.layer.0', (channels[i], channels[i - 1], 3, 3),
                     norm=f'down{i}.layer.1' if i > 1 else None) for i in range(1, depth + 1)]
    layers += [_Layer(f'dec{i}', f'up{i}.layer.0', (channels[i - 1], channels[i] + channels[i - 1], 3, 3),
                      norm=f'up{i}.layer.1') for i in range(depth, 1, -1)]
    layers.append(_Layer('dec1', 'up1', (3, width, 3, 3)))
    _check(weights, layers, "SunnerLi's UNet")
    converted = {}
    for layer in layers:
        _put(converted, layer, weights, weights[f'{layer.conv}.weight'], weights[f'{layer.conv}.bias'])
    return ConvertedNetwork("SunnerLi's UNet", converted,
                            dict(type='UNetEncoderDecoder', num_layers=depth, width=width))


_OUTERMOST = ('encoder.enc1', 'decoder.dec1')  # without normalisation
_CONVERTERS: dict[str, Callable] = {
    'enc_1.conv.input_conv.weight': _naoto0804,
    'down1.pconv.img_conv.1.weight': _sunnerli_partial,
    'down1.layer.0.weight': _sunnerli_plain,
}


def _depth(weights: Mapping[str, Tensor], name: str) -> int:
    depth = 1
    while name.format(depth + 1) in weights:
        depth += 1
    return max(depth, 4)  # theirs has at least four: what is missing below that is named as such


def _width(weights: Mapping[str, Tensor], name: str) -> int:
    if weights[name].dim() != 4:
        raise CheckpointKeysError(f'{name} must be the weight of a convolution, a tensor of 4 dimensions')
    return len(weights[name])


def _channels(width: int, depth: int) -> list[int]:
    return [width * min(2**i, 8) for i in range(depth)]


def _pconv_layers(depth: int, width: int, encoder: str, decoder: str) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    """Our name of each layer of a PConv U-Net, theirs, and the shape of its weight."""
    channels = [3, *_channels(width, depth)]
    for i in range(1, depth + 1):
        kernel_size = 7 if i == 1 else 5 if i < 4 else 3
        yield f'encoder.enc{i}', encoder.format(i), (channels[i], channels[i - 1], kernel_size, kernel_size)
    for i in range(depth, 0, -1):
        yield f'decoder.dec{i}', decoder.format(i), (channels[i - 1], channels[i] + channels[i - 1], 3, 3)


def _pconv_config(depth: int, width: int) -> dict:
    return dict(type='PConvEncoderDecoder', encoder=dict(type='PConvEncoder', num_layers=depth, width=width),
                decoder=dict(type='PConvDecoder', num_layers=depth, width=width))


def _check(weights: Mapping[str, Tensor], layers: list[_Layer], network: str) -> None:
    shapes = {}
    for layer in layers:
        shapes[f'{layer.conv}.weight'] = layer.shape
        if layer.mask_conv:
            shapes[f'{layer.mask_conv}.weight'] = layer.shape
        if layer.bias:
            shapes[f'{layer.conv}.bias'] = layer.shape[:1]
        if layer.norm:
            shapes.update({f'{layer.norm}.{name}': layer.shape[:1] for name in _NORM})
    wanted = {key: torch.empty(shape, device='meta') for key, shape in shapes.items()}
    if told := fit_of(wanted, weights).sentence():
        raise CheckpointKeysError(f'the names are those of {network}, but {told}')
    for layer in layers:
        if layer.mask_conv and not (weights[f'{layer.mask_conv}.weight'] == 1).all():
            raise CheckpointKeysError(f'{layer.mask_conv}.weight is not of ones, so this is no partial convolution and '
                                      'cannot be converted')


def _times_window(weight: Tensor) -> Tensor:
    """Theirs is divided by the number of valid positions, ours by their share: a double rounds once."""
    return (weight.double() / weight[0].numel()).to(weight.dtype)


def _put(converted: dict, layer: _Layer, weights: Mapping[str, Tensor], weight: Tensor, bias: Tensor) -> None:
    """A convolution, and their BatchNorm, if there is one: the bias goes into it."""
    converted[f'{layer.ours}.conv.weight'] = weight
    if layer.norm is None:
        converted[f'{layer.ours}.conv.bias'] = bias
        return
    for name in _NORM:
        value = weights[f'{layer.norm}.{name}']
        converted[f'{layer.ours}.bn.{name}'] = value - bias if name == 'running_mean' else value
    converted[f'{layer.ours}.bn.{_COUNTER}'] = weights.get(f'{layer.norm}.{_COUNTER}', torch.tensor(0))


# Networks whose published depth and width these configs have.
CONFIGS = {
    "naoto0804's PConvUNet": 'configs/partial_conv/pconv_finetune-imagenet-norm_1xb16_places-256x256.py',
    "SunnerLi's PartialUNet": 'configs/partial_conv/pconv_finetune_1xb4_coco-256x256.py',
    "SunnerLi's UNet": 'configs/unet/unet_finetune_1xb4_coco-256x256.py',
}


def convert_file(source: Path, target: Path, force: bool = False) -> ConvertedNetwork:
    """Write the weights of another PConv network as a checkpoint of ``PConvInpaintor``.

    The file is ``dict(state_dict=...)`` with the names ``generator.*``; optimizer, iteration and VGG are left out.

    Args:
        source: Checkpoint of :mod:`~mmpconv.checkpoints.inpainting_keys`'s networks.
        target: The file to write, in a folder that exists.
        force: Replace ``target`` if it is there.

    Raises:
        CheckpointError: ``source`` cannot be read or has other weights, or ``target`` cannot be written.
    """
    weights = read_weights(source, target, force)
    try:
        network = convert_inpainting(weights)
    except CheckpointKeysError as error:
        raise CheckpointKeysError(f'{source} cannot be converted: {error}') from None
    write_checkpoint(dict(state_dict={f'generator.{key}': value for key, value in network.weights.items()}), target)
    return network


def config_options(network: ConvertedNetwork) -> list[str]:
    """Changes of the config for a network that is not as deep and wide as the published one."""
    published = dict(num_layers=7 if 'naoto' in network.origin else 8, width=64)
    parts = {f'.{part}': network.encdec[part] for part in ('encoder', 'decoder') if part in network.encdec}
    return [f'model.encdec{part}.{key}={config[key]}' for part, config in (parts or {'': network.encdec}).items()
            for key in published if config[key] != published[key]]
