"""What an exported file says of itself."""
import torch

from mmpconv.apis.checkpoint_hash import checkpoint_sha256
from mmpconv.apis.inpainter.onnx_network import FORMAT
from mmpconv.apis.inpainter.picture_network import PictureNetwork, load_picture_network
from mmpconv.apis.inpainter.shipped_models import shipped_model
from mmpconv.engine.files import config_stem
from mmpconv.version import __version__


def load_described(model: str, checkpoint: str | None) -> tuple[PictureNetwork, dict[str, str]]:
    """Load a network, as of :func:`load_picture_network`, and describe it.

    Returns:
        tuple[PictureNetwork, dict[str, str]]: The network; and as texts, by names that begin with ``mmpconv.``: the
        version of the format, name, training size in pixels, what inputs and outputs hold, and what it is made from.
    """
    network = load_picture_network(model, checkpoint)
    shipped = shipped_model(model)
    description = dict(
        format=FORMAT, name=config_stem(model), size=network.size, channel_order='rgb', image='[0, 1]', hole='1 = hole',
        filled='[0, 1], the image outside the hole', reached='0 = saw nothing valid', config=model,
        checkpoint_sha256=checkpoint_sha256(checkpoint or (shipped.weights if shipped else model)), version=__version__,
        torch_version=torch.__version__)
    return network, {f'mmpconv.{name}': str(value) for name, value in description.items()}
