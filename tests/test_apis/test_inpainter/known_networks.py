"""Networks whose answers are known."""
import numpy as np

from mmpconv.apis.networks import FillingNetwork


class PlaneNetwork(FillingNetwork):
    """Fills with the plane that fits the valid pixels best: exact where the photo is a plane, at any resolution.

    Attributes:
        pixels: How many pixels it was shown in all.
        largest: Most pixels that it was shown at a time.
    """

    device = 'cpu'

    def __init__(self, size=32):
        self.size, self.pixels, self.largest = size, 0, 0

    def __call__(self, images, holes):
        assert images.dtype == np.float32 and holes.dtype == bool and images.shape[:3] == holes.shape
        self.pixels += holes.size
        self.largest = max(self.largest, holes.size)
        return np.stack([self._fill(*pair) for pair in zip(images, holes)]), np.ones_like(holes)

    @staticmethod
    def _fill(image, hole):
        y, x = np.indices(hole.shape) / 32
        terms = np.stack([np.ones_like(x), x, y], -1)
        plane = np.linalg.lstsq(terms[~hole], image[~hole].astype(float), rcond=None)[0]
        return (terms @ plane).astype(np.float32)


class RestlessNetwork(PlaneNetwork):
    """Gives every window another colour: the worst that could be seen at the borders of windows."""

    def __init__(self, size=32):
        super().__init__(size)
        self.colors = np.random.default_rng(0)

    @property
    def _fill(self):
        color = self.colors.random(3, np.float32)
        return lambda image, hole: np.broadcast_to(color, image.shape)


class ShallowNetwork(PlaneNetwork):
    """Sees valid pixels no more than 3 pixels away."""

    def __call__(self, images, holes):
        reached = np.ones_like(holes)
        for hole, mine in zip(holes, reached):
            y, x = np.nonzero(~hole)
            for row, column in np.argwhere(hole):
                mine[row, column] = len(y) > 0 and np.hypot(y - row, x - column).min() <= 3
        return super().__call__(images, holes)[0], reached


def plane(height, width, dtype=np.float32):
    """A photo whose colours are planes, in [0, 1] or the range of its type."""
    y, x = np.indices((height, width))
    color = np.stack([x / width, y / height, (x + y) / (height + width)], -1)
    return (color * (1 if np.dtype(dtype).kind == 'f' else np.iinfo(dtype).max)).astype(dtype)


def disc(height, width, center, radius):
    """A hole."""
    y, x = np.indices((height, width))
    return (y - center[0])**2 + (x - center[1])**2 <= radius**2
