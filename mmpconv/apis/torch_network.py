"""A trained network of torch that fills pictures."""
import threading
from contextlib import nullcontext

import numpy as np
import torch

from mmpconv.errors import LaunchError

from .filling import FillingNetwork, smaller_windows
from .picture_network import PictureNetwork

_DTYPES = dict(float32=torch.float32, float16=torch.float16, bfloat16=torch.bfloat16)


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
            raise LaunchError(f'{self.device} has too little memory for windows of {image.shape[2]} x '
                              f'{image.shape[3]} pixels, {len(image)} at a time',
                              smaller_windows(image.shape[2:], len(image))) from error
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
