"""Fillings without weights in the place of a network."""
import numpy as np

from mmpconv.errors import LaunchError
from mmpconv.evaluation.baselines import BASELINES, fill_by

from .filling import FillingNetwork
from .regions import as_floats, from_floats

# Name: what it is good for, in a line of ``--list-models``.
CLASSICAL_MODELS = {
    'oriented': 'along the lines of least change; the best without weights',
    'pyramid': 'smoothly from all sides',
    'telea': "fast marching, OpenCV's",
    'navier-stokes': "fluid dynamics, OpenCV's",
    'biharmonic': "the biharmonic equation, scikit-image's; slow for large holes",
}


class ClassicalNetwork(FillingNetwork):
    """One of :data:`CLASSICAL_MODELS`, at full resolution in windows of up to 1024 pixels.

    ``oriented`` and ``pyramid`` compute in float32; the others take and give colours of 8 bits, so that a hole in a
    photo of 16 bits has 8.

    Args:
        name: Which one.
        device: ``auto`` or ``cpu``; it runs on the CPU.

    Raises:
        LaunchError: There is no such filling, or it is asked to run elsewhere.
    """

    size = 512
    device = 'cpu'

    def __init__(self, name: str, device: str = 'auto'):
        if name not in CLASSICAL_MODELS:
            raise LaunchError(f'{name!r} is no filling without weights; there are {", ".join(CLASSICAL_MODELS)}')
        if device not in ('auto', 'cpu'):
            raise LaunchError(f'{name} runs on the CPU, not on {device}; take auto or cpu')
        self.name = name

    def __repr__(self) -> str:
        return f'ClassicalNetwork({self.name!r})'

    def __call__(self, images: np.ndarray, holes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As :meth:`FillingNetwork.__call__`."""
        filled, reached = images.copy(), np.ones_like(holes)
        for image, hole, result, seen in zip(images, holes, filled, reached):
            if hole.all():
                seen[:] = False
            elif hole.any():
                result[:] = self._fill(image, hole)
        return filled, reached

    def _fill(self, image: np.ndarray, hole: np.ndarray) -> np.ndarray:
        if self.name in ('oriented', 'pyramid'):
            return (fill_by(f'{self.name}_fill', image * 2 - 1, hole) + 1) / 2
        colors = np.ascontiguousarray(from_floats(image, np.dtype(np.uint8))[..., ::-1])
        return as_floats(BASELINES[self.name](colors, hole[..., None].astype(np.uint8)))[..., ::-1]
