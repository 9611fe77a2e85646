"""Networks that fill small pictures: the protocol, and those that need no torch."""
import re
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmpconv.errors import LaunchError, one_line

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


class FillingNetwork(ABC):
    """Fills the holes of small pictures, whatever runs it.

    Attributes:
        size: Side of the photos that it was trained on, in pixels.
        device: Where it runs, as torch names it.
    """

    size: int
    device: str

    @abstractmethod
    def __call__(self, images: np.ndarray, holes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Fill. May be called by several threads at a time.

        Args:
            images: ``(n, h, w, 3)`` float32, RGB in [0, 1]; what they hold in the holes has no effect.
            holes: ``(n, h, w)`` bool, True = hole.

        Returns:
            tuple[np.ndarray, np.ndarray]: ``(n, h, w, 3)`` float32, RGB in [0, 1]; only the pixels of the holes mean
            anything. And ``(n, h, w)`` bool, False where the network is too shallow to have seen anything valid.
        """

    def out_of_memory(self, images: np.ndarray) -> LaunchError:
        """The error for pictures that need more memory than there is."""
        count, height, width = images.shape[:3]
        return LaunchError(f'{self.device} has too little memory for windows of {height} x {width} pixels, {count} at '
                           'a time', {'tile_size': max(height, width) // 2,
                                      **({'batch_size': count // 2} if count > 1 else {})})


def as_floats(color: np.ndarray) -> np.ndarray:
    """Colours of uint8, uint16, or float32 in [0, 1], as float32 in [0, 1]."""
    return color.astype(np.float32) if color.dtype.kind == 'f' else color * np.float32(1 / np.iinfo(color.dtype).max)


def from_floats(color: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """The inverse of :func:`as_floats`, to the nearest value that the type has."""
    color = color.clip(0, 1)
    if dtype.kind == 'f':
        return color.astype(dtype)
    return (color * np.float32(np.iinfo(dtype).max)).round().astype(dtype)


# Name: what it is good for, in a line of ``--list-models``.
CLASSICAL_MODELS = {
    'oriented': 'along the lines of least change; the best without weights',
    'pyramid': 'smoothly from all sides',
    'telea': "fast marching, OpenCV's",
    'navier-stokes': "fluid dynamics, OpenCV's",
    'biharmonic': "the biharmonic equation, scikit-image's; slow for large holes",
}


class ClassicalNetwork(FillingNetwork):
    """One of :data:`CLASSICAL_MODELS`, at full resolution in windows of up to 1024 pixels.

    ``oriented`` and ``pyramid`` compute in float32; the others take and give colours of 8 bits, so that a hole in a
    photo of 16 bits has 8.

    Args:
        name: Which one.
        device: ``auto`` or ``cpu``; it runs on the CPU.

    Raises:
        LaunchError: It is asked to run elsewhere.
    """

    size = 512
    device = 'cpu'

    def __init__(self, name: str, device: str = 'auto'):
        if device not in ('auto', 'cpu'):
            raise LaunchError(f'{name} runs on the CPU, not on {device}; take auto or cpu')
        self.name = name

    def __repr__(self) -> str:
        return f'ClassicalNetwork({self.name!r})'

    def __call__(self, images: np.ndarray, holes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See :meth:`FillingNetwork.__call__`."""
        filled, reached = images.copy(), np.ones_like(holes)
        for image, hole, result, seen in zip(images, holes, filled, reached):
            if hole.all():
                seen[:] = False
            elif hole.any():
                result[:] = self._fill(image, hole)
        return filled, reached

    def _fill(self, image: np.ndarray, hole: np.ndarray) -> np.ndarray:
        from mmpconv.evaluation.baselines import BASELINES, fill_by

        if self.name in ('oriented', 'pyramid'):
            return (fill_by(f'{self.name}_fill', image * 2 - 1, hole) + 1) / 2
        colors = np.ascontiguousarray(from_floats(image, np.dtype(np.uint8))[..., ::-1])
        return as_floats(BASELINES[self.name](colors, hole[..., None].astype(np.uint8)))[..., ::-1]


# Of an ONNX file: names of what goes in and comes out, and what these hold.
INPUTS, OUTPUTS = ('image', 'hole'), ('filled', 'reached')
FORMAT = '1'


class OnnxNetwork(FillingNetwork):
    """An inpaintor that ``mmpconv export`` has written as an ONNX file. Needs numpy and onnxruntime only.

    Args:
        path: The file.
        device: ``cpu``, ``cuda``, ``cuda:N``, or ``auto``: a GPU where onnxruntime can use one.

    Raises:
        LaunchError: onnxruntime is missing, it cannot use this device, or the file is none that ``mmpconv export`` of
            this version has written.
    """

    def __init__(self, path: str | Path, device: str = 'auto'):
        self._path, self._session = path, onnx_session(path, device)
        self.device = device_of(self._session)
        metadata = self._session.get_modelmeta().custom_metadata_map
        if 'mmpconv.format' not in metadata:
            raise LaunchError(f'{path} is an ONNX file, but none that mmpconv export has written; export the network '
                              'with it')
        if metadata['mmpconv.format'] != FORMAT:
            raise LaunchError(f'{path} was written by mmpconv {metadata.get("mmpconv.version")} in format '
                              f'{metadata["mmpconv.format"]}, and this version reads format {FORMAT}; use that '
                              'version, or export the network again')
        size = metadata.get('mmpconv.size', '')
        if not re.fullmatch('[1-9][0-9]{0,6}', size):
            raise LaunchError(f'{path} says that its network was trained on photos of {size[:40]!r} pixels, and is '
                              'damaged; export the network again')
        self.size = int(size)
        for what, wanted, nodes in (('inputs', INPUTS, self._session.get_inputs()),
                                    ('outputs', OUTPUTS, self._session.get_outputs())):
            found = [(node.name, node.type) for node in nodes]
            if sorted(found) != sorted((name, 'tensor(float)') for name in wanted):
                raise LaunchError(f'{path} has the {what} {found!r:.200}, but a network that mmpconv export has '
                                  f'written has {" and ".join(wanted)} of tensor(float); export the network again')

    def __call__(self, images: np.ndarray, holes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See :meth:`FillingNetwork.__call__`.

        Raises:
            LaunchError: There is too little memory, or the file is damaged.
        """
        arrays = np.ascontiguousarray(images.transpose(0, 3, 1, 2)), holes[:, None].astype(np.float32)
        try:
            filled, reached = self._session.run(OUTPUTS, dict(zip(INPUTS, arrays)))
        except Exception as error:  # onnxruntime has no type of its own for it
            if 'alloc' in str(error).lower():
                raise self.out_of_memory(images) from error
            raise LaunchError(f'{self._path} cannot be run on windows of {images.shape[1]} x {images.shape[2]} pixels '
                              f'({one_line(error)}); it is damaged, or none that mmpconv export has written: export '
                              'the network again') from error
        if (filled.shape, reached.shape) != tuple(array.shape for array in arrays) or filled.dtype != np.float32:
            raise LaunchError(f'{self._path} gives {filled.dtype} {filled.shape} and {reached.shape} for a photo of '
                              f'{arrays[0].shape} and a hole of {arrays[1].shape}, and should give such shapes; it is '
                              'damaged: export the network again')
        return filled.transpose(0, 2, 3, 1), reached[:, 0] > 0


def onnx_session(path: str | Path, device: str = 'auto', threads: int = 0) -> 'InferenceSession':
    """A session that keeps no memory of the sizes that it has seen.

    Args:
        path, device: See :class:`OnnxNetwork`.
        threads: Of the CPU; 0: one for each core.

    Raises:
        LaunchError: See :class:`OnnxNetwork`.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise LaunchError(f'{path} is run by onnxruntime, which cannot be imported ({error}); install it: '
                          "pip install 'mmpconv[export]'") from error
    if not Path(path).is_file():
        raise LaunchError(f'there is no file {path}; give the path of an .onnx file that mmpconv export has written')
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3  # it warns of what it cannot optimise
    # Windows are of many sizes; both would keep what each has needed.
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    providers = _providers(device, onnxruntime.get_available_providers())
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=providers)
    except Exception as error:  # of its own types, one for each way in which a file can be damaged
        raise LaunchError(f'{path} cannot be read as an ONNX file ({one_line(error)}); it may be damaged, or '
                          'something else: export the network again') from error
    if device.startswith('cuda') and device_of(session) == 'cpu':
        raise LaunchError(f'the device {device!r} cannot be used here: onnxruntime finds no fitting CUDA and cuDNN; '
                          'install them, or take cpu')
    return session


def device_of(session: 'InferenceSession') -> str:
    """Where a session runs, as torch names it."""
    return 'cuda' if session.get_providers()[0] == 'CUDAExecutionProvider' else 'cpu'


def _providers(device: str, available: list[str]) -> list:
    """onnxruntime's name of a device, the CPU behind it."""
    kind, _, index = device.partition(':')
    cuda = 'CUDAExecutionProvider' in available
    if kind not in ('auto', 'cpu', 'cuda') or (index and not (kind == 'cuda' and index.isdigit())):
        raise LaunchError(f'the device is {device!r}, but an ONNX file runs on cpu, cuda or cuda:N; or take auto')
    if kind == 'cuda' and not cuda:
        raise LaunchError(f'the device is {device!r}, but the onnxruntime that is installed runs on the CPU only; take '
                          'cpu, or install it for GPUs: pip install onnxruntime-gpu')
    if kind == 'cpu' or not cuda:
        return ['CPUExecutionProvider']
    # By default it would try all algorithms of each convolution at each new size.
    settings = dict(device_id=int(index or 0), cudnn_conv_algo_search='HEURISTIC',
                    arena_extend_strategy='kSameAsRequested')
    return [('CUDAExecutionProvider', settings), 'CPUExecutionProvider']
