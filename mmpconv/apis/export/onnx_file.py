"""ONNX files."""
import warnings
from importlib.metadata import version
from pathlib import Path

import torch
from torch import Tensor
from torch.export import ExportedProgram

from mmpconv.apis.inpainter.onnx_network import INPUTS, OUTPUTS, onnx_session
from mmpconv.errors import LaunchError

from .agreement import Comparison, compare, require_agreement
from .description import load_described
from .new_file import new_file
from .tracing import trace

OPSET = 18  # ONNX Runtime 1.14 and newer; what torch writes without converting
_LARGEST = 2 << 30  # of a file, by its format


def export_onnx(model: str, checkpoint: str | None, path: str | Path) -> list[Comparison]:
    """Write a trained inpaintor as an ONNX file that needs nothing beside it.

    Inputs ``image`` ``(batch, 3, height, width)`` float32, RGB in [0, 1], and ``hole`` ``(batch, 1, height, width)``
    float32, 1 = hole, 0 = valid. Outputs ``filled``, the image with its holes filled, and ``reached``, 0 where the
    network is too shallow to have seen anything valid, both of such shapes. Batch, height and width are any from 1 on.

    The file is tried before it gets its name: ONNX Runtime has to compute what PyTorch computes.

    Args:
        model: Path of a config, ``package::path``, the name of a shipped config, or a checkpoint that holds its own
            config.
        checkpoint: File or URL. None: the published weights of a shipped config.
        path: Where to write to. A file that is there is replaced, if all goes well.

    Returns:
        list[Comparison]: How far ONNX Runtime and PyTorch differ.

    Raises:
        LaunchError: The network cannot be loaded or exported, a package is missing, or the two differ; there is no new
            file then.
        CheckpointError: The checkpoint cannot be loaded, or is not safe to load.
    """
    _require_packages()
    network, description = load_described(model, checkpoint)
    size = sum(weight.nbytes for weight in network.state_dict().values())
    if size >= _LARGEST:
        raise LaunchError(f'the network has {size / 1e9:.1f} GB of weights, and an ONNX file holds less than '
                          '2.1 GB; export it as .pt2')
    with new_file(Path(path)) as unfinished:
        write_onnx(trace(network), description, unfinished)
        session = onnx_session(unfinished, 'cpu')

        def run(*inputs: Tensor) -> tuple[Tensor, ...]:
            outputs = session.run(OUTPUTS, dict(zip(INPUTS, (tensor.numpy() for tensor in inputs))))
            return tuple(map(torch.from_numpy, outputs))

        comparisons = compare(run, network)
        require_agreement(comparisons, str(path))
    return comparisons


def write_onnx(program: ExportedProgram, description: dict[str, str], unfinished: Path) -> None:
    """Write a traced network, with a description as metadata."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # torch warns of its own doings
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
