"""Scores by pretrained networks: LPIPS of a picture, FID of all of them."""
from pathlib import Path
from typing import Any

from mmpconv.checkpoints import CheckpointError
from mmpconv.datasets.frozen_benchmark import FrozenBenchmark
from mmpconv.environment import plain
from mmpconv.errors import LaunchError
from mmpconv.evaluation.image_metrics import image_metrics
from mmpconv.evaluation.perceptual_metrics import LPIPS, InceptionFeatures, frechet_distance
from mmpconv.whole_files import read_json, write_json

from .filling import Filled
from .inception_file import InceptionFile


class Perception:
    """LPIPS and FID, as far as they are wanted.

    Args:
        folder: Where features are kept.
        device: Where to compute.
        lpips: Arguments of :class:`~mmpconv.evaluation.perceptual_metrics.LPIPS`; None: not wanted.
        fid: Arguments of :class:`~mmpconv.evaluation.perceptual_metrics.InceptionFeatures`; None: not wanted.

    Attributes:
        metrics: Names of the scores of a picture.
        settings: What the scores depend on.
        with_fid: Whether FID is wanted.

    Raises:
        LaunchError: A package is not installed, there is no such network of LPIPS, or weights cannot be had.
    """

    def __init__(self, folder: Path, device: str, lpips: dict | None = None, fid: dict | None = None):
        self._folder, self._device = folder, device
        self.metrics = [] if lpips is None else ['lpips']
        self.with_fid = fid is not None
        self.settings = {name: settings for name, settings in (('lpips', lpips), ('fid', fid)) if settings is not None}
        try:
            self._lpips = None if lpips is None else LPIPS(**lpips).to(device)
            self._inception = None if fid is None else InceptionFeatures(**fid).to(device)
        except ModuleNotFoundError as error:
            raise LaunchError(f'--lpips or --fid cannot be honoured: {error}') from error
        except CheckpointError as error:  # says what to write in a config
            raise LaunchError(f'{error}. Here: --lpips-backbone FILE, or --fid-weights FILE') from error
        except ValueError as error:
            raise LaunchError(str(error)) from error

    @property
    def needs_pictures(self) -> bool:
        """Whether anything is wanted."""
        return self._lpips is not None or self.with_fid

    def check(self, benchmark: FrozenBenchmark) -> None:
        """Score the first photo, as if it were a result: the samples may be too small, or too few.

        Raises:
            LaunchError: They are.
        """
        if self.with_fid and len(benchmark.samples) < 2:
            raise LaunchError(f'{benchmark.folder} has one sample, but FID compares sets of at least two; leave --fid '
                              'out')
        truth = benchmark.image(benchmark.samples[0])
        try:
            image_metrics(truth, truth, benchmark.mask(benchmark.samples[0]))
            if self._lpips is not None:
                self._lpips(truth, truth)
        except ValueError as error:
            raise LaunchError(f'the samples of {benchmark.folder} cannot be scored: {error}') from error

    def begin(self, name: str, count: int) -> None:
        """Make ready for the pictures of a method that come after the first ``count``.

        Raises:
            LaunchError: The features of the first ones are not there.
        """
        if self.with_fid:
            self._features(name).cut_to(count)

    def score(self, name: str, filled: Filled) -> dict[str, Any]:
        """Scores of a picture; its features are kept for :meth:`fid`."""
        if self.with_fid:
            self._features(name).append(self._inception(filled.picture))
        return {} if self._lpips is None else dict(lpips=self._lpips(filled.picture, filled.truth))

    def fid(self, names: list[str], benchmark: FrozenBenchmark) -> dict[str, float]:
        """FID of each method whose pictures have all been scored; empty where it is not wanted."""
        if not self.with_fid:
            return {}
        truth = self._truth(benchmark).statistics(self._device)
        return {name: frechet_distance(self._features(name).statistics(self._device), truth) for name in names}

    def _truth(self, benchmark: FrozenBenchmark) -> InceptionFile:
        """Features of the photos, which all methods share."""
        settings = plain(dict(benchmark=benchmark.sha256, fid=self.settings['fid']))
        features, path = InceptionFile(self._folder / 'inception-truth.f32'), self._folder / 'inception-truth.json'
        if read_json(path) != settings:
            features.path.unlink(missing_ok=True)
            write_json(path, settings)
        features.cut_to(len(features))
        for sample in benchmark.samples[len(features):]:
            features.append(self._inception(benchmark.image(sample)))
        return features

    def _features(self, name: str) -> InceptionFile:
        return InceptionFile(self._folder / f'methods/{name}.f32')
