"""Trained networks of torch: between pictures, as what fills photos, and the one in the package.

None of them needs an MM* library.
"""
import threading
from contextlib import nullcontext

import numpy as np
import torch
from torch import Tensor, nn

from mmpconv.checkpoints import CheckpointError, read_safetensors
from mmpconv.checkpoints.container import package_weights
from mmpconv.checkpoints.network_config import config_of
from mmpconv.errors import LaunchError
from mmpconv.models import OrientedUNet

from . import DEFAULT_MODEL
from .networks import FillingNetwork

_DTYPES = dict(float32=torch.float32, float16=torch.float16, bfloat16=torch.bfloat16)


class PictureNetwork(nn.Module):
    """The network of an inpaintor between pictures in [0, 1], ready to fill.

    Args:
        generator: The network, with its weights, of normalised images and of masks of which 1 is valid.
        mean, std: ``(3, 1, 1)``, of its channels, in [0, 255].
        rgb: Whether it takes the channels in the order RGB, not BGR.
        size: Side of the photos that it was trained on, in pixels.
    """

    def __init__(self, generator: nn.Module, mean: Tensor, std: Tensor, rgb: bool, size: int):
        super().__init__()
        self.generator, self.rgb, self.size = generator, rgb, size
        self.register_buffer('mean', mean / 255)
        self.register_buffer('std', std / 255)
        self.eval().requires_grad_(False)

    def forward(self, image: Tensor, hole: Tensor) -> tuple[Tensor, Tensor]:
        """Fill the holes.

        Args:
            image: ``(N, 3, H, W)``, RGB in [0, 1]; what it holds in the holes has no effect.
            hole: ``(N, 1, H, W)``, 1 = hole, 0 = valid.

        Returns:
            tuple[Tensor, Tensor]: The image with its holes filled, ``(N, 3, H, W)`` in [0, 1]; and ``(N, 1, H, W)``,
            0 where the network is too shallow to have seen anything valid.
        """
        ordered = image if self.rgb else image.flip(1)
        output, seen = self.generator((ordered - self.mean) / self.std, 1 - hole)
        output = (output.to(image.dtype) * self.std + self.mean).clamp(0, 1)
        output = output if self.rgb else output.flip(1)
        return output.where(hole > 0, image), seen[:, :1].to(image.dtype)


def network_of_the_package() -> PictureNetwork:
    """The default network, on the CPU: what its file says of itself, built without registries.

    Raises:
        CheckpointError: The file is absent or damaged.
    """
    path = package_weights(f'{DEFAULT_MODEL}.safetensors')
    content = read_safetensors(path)
    own = config_of(content, str(path))
    network = dict(own.model['encdec'])
    if network.pop('type') != 'OrientedUNet':
        raise CheckpointError(f'{path} is of another network than OrientedUNet; install mmpconv again')
    generator = OrientedUNet(**network)
    generator.load_state_dict({key.removeprefix('generator.'): value for key, value in content['state_dict'].items()})
    mean, std = (torch.tensor(own.model['data_preprocessor'][name]).float().view(-1, 1, 1) for name in ('mean', 'std'))
    return PictureNetwork(generator, mean, std, own.channel_order == 'rgb', own.size)


class TorchNetwork(FillingNetwork):
    """A trained inpaintor.

    Args:
        network: What to run.
        device: As torch names it, or ``auto``: a GPU where there is one.
        dtype: ``float32``, ``float16`` or ``bfloat16``, in which convolutions are computed; counts of valid pixels
            stay in float32. ``auto``: float32 on the CPU, float16 on a GPU.
        compile: Whether to run it through ``torch.compile``: the first picture takes a minute.

    Raises:
        LaunchError: There is no such device or dtype.
    """

    def __init__(self, network: PictureNetwork, device: str = 'auto', dtype: str = 'auto', compile: bool = False):
        self.size = network.size
        self._device = choose_device(device)
        self.device = str(self._device)
        self._dtype = _choose_dtype(dtype, self._device)
        self._network = network.to(self._device)
        self._run = torch.compile(self._network, dynamic=True) if compile else self._network
        # Compilation is not safe in several threads at once.
        self._turn = threading.Lock() if compile else nullcontext()

    def __repr__(self) -> str:
        kind = type(self._network.generator).__name__
        return f'TorchNetwork({kind} of {self.size} pixels, {self.device}, {self._dtype})'

    def __call__(self, images: np.ndarray, holes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See :meth:`FillingNetwork.__call__`.

        Raises:
            LaunchError: The GPU has too little memory.
        """
        image = torch.from_numpy(images).to(self._device).permute(0, 3, 1, 2)
        hole = torch.from_numpy(holes).to(self._device)[:, None].float()
        lowered = self._dtype != torch.float32
        try:
            with self._turn, torch.inference_mode(), torch.autocast(self._device.type, self._dtype, enabled=lowered):
                filled, seen = self._run(image, hole)
        except torch.cuda.OutOfMemoryError as error:
            raise self.out_of_memory(images) from error
        return filled.permute(0, 2, 3, 1).cpu().numpy(), (seen[:, 0] > 0).cpu().numpy()


def choose_device(name: str) -> torch.device:
    """The device of a name.

    Args:
        name: ``auto`` takes a GPU where there is one; or as torch names it.

    Raises:
        LaunchError: There is no such device here.
    """
    if name == 'auto':
        return torch.device('cuda' if torch.cuda.is_available() else 'cpu')
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:  # torch's two ways to have no CUDA
        raise LaunchError(f'the device {name!r} cannot be used here ({str(error).splitlines()[0]}); take auto, cpu, '
                          'or cuda where there is a GPU') from error
    return device


def _choose_dtype(name: str, device: torch.device) -> torch.dtype:
    if name == 'auto':
        return torch.float16 if device.type == 'cuda' else torch.float32
    if name not in _DTYPES:
        raise LaunchError(f'dtype is {name!r} but must be auto, {", ".join(_DTYPES)}')
    return _DTYPES[name]
