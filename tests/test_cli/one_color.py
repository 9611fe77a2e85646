"""A network that is no network."""
import numpy as np

from mmpconv.apis.networks import FillingNetwork

FILLED = (51, 102, 153)


class OneColor(FillingNetwork):
    """Fills with :data:`FILLED`; remembers how it was asked for."""

    size, device = 64, 'cpu'

    def __init__(self):
        self.calls, self.arguments = 0, []

    def __call__(self, images, holes):
        self.calls += 1
        filled = np.broadcast_to(np.float32(FILLED) / np.float32(255), images.shape)
        return filled.copy(), np.ones_like(holes)
