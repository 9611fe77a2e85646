"""The PConv U-Net (arXiv 1804.07723)."""
from mmengine.model import BaseModule
from torch import Tensor

from mmpconv.registry import MODELS


@MODELS.register_module()
class PConvEncoderDecoder(BaseModule):
    """Encoder and decoder, under MMagic's name, arguments and state-dict keys.

    Args:
        encoder: Config of the encoder, e.g. ``dict(type='PConvEncoder')``.
        decoder: Config of the decoder, e.g. ``dict(type='PConvDecoder')``.
    """

    def __init__(self, encoder: dict, decoder: dict):
        super().__init__()
        self.encoder = MODELS.build(encoder)
        self.decoder = MODELS.build(decoder)

    def forward(self, x: Tensor, mask_in: Tensor) -> tuple[Tensor, Tensor]:
        """Fill the holes.

        Args:
            x: Image ``(N, C, H, W)`` of any size; what it holds in the holes has no effect.
            mask_in: ``(N, C, H, W)`` or ``(N, 1, H, W)``, 1 = valid.

        Returns:
            tuple[Tensor, Tensor]: Filled image, of the same shape, and its mask (0 where even the
            last layer saw nothing).
        """
        return self.decoder(self.encoder(x, mask_in))
