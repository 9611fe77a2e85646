"""Times one partial convolution against MMagic's layer, NVIDIA's definition, torch_pconv's and a plain convolution.

    python benchmarks/layer.py --repeats 21

torch_pconv is compared where it is installed (``pip install torch_pconv tensor-type pshape``). It takes one mask for
all channels, so where the others are given a mask of many channels it is given the first.
"""
from functools import partial
from itertools import product

import torch
from harness import finish, parse, start
from networks import MMAGIC, OURS, PLAIN, random_input
from nvidia_layer import NvidiaPartialConv2d
from peers import MMagicPartialConv2d
from timing import time_alternately
from torch import Tensor, nn

from mmpconv import PartialConv2d

try:
    from torch_pconv import PConv2d as TorchPConv2d
except ImportError:
    TorchPConv2d = None

NVIDIA, TORCH_PCONV = "NVIDIA's definition", 'torch_pconv'
FORMATS = {'contiguous': torch.contiguous_format, 'channels last': torch.channels_last}
MASKS = ('multi-channel', 'single-channel', 'expanded')


def main(argv: list[str] | None = None) -> None:
    """Measure, print, write."""
    args = parse(__doc__, argv, size=256, batch=2, width=64, repeats=21)
    if args.size % 64:
        raise SystemExit(f'--size is {args.size} but must be a multiple of 64')
    result = start('layer', args)
    if TorchPConv2d is None:
        print('torch_pconv is not installed and not compared: pip install torch_pconv tensor-type pshape')
    result['measurements'], differences = [], []
    wide = 8 * args.width
    for (in_channels, out_channels, kernel_size, stride, size), memory, kind in product((
            (args.width, args.width, 3, 1, args.size),
            (wide, wide, 3, 1, args.size // 8),
            (3, args.width, 7, 2, args.size)), FORMATS, MASKS):
        shape = (f'{in_channels} to {out_channels} channels, {kernel_size}x{kernel_size}/{stride}, '
                 f'{size} px, {memory}, {kind} mask')
        place = dict(device=args.device, memory_format=FORMATS[memory])
        layers = {name: layer.to(**place) for name, layer in _layers(
            in_channels, out_channels, kernel_size, stride, kind != 'single-channel').items()}
        mask = random_input(args.batch, size, args.device)[1]
        if kind != 'single-channel':
            mask = mask.expand(-1, in_channels, -1, -1)
        if kind == 'multi-channel':
            mask = mask.contiguous(memory_format=FORMATS[memory])
        x = torch.rand(args.batch, in_channels, size, size).to(**place).requires_grad_()
        with torch.no_grad():
            expected, *others = (_output(layers[name], x, mask) for name in layers if name != PLAIN)
        differences += [((other - expected).abs().max() / expected.abs().max()).item() for other in others]
        for case, step in (('forward', _forward), ('forward and backward', _forward_backward)):
            seconds = time_alternately({name: partial(step, layer, x, mask) for name, layer in layers.items()},
                                       args.repeats, args.device)
            result['measurements'] += [dict(case=f'{shape}: {case}', candidate=name, seconds=value)
                                       for name, value in seconds.items()]
    result['difference'] = max(differences)
    finish(result, args)


def _layers(in_channels: int, out_channels: int, kernel_size: int, stride: int,
            multi_channel: bool) -> dict[str, nn.Module]:
    """The same convolution, with the same weights, in each implementation; MMagic's first."""
    arguments = (in_channels, out_channels, kernel_size, stride, kernel_size // 2)
    layers = {
        MMAGIC: MMagicPartialConv2d(*arguments, multi_channel=multi_channel),
        NVIDIA: NvidiaPartialConv2d(*arguments, multi_channel=multi_channel),
        OURS: PartialConv2d(*arguments, multi_channel=multi_channel, return_mask=True),
        PLAIN: nn.Conv2d(*arguments),
    }
    for layer in layers.values():
        layer.load_state_dict(layers[PLAIN].state_dict(), strict=False)
    if TorchPConv2d is not None:
        peer = TorchPConv2d(*arguments, bias=True)
        layers[TORCH_PCONV] = peer.set_weight(layers[PLAIN].weight).set_bias(layers[PLAIN].bias)
    return layers


def _output(layer: nn.Module, x: Tensor, mask: Tensor) -> Tensor:
    if type(layer) is nn.Conv2d:
        return layer(x)
    return layer(x, mask[:, 0] if type(layer) is TorchPConv2d else mask)[0]


def _forward(layer: nn.Module, x: Tensor, mask: Tensor) -> None:
    with torch.no_grad():
        _output(layer, x, mask)


def _forward_backward(layer: nn.Module, x: Tensor, mask: Tensor) -> None:
    x.grad = None
    layer.zero_grad(set_to_none=True)
    _output(layer, x, mask).sum().backward()


if __name__ == '__main__':
    main()
