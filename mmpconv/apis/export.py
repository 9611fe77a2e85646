"""Writes trained inpaintors as files that run without this package."""
import contextlib
import copy
import io
import json
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import torch
import torch.fx.experimental._config as symbolic_shapes
from rich.table import Table
from torch import Tensor
from torch.export import Dim, ExportedProgram

from mmpconv.checkpoints.loading import sha256_of
from mmpconv.configs import config_stem
from mmpconv.errors import LaunchError
from mmpconv.version import __version__
from mmpconv.whole_files import whole_file

from .models import shipped_model
from .networks import FORMAT, INPUTS, OUTPUTS, onnx_session
from .torch_network import PictureNetwork
from .trained_network import load_picture_network

TOLERANCE = 1e-4  # of colours in [0, 1]
SHAPES = ((1, 256, 256), (2, 200, 312), (1, 33, 57), (3, 7, 130), (1, 1, 1))


@dataclass(frozen=True)
class Comparison:
    """Of one batch.

    Attributes:
        shape: Batch, height and width. hole: Which kind.
        difference: Largest difference of the filled colours in [0, 1]; infinite if what was reached differs.
        allowed: Largest that is taken for float rounding.
    """

    shape: tuple[int, int, int]
    hole: str
    difference: float
    allowed: float


@torch.inference_mode()
def compare(run: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]], network: PictureNetwork) -> list[Comparison]:
    """Run both on photos of :data:`SHAPES`, with holes of several kinds.

    Args:
        run: What has been exported, called as the network. It gets NaN in the holes, which the network does not.
        network: What it was exported from, on the CPU.
    """
    generator = torch.Generator().manual_seed(0)
    comparisons = []
    for shape in SHAPES:
        batch, height, width = shape
        image = torch.rand(batch, 3, height, width, generator=generator)
        for kind, hole in _holes(shape, generator).items():
            difference = _difference(network(image, hole), run(image.masked_fill(hole > 0, torch.nan), hole))
            allowed = TOLERANCE if difference <= TOLERANCE else max(TOLERANCE, 100 * _rounding(network, image, hole))
            comparisons.append(Comparison(shape, kind, difference, allowed))
    return comparisons


def require_agreement(comparisons: Sequence[Comparison], path: str) -> None:
    """Refuse a file that computes something else.

    Raises:
        LaunchError: Says where the difference is largest.
    """
    worst = max(comparisons, key=lambda comparison: comparison.difference / comparison.allowed)
    if worst.difference > worst.allowed:
        batch, height, width = worst.shape
        raise LaunchError(
            f'{path} was not written: what was exported differs from PyTorch by {worst.difference:.1e} (up to '
            f'{worst.allowed:.1e} is rounding) for {batch} x {height} x {width} pixels, hole: {worst.hole}; use the '
            'versions of torch, onnxscript and onnxruntime that requirements/lock.txt names')


def table_of(comparisons: Sequence[Comparison], runtime: str) -> Table:
    """The differences, a row for each shape and a column for each kind of hole. ``runtime`` is who ran the export."""
    kinds = dict.fromkeys(comparison.hole for comparison in comparisons)
    table = Table('photos', *kinds, title=f'{runtime} against PyTorch', title_justify='left',
                  caption='Largest difference of colours in [0, 1], by kind of hole', caption_justify='left')
    for shape in dict.fromkeys(comparison.shape for comparison in comparisons):
        batch, height, width = shape
        table.add_row(f'{batch} x {height} x {width}', *(f'{comparison.difference:.1e}' for comparison in comparisons
                                                         if comparison.shape == shape))
    return table


