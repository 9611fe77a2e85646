"""The networks that are compared, and what is timed of them."""
from unittest import mock

import torch
from mmengine.registry import DefaultScope
from peers import decoder_module, encoder_module, pconv
from plain_unet import PlainUNet
from torch import Tensor, nn

from mmpconv.models import PConvEncoderDecoder

MMAGIC, OURS, PLAIN = 'MMagic', 'mmpconv', 'plain convolutions'
NETWORKS = (MMAGIC, OURS, PLAIN)


def build(name: str, width: int, num_layers: int) -> nn.Module:
    """One of ``NETWORKS`` with random weights."""
    encoder = dict(type='PConvEncoder', num_layers=num_layers)
    decoder = dict(type='PConvDecoder', num_layers=num_layers)
    if name == OURS:
        return PConvEncoderDecoder(dict(encoder, width=width), dict(decoder, width=width))
    if name == PLAIN:
        return PlainUNet(width, num_layers)

    # MMagic's network has no width. At 64 this changes nothing.
    def block(in_channels, out_channels, **kwargs):
        in_channels, out_channels = (c // 64 * width + c % 64 for c in (in_channels, out_channels))
        return pconv.MaskConvModule(in_channels, out_channels, **kwargs)

    with (DefaultScope.overwrite_default_scope('mmagic'),
          mock.patch.object(encoder_module, 'MaskConvModule', block),
          mock.patch.object(decoder_module, 'MaskConvModule', block)):
        return pconv.PConvEncoderDecoder(encoder, decoder)


def random_input(batch: int, size: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """An image ``(batch, 3, size, size)`` in [-1, 1] and a mask ``(batch, 1, size, size)``, 1 = valid, of
    square holes over about 2 / 5 of it."""
    generator = torch.Generator().manual_seed(0)
    mask = (torch.rand(batch, 1, 8, 8, generator=generator) > 0.4).float()
    mask = mask.repeat_interleave(size // 8, 2).repeat_interleave(size // 8, 3)
    image = torch.rand(batch, 3, size, size, generator=generator) * 2 - 1
    return (image * mask).to(device), mask.to(device)


def output_of(network: nn.Module, image: Tensor, mask: Tensor) -> Tensor:
    """What the network makes of the image, given the mask in the form that its inpaintor would give."""
    if isinstance(network, PlainUNet):
        return network(image)
    ours = isinstance(network, PConvEncoderDecoder)
    return network(image, mask.expand(-1, 3, -1, -1) if ours else mask.repeat(1, 3, 1, 1))[0]


def inference(network: nn.Module, image: Tensor, mask: Tensor) -> Tensor:
    """Forward pass without gradients. The network is in evaluation mode."""
    with torch.no_grad():
        return output_of(network, image, mask)


def training_step(network: nn.Module, image: Tensor, mask: Tensor) -> None:
    """Forward and backward pass. The network is in training mode."""
    network.zero_grad(set_to_none=True)
    output_of(network, image, mask).square().mean().backward()


def run_alone(name: str, case: str, batch: int, size: int, width: int, num_layers: int,
              device: torch.device) -> None:
    """Build a network and run one of ``CASES`` twice, for the memory that this takes."""
    step, training = CASES[case]
    network = build(name, width, num_layers).to(device).train(training)
    for _ in range(2):
        step(network, *random_input(batch, size, device))


# What is timed, and whether in training mode.
CASES = {'inference': (inference, False), 'training step': (training_step, True)}
