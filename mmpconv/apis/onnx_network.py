"""Filling by ONNX Runtime."""
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmpconv.errors import LaunchError, one_line

from .filling import FillingNetwork, smaller_windows

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

# Of the file: names of what goes in and comes out, and what these hold.
INPUTS, OUTPUTS = ('image', 'hole'), ('filled', 'reached')
FORMAT = '1'


class OnnxNetwork(FillingNetwork):
    """An inpaintor that ``mmpconv export`` has written as an ONNX file. Needs numpy and onnxruntime only.

    Args:
        path: The file.
        device: ``cpu``, ``cuda``, ``cuda:N``, or ``auto``: a GPU where onnxruntime can use one.
        threads: Of the CPU. Default: onnxruntime's, one for each core.

    Raises:
        LaunchError: onnxruntime is missing, it cannot use this device, or the file is none that ``mmpconv export`` of
            this version has written.
    """

    def __init__(self, path: str | Path, device: str = 'auto', threads: int | None = None):
        self._session = onnx_session(path, device, threads)
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
        self._path = str(path)
        self.device = device_of(self._session)
        _require_signature(self._session, path)

    def __call__(self, images: np.ndarray, holes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See :meth:`FillingNetwork.__call__`.

        Raises:
            LaunchError: There is too little memory.
        """
        arrays = np.ascontiguousarray(images.transpose(0, 3, 1, 2)), holes[:, None].astype(np.float32)
        try:
            filled, reached = self._session.run(OUTPUTS, dict(zip(INPUTS, arrays)))
        except Exception as error:  # onnxruntime has no type of its own for it
            if 'alloc' not in str(error).lower():
                raise LaunchError(f'{self._path} cannot be run on windows of {images.shape[1]} x {images.shape[2]} '
                                  f'pixels ({one_line(error)}); it is damaged, or none that mmpconv export has '
                                  'written: export the network again') from error
            raise LaunchError(f'{self.device} has too little memory for windows of {images.shape[1]} x '
                              f'{images.shape[2]} pixels, {len(images)} at a time',
                              smaller_windows(images.shape[1:3], len(images))) from error
        if (filled.shape, reached.shape) != tuple(array.shape for array in arrays) or filled.dtype != np.float32:
            raise LaunchError(f'{self._path} gives {filled.dtype} {filled.shape} and {reached.shape} for a photo of '
                              f'{arrays[0].shape} and a hole of {arrays[1].shape}, and should give such shapes; it is '
                              'damaged: export the network again')
        return filled.transpose(0, 2, 3, 1), reached[:, 0] > 0


def onnx_session(path: str | Path, device: str = 'auto', threads: int | None = None) -> 'InferenceSession':
    """A session that keeps no memory of the sizes that it has seen.

    Args:
        path, device, threads: See :class:`OnnxNetwork`.

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
    options.intra_op_num_threads = threads or 0
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


def _require_signature(session: 'InferenceSession', path: str | Path) -> None:
    """Refuse a file whose inputs and outputs are not those that ``mmpconv export`` writes."""
    for what, wanted, nodes in (('inputs', INPUTS, session.get_inputs()), ('outputs', OUTPUTS, session.get_outputs())):
        found = [(node.name, node.type) for node in nodes]
        if sorted(found) != sorted((name, 'tensor(float)') for name in wanted):
            raise LaunchError(f'{path} has the {what} {found!r:.200}, but a network that mmpconv export has written '
                              f'has {" and ".join(wanted)} of tensor(float); export the network again')


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
