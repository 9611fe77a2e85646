"""Fillings without a network."""
from collections.abc import Sequence

import numpy as np

from mmpconv.datasets.frozen_benchmark import BenchmarkSample, FrozenBenchmark
from mmpconv.environment import versions
from mmpconv.evaluation.baselines import BASELINES

from .method import Method


class Baseline(Method):
    """One of :data:`~mmpconv.evaluation.baselines.BASELINES`.

    Args:
        name: In tables and file names.
        baseline: Which one.
    """

    in_processes = True

    def __init__(self, name: str, baseline: str):
        super().__init__(name)
        self.baseline = baseline

    def check(self, benchmark: FrozenBenchmark) -> dict:
        """As of :meth:`Method.check`; it always can."""
        return dict(baseline=self.baseline, versions=versions('numpy', 'opencv-python', 'scikit-image', 'torch'))

    def fill(self, samples: Sequence[BenchmarkSample], images: Sequence[np.ndarray],
             masks: Sequence[np.ndarray]) -> list[np.ndarray]:
        """As of :meth:`Method.fill`."""
        return [BASELINES[self.baseline](image, mask) for image, mask in zip(images, masks)]
