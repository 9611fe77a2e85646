"""A trained network between pictures, and the one in the package, which needs no MM* library."""
import torch
from torch import Tensor, nn

from mmpconv.checkpoints import CheckpointError, read_safetensors
from mmpconv.checkpoints.container import package_weights
from mmpconv.checkpoints.network_config import config_of
from mmpconv.models import OrientedUNet

from . import DEFAULT_MODEL


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
