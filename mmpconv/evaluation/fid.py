"""FID of all images and of each group of holes, over several processes."""
from collections import defaultdict

import numpy as np
import torch
from mmengine.dist import all_gather_object, all_reduce, get_world_size

from .hole_bins import GROUPS, groups_of
from .perceptual_metrics import FeatureStatistics, InceptionFeatures, frechet_distance


class FID:
    """Takes in images one at a time; what it keeps of them is 67 MB for each bin and contact with the border.

    Args:
        weights: As of :class:`InceptionFeatures`.
    """

    def __init__(self, weights: str | None = None):
        self._inception = InceptionFeatures(weights)
        self.reset()

    def reset(self) -> None:
        """Forget all images."""
        # (bin, touches the border): statistics of the completed and of the true images.
        self._parts = defaultdict(self._empty)

    def _empty(self) -> tuple[FeatureStatistics, FeatureStatistics]:
        size, device = self._inception.SIZE, self._inception.device
        return FeatureStatistics(size, device), FeatureStatistics(size, device)

    def to(self, device: torch.device) -> 'FID':
        """Compute there."""
        self._inception.to(device)
        return self

    def add(self, pred: np.ndarray, gt: np.ndarray, hole_bin: str | None, border: bool) -> None:
        """Take in a completed and a true image, `(h, w, 3)` uint8, BGR."""
        for statistics, image in zip(self._parts[hole_bin, border], (pred, gt)):
            statistics.add(self._inception(image))

    def gather(self) -> None:
        """Add up over all processes; each has to call this, and to have been given other images."""
        if get_world_size() == 1:
            return
        everywhere = {part for parts in all_gather_object(list(self._parts)) for part in parts}
        for part in sorted(everywhere, key=str):
            for statistics in self._parts[part]:
                for tensor in statistics.sums:
                    all_reduce(tensor)

    def distances(self) -> dict[str, float]:
        """FID by group, of the groups of at least two images, for which it is defined."""
        found = {}
        for group in GROUPS:
            members = [part for part in self._parts if group in groups_of(*part)]
            pred, gt = self._empty()
            for part in members:
                pred += self._parts[part][0]
                gt += self._parts[part][1]
            if gt.count >= 2:
                found[group] = frechet_distance(pred, gt)
        return found
