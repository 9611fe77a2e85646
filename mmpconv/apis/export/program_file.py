"""Files of torch.export."""
import json
import warnings
from pathlib import Path

import torch

from .agreement import Comparison, compare, require_agreement
from .description import load_described
from .new_file import new_file
from .tracing import trace

DESCRIPTION = 'mmpconv.json'


def export_program(model: str, checkpoint: str | None, path: str | Path) -> list[Comparison]:
    """Write a trained inpaintor as a program of torch.export, which ``torch.export.load(path).module()`` runs.

    Inputs and outputs are those of :func:`export_onnx`. It needs torch, neither this package nor an MM* library, and
    may be compiled. It has with it a file ``mmpconv.json`` of what :func:`export_onnx` keeps as metadata
    (``torch.export.load(path, extra_files=...)``).

    The file is tried before it gets its name: what is read back has to compute what the network computes.

    Args:
        model, checkpoint, path: As of :func:`export_onnx`.

    Returns:
        list[Comparison]: How far program and network differ.

    Raises:
        LaunchError: The network cannot be loaded or exported, or the two differ; there is no new file then.
        CheckpointError: The checkpoint cannot be loaded, or is not safe to load.
    """
    network, description = load_described(model, checkpoint)
    with new_file(Path(path)) as unfinished, warnings.catch_warnings():
        warnings.simplefilter('ignore')  # torch warns of its own doings
        torch.export.save(trace(network), unfinished, extra_files={DESCRIPTION: json.dumps(description, indent=1)})
        program = torch.export.load(unfinished).module()
        with torch.inference_mode():
            comparisons = compare(program, network)
        require_agreement(comparisons, str(path))
    return comparisons
