"""Features of Inception on disk, so that FID goes on where it was interrupted."""
from pathlib import Path

import numpy as np
import torch

from mmpconv.errors import LaunchError
from mmpconv.evaluation.perceptual_metrics import FeatureStatistics, InceptionFeatures
from mmpconv.whole_files import append, cut_to

_BYTES = 4 * InceptionFeatures.SIZE  # float32


class InceptionFile:
    """Features ``(2048,)`` float32 of pictures, one after the other.

    Args:
        path: The file.
    """

    def __init__(self, path: Path):
        self.path = path

    def __len__(self) -> int:
        """Number of complete features."""
        return self.path.stat().st_size // _BYTES if self.path.is_file() else 0

    def cut_to(self, count: int) -> None:
        """Keep this many.

        Raises:
            LaunchError: There are fewer.
        """
        if len(self) < count:
            raise LaunchError(f'{self.path} has {len(self)} features for {count} scores, it is damaged; compute the '
                              'method again with --restart')
        self.path.parent.mkdir(parents=True, exist_ok=True)
        cut_to(self.path, count * _BYTES)

    def append(self, feature: torch.Tensor) -> None:
        """Add a feature `(2048,)`."""
        append(self.path, feature.float().cpu().numpy().astype('<f4').tobytes())

    def statistics(self, device: str) -> FeatureStatistics:
        """Mean and covariance, computed on this device; the features are read one at a time."""
        statistics = FeatureStatistics(InceptionFeatures.SIZE, device)
        with self.path.open('rb') as file:
            while len(block := file.read(_BYTES)) == _BYTES:
                statistics.add(torch.from_numpy(np.frombuffer(block, '<f4').copy()).to(device))
        return statistics
