"""One network as different runtimes run it."""
import tempfile
from collections.abc import Callable
from pathlib import Path

import networks
import torch
from mmengine.registry import MODELS, DefaultScope
from torch import Tensor, nn

from mmpconv.apis.export import trace, write_onnx
from mmpconv.apis.networks import OUTPUTS, device_of, onnx_session
from mmpconv.apis.torch_network import PictureNetwork

EAGER = 'PyTorch'
Runner = Callable[[Tensor, Tensor], Tensor]


def build(width: int, num_layers: int) -> PictureNetwork:
    """PConv with random weights, between pictures in [0, 1]."""
    parts = {part: dict(type=f'PConv{part.capitalize()}', num_layers=num_layers, width=width)
             for part in ('encoder', 'decoder')}
    with DefaultScope.overwrite_default_scope('mmpconv'):
        model = MODELS.build(dict(
            type='mmpconv.PConvInpaintor', data_preprocessor=dict(type='DataPreprocessor', mean=[127.5], std=[127.5]),
            encdec=dict(type='PConvEncoderDecoder', **parts)))
    for norm in filter(lambda module: isinstance(module, nn.BatchNorm2d), model.modules()):
        norm.momentum = 1.0  # its statistics become those of the next batch, as if it were trained
    with torch.no_grad():
        model.generator.train()(*networks.random_input(4, 256, torch.device('cpu')))
    colors = model.data_preprocessor
    return PictureNetwork(model.generator, colors.mean, colors.std, rgb=False, size=256)


def runners(network: PictureNetwork, device: torch.device, threads: int) -> dict[str, Runner]:
    """What fills a batch of holes, given as of :meth:`PictureNetwork.forward`, by runtime.

    ONNX Runtime takes arrays from the host and returns such; on a GPU it is left out if it cannot use that.
    """
    program = trace(network)  # before anything else: on the CPU
    found = {EAGER: network.to(device), 'torch.compile': torch.compile(network, dynamic=False),
             'torch.export': program.module().to(device)}
    filling = {name: _without_gradients(run) for name, run in found.items()}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'network.onnx'
        write_onnx(program, {}, path)
        session = onnx_session(path, 'cpu' if device.type == 'cpu' else 'auto', threads)
    if device_of(session) == device.type:
        filling['ONNX Runtime'] = lambda image, hole: torch.from_numpy(session.run(
            OUTPUTS, dict(image=image.cpu().numpy(), hole=hole.cpu().numpy()))[0])
    return filling


def _without_gradients(run: Callable) -> Runner:
    @torch.inference_mode()
    def filled(image: Tensor, hole: Tensor) -> Tensor:
        return run(image, hole)[0]

    return filled
