"""A network as a graph that takes any number of photos of any size."""
import torch
import torch.fx.experimental._config as symbolic_shapes
from torch.export import Dim, ExportedProgram

from mmpconv.apis.inpainter.onnx_network import INPUTS
from mmpconv.apis.inpainter.picture_network import PictureNetwork
from mmpconv.errors import LaunchError


def trace(network: PictureNetwork) -> ExportedProgram:
    """Write down what the network computes.

    Returns:
        ExportedProgram: Inputs and outputs as of :meth:`PictureNetwork.forward`, in float32; batch, height and width
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