def _holes(shape: tuple[int, int, int], generator: torch.Generator) -> dict[str, Tensor]:
    batch, height, width = shape
    box = torch.zeros(batch, 1, height, width)
    box[:, :, height // 4:3 * height // 4, width // 4:3 * width // 4] = 1
    scattered = (torch.rand(box.shape, generator=generator) < 0.5).float()
    return {'a box': box, 'scattered': scattered, 'none': torch.zeros_like(box), 'all': torch.ones_like(box)}


def _rounding(network: PictureNetwork, image: Tensor, hole: Tensor) -> float:
    """Rounding error of PyTorch itself, large where a network that is hardly trained has values of many hundreds.

    Others add up in another order and were off ten to thirty times as far.
    """
    exact = copy.deepcopy(network).double()
    return (network(image, hole)[0] - exact(image.double(), hole.double())[0]).abs().max().item()


def _difference(expected: tuple[Tensor, Tensor], got: tuple[Tensor, Tensor]) -> float:
    (filled, reached), (got_filled, got_reached) = expected, got
    if got_filled.shape != filled.shape or not torch.equal(got_reached > 0, reached > 0):
        return torch.inf
    return (got_filled - filled).abs().nan_to_num(torch.inf).max().item()


def _export(model: str, checkpoint: str | None, path: Path,
            write: Callable[[PictureNetwork, dict[str, str], Path], Callable]) -> list[Comparison]:
    """Write a network to a file, which gets its name if it computes the same: ``write`` gives what runs it."""
    if path.is_dir():
        raise LaunchError(f'{path} is a folder; give the name of a file')
    network, description = load_described(model, checkpoint)
    with whole_file(path) as unfinished:
        comparisons = compare(write(network, description, unfinished), network)
        require_agreement(comparisons, str(path))
    return comparisons


def load_described(model: str, checkpoint: str | None) -> tuple[PictureNetwork, dict[str, str]]:
    """Load a network, and describe it in texts by names that begin with ``mmpconv.``.

    They say: the version of the format, name, training size in pixels, what inputs and outputs hold, and what it is
    made from.
    """
    network = load_picture_network(model, checkpoint)
    shipped = shipped_model(model)
    description = dict(
        format=FORMAT, name=config_stem(model), size=network.size, channel_order='rgb', image='[0, 1]', hole='1 = hole',
        filled='[0, 1], the image outside the hole', reached='0 = saw nothing valid', config=model,
        checkpoint_sha256=sha256_of(checkpoint or (shipped.weights if shipped else model)), version=__version__,
        torch_version=torch.__version__)
    return network, {f'mmpconv.{name}': str(value) for name, value in description.items()}


def trace(network: PictureNetwork) -> ExportedProgram:
    """Write down what the network computes.

    Returns:
        ExportedProgram: Inputs and outputs of :meth:`PictureNetwork.forward`, in float32; batch, height and width
        are any from 1 on.

    Raises:
        LaunchError: This version of torch cannot.
    """
    if not hasattr(symbolic_shapes, 'backed_size_oblivious'):
        raise LaunchError(f'torch {torch.__version__} cannot export networks for photos of any size; install torch 2.8 '
                          'or newer')
    sizes = {0: Dim('batch', min=1), 2: Dim('height', min=1), 3: Dim('width', min=1)}
    example = torch.zeros(2, 3, 37, 50), torch.ones(2, 1, 37, 50)
    # Otherwise torch takes for granted that no size in the network is 1.
    with symbolic_shapes.patch(backed_size_oblivious=True), torch.no_grad():
        return torch.export.export(network, example, dynamic_shapes=dict.fromkeys(INPUTS, sizes))


OPSET = 18  # ONNX Runtime 1.14 and newer; what torch writes without converting
_LARGEST = 2 << 30  # of a file, by its format


def export_onnx(model: str, checkpoint: str | None, path: str | Path) -> list[Comparison]:
    """Write a trained inpaintor as an ONNX file that needs nothing beside it.

    Inputs ``image`` ``(batch, 3, height, width)`` float32, RGB in [0, 1], and ``hole`` ``(batch, 1, height, width)``
    float32, 1 = hole, 0 = valid. Outputs ``filled``, the image with its holes filled, and ``reached``, 0 where the
    network is too shallow to have seen anything valid, both of such shapes. Batch, height and width are any from 1 on.

    The file is tried before it gets its name: ONNX Runtime has to compute what PyTorch computes.

    Args:
        model, checkpoint: See :func:`~mmpconv.apis.trained_network.load_picture_network`.
        path: Where to write to. A file that is there is replaced, if all goes well.

    Returns:
        list[Comparison]: How far ONNX Runtime and PyTorch differ.

    Raises:
        LaunchError: The network cannot be loaded or exported, a package is missing, or the two differ; there is no new
            file then.
        CheckpointError: The checkpoint cannot be loaded, or is not safe to load.
    """
    _require_packages()

    def write(network: PictureNetwork, description: dict[str, str], unfinished: Path) -> Callable:
        size = sum(weight.nbytes for weight in network.state_dict().values())
        if size >= _LARGEST:
            raise LaunchError(f'the network has {size / 1e9:.1f} GB of weights, and an ONNX file holds less than '
                              '2.1 GB; export it as .pt2')
        write_onnx(trace(network), description, unfinished)
        session = onnx_session(unfinished, 'cpu')

        def run(*inputs: Tensor) -> tuple[Tensor, ...]:
            outputs = session.run(OUTPUTS, dict(zip(INPUTS, (tensor.numpy() for tensor in inputs))))
            return tuple(map(torch.from_numpy, outputs))

        return run

    return _export(model, checkpoint, Path(path), write)


@contextlib.contextmanager
def _torch_silent() -> Iterator[None]:
    """It warns, and logs, of its own doings."""
    log = logging.getLogger('torch._export.serde.serialize')
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            yield
    finally:
        log.setLevel(level)


def write_onnx(program: ExportedProgram, description: dict[str, str], unfinished: Path) -> None:
    """Write a traced network, with a description as metadata."""
    with _torch_silent():
        exported = torch.onnx.export(program, dynamo=True, opset_version=OPSET, input_names=INPUTS,
                                     output_names=OUTPUTS, verbose=False)
    for value in (*exported.model.graph.inputs, *exported.model.graph.outputs):
        for axis, name in {0: 'batch', 2: 'height', 3: 'width'}.items():
            value.shape[axis] = name
    exported.model.metadata_props.update(description)
    exported.save(unfinished, external_data=False)


def _require_packages() -> None:
    try:
        import onnx  # noqa: F401
        import onnx_ir.schemas  # noqa: F401  (what torch's exporter needs of it, from 0.1.16 on)
        import onnxscript  # noqa: F401
    except ImportError as error:
        name = (error.name or 'onnx').partition('.')[0]
        found = f'{name} {version(name)} is too old' if '.' in (error.name or '') else f'{name} is missing'
        raise LaunchError(f"ONNX files are written with onnx, onnxscript and onnxruntime, and {found}; install them: "
                          "pip install --upgrade 'mmpconv[export]'") from error


DESCRIPTION = 'mmpconv.json'


def export_program(model: str, checkpoint: str | None, path: str | Path) -> list[Comparison]:
    """Write a trained inpaintor as a program of torch.export, which ``torch.export.load(path).module()`` runs.

    Inputs and outputs are those of :func:`export_onnx`. It needs torch, neither this package nor an MM* library, and
    may be compiled. It has with it a file ``mmpconv.json`` of what :func:`export_onnx` keeps as metadata
    (``torch.export.load(path, extra_files=...)``).

    The file is tried before it gets its name: what is read back has to compute what the network computes.

    Args:
        model, checkpoint, path: See :func:`export_onnx`.

    Returns:
        list[Comparison]: How far program and network differ.

    Raises:
        LaunchError: The network cannot be loaded or exported, or the two differ; there is no new file then.
        CheckpointError: The checkpoint cannot be loaded, or is not safe to load.
    """
    def write(network: PictureNetwork, description: dict[str, str], unfinished: Path) -> Callable:
        with _torch_silent():
            content = io.BytesIO()  # on a disk that is full, torch itself would end the process
            torch.export.save(trace(network), content, extra_files={DESCRIPTION: json.dumps(description, indent=1)})
            unfinished.write_bytes(content.getbuffer())
            return torch.export.load(unfinished).module()

    return _export(model, checkpoint, Path(path), write)
