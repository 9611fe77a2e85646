"""Times one partial convolution against MMagic's layer, NVIDIA's definition and a plain convolution.

    python benchmarks/layer.py --repeats 21
"""
import torch
from harness import finish, parse, start
from networks import MMAGIC, OURS, PLAIN, random_input
from nvidia_layer import NvidiaPartialConv2d
from peers import MMagicPartialConv2d
from timing import time_alternately
from torch import Tensor, nn

from mmpconv import PartialConv2d

NVIDIA = "NVIDIA's definition"


def main(argv: list[str] | None = None) -> None:
    """Measure, print, write."""
    args = parse(__doc__, argv, size=256, batch=2, width=64, repeats=21)
    if args.size % 64:
        raise SystemExit(f'--size is {args.size} but must be a multiple of 64')
    result = start('layer', args)
    result['measurements'], differences = [], []
    wide = 8 * args.width
    for in_channels, out_channels, kernel_size, stride, size, multi_channel in (
            (args.width, args.width, 3, 1, args.size, True),
            (wide, wide, 3, 1, args.size // 8, True),
            (3, args.width, 7, 2, args.size, False)):
        shape = (f'{in_channels} to {out_channels} channels, {kernel_size}x{kernel_size}/{stride}, '
                 f"{size} px, {'multi' if multi_channel else 'single'}-channel mask")
        layers = _layers(in_channels, out_channels, kernel_size, stride, multi_channel, args.device)
        mask = random_input(args.batch, size, args.device)[1]
        if multi_channel:
            mask = mask.repeat(1, in_channels, 1, 1)
        x = torch.rand(args.batch, in_channels, size, size, device=args.device, requires_grad=True)
        with torch.no_grad():
            expected, *others = (layers[name](x, mask)[0] for name in (MMAGIC, NVIDIA, OURS))
        differences += [((other - expected).abs().max() / expected.abs().max()).item() for other in others]
        for case, step in (('forward', _forward), ('forward and backward', _forward_backward)):
            seconds = time_alternately(
                {name: lambda layer=layer: step(layer, x, mask) for name, layer in layers.items()},  # noqa: B023
                args.repeats, args.device)
            result['measurements'] += [dict(case=f'{shape}: {case}', candidate=name, seconds=value)
                                       for name, value in seconds.items()]
    result['difference'] = max(differences)
    finish(result, args)


def _layers(in_channels: int, out_channels: int, kernel_size: int, stride: int, multi_channel: bool,
            device: torch.device) -> dict[str, nn.Conv2d]:
    """The same convolution, with the same weights, in each implementation."""
    arguments = (in_channels, out_channels, kernel_size, stride, kernel_size // 2)
    layers = {
        MMAGIC: MMagicPartialConv2d(*arguments, multi_channel=multi_channel),
        NVIDIA: NvidiaPartialConv2d(*arguments, multi_channel=multi_channel),
        OURS: PartialConv2d(*arguments, multi_channel=multi_channel, return_mask=True),
        PLAIN: nn.Conv2d(*arguments),
    }
    for layer in layers.values():
        layer.load_state_dict(layers[PLAIN].state_dict(), strict=False)
    return {name: layer.to(device) for name, layer in layers.items()}


def _output(layer: nn.Conv2d, x: Tensor, mask: Tensor) -> Tensor:
    return layer(x) if type(layer) is nn.Conv2d else layer(x, mask)[0]


def _forward(layer: nn.Conv2d, x: Tensor, mask: Tensor) -> None:
    with torch.no_grad():
        _output(layer, x, mask)


def _forward_backward(layer: nn.Conv2d, x: Tensor, mask: Tensor) -> None:
    x.grad = None
    layer.zero_grad(set_to_none=True)
    _output(layer, x, mask).sum().backward()


if __name__ == '__main__':
    main()
