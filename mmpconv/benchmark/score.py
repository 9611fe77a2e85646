"""Scores the pictures in the folder of a method, and keeps the scores beside them."""
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from mmpconv.checkpoints import CheckpointError
from mmpconv.datasets.frozen_benchmark import BenchmarkSample, FrozenBenchmark
from mmpconv.environment import plain
from mmpconv.errors import LaunchError
from mmpconv.evaluation.image_metrics import IMAGE_METRICS, image_metrics
from mmpconv.evaluation.perceptual_metrics import LPIPS, FeatureStatistics, InceptionFeatures, frechet_distance
from mmpconv.parallel import in_order
from mmpconv.whole_files import append, as_csv, complete_rows, read_json, write_json, write_text

from .fill import Fillings

_SAMPLE = {'id': str, 'hole_ratio': float, 'bin': str, 'border': int}
_FILLING = {'seconds': float, 'changed_outside': int}


class Scores:
    """``scores.csv`` in the folder of a method, a line a sample, and ``scores.json``, which says what they depend on.

    They can be computed again from the pictures, so that what is damaged or was made in another way is.

    Args:
        fillings: What is scored.
        lpips: Arguments of :class:`~mmpconv.evaluation.perceptual_metrics.LPIPS`; None: no such score.

    Attributes:
        rows: The lines, the first samples of the benchmark in their order. Columns: ``id``, ``hole_ratio``, ``bin`` and
            ``border`` (0 or 1) of the sample, the metrics, ``seconds`` and ``changed_outside`` of the filling.
        fid: Settings of FID and its value.
    """

    def __init__(self, fillings: Fillings, lpips: dict | None = None):
        self.fillings = fillings
        metrics = [*IMAGE_METRICS, *([] if lpips is None else ['lpips'])]
        self._columns = {**_SAMPLE, **dict.fromkeys(metrics, float), **_FILLING}
        self._lpips = lpips
        self.rows: list[dict[str, Any]] = []
        self.fid: dict = {}
        self._path, self._settings_path = fillings.folder / 'scores.csv', fillings.folder / 'scores.json'

    def check(self, samples: Sequence[BenchmarkSample]) -> None:
        """Read what an earlier run left, as far as it is of the pictures that are there. Writes nothing.

        Args:
            samples: All of them.
        """
        before = read_json(self._settings_path) or {}
        if before.get('settings') != self._settings:
            return
        head, *lines = complete_rows(self._path) or [[]]
        if head != list(self._columns):
            return
        missing = {sample.id for sample in self.fillings.missing(samples)}
        for line, sample in zip(lines, samples):
            try:
                row = {name: kind(value) for (name, kind), value in zip(self._columns.items(), line, strict=True)}
            except ValueError:  # damaged
                break
            if row['id'] != sample.id or sample.id in missing:
                break
            self.rows.append(row)
        if len(self.rows) == len(samples):
            self.fid = before['fid']

    def begin(self) -> None:
        """Make the files ready for :meth:`append`, and remove from them what :meth:`check` did not read."""
        write_text(self._path, as_csv([self._columns, *(row.values() for row in self.rows)]))
        self._write_settings()

    def append(self, row: dict[str, Any]) -> None:
        """Write a row; once this returns, the death of this process does not lose it."""
        row = {name: row[name] for name in self._columns}
        append(self._path, as_csv([row.values()]))
        self.rows.append(row)

    def keep_fid(self, fid: dict) -> None:
        """Write down the FID of all pictures."""
        self.fid = plain(fid)
        self._write_settings()

    @property
    def _settings(self) -> dict:
        return plain(dict(pictures=self.fillings.settings, lpips=self._lpips))

    def _write_settings(self) -> None:
        write_json(self._settings_path, dict(settings=self._settings, fid=self.fid))


def score(scores: Scores, benchmark: FrozenBenchmark, perception: 'Perception', jobs: int) -> Iterator[None]:
    """Score the pictures that have no scores yet, in the order of the samples.

    Args:
        scores: Where they go; :meth:`Scores.begin` has been called.
        benchmark: The samples.
        perception: Scores by networks, in this thread.
        jobs: Number of threads, for all else.

    Yields:
        None: For each sample, when its scores are on disk.
    """
    fillings = scores.fillings

    def score_one(sample: BenchmarkSample) -> tuple[dict[str, Any], np.ndarray, np.ndarray]:
        picture, truth = fillings.picture(sample), benchmark.image(sample)
        return dict(
            id=sample.id, hole_ratio=sample.hole_ratio, bin=sample.bin, border=int(sample.border),
            **image_metrics(picture, truth, benchmark.mask(sample)), seconds=fillings.seconds[sample.id],
            changed_outside=fillings.changed_outside[sample.id]), picture, truth

    for row, picture, truth in in_order(score_one, benchmark.samples[len(scores.rows):], jobs):
        scores.append(row | perception.score(picture, truth))
        yield


class Perception:
    """LPIPS and FID, as far as they are wanted.

    Args:
        device: Where to compute.
        lpips: Arguments of :class:`~mmpconv.evaluation.perceptual_metrics.LPIPS`; None: not wanted.
        fid: Arguments of :class:`~mmpconv.evaluation.perceptual_metrics.InceptionFeatures`; None: not wanted.

    Raises:
        LaunchError: A package is not installed, there is no such network of LPIPS, or weights cannot be had.
    """

    def __init__(self, device: str = 'cpu', lpips: dict | None = None, fid: dict | None = None):
        self.device, self.lpips, self.fid = device, lpips, fid
        self._truth: FeatureStatistics | None = None
        try:
            self._lpips = None if lpips is None else LPIPS(**lpips).to(device)
            self._inception = None if fid is None else InceptionFeatures(**fid).to(device)
        except ModuleNotFoundError as error:
            raise LaunchError(f'--lpips or --fid cannot be honoured: {error}') from error
        except CheckpointError as error:  # says what to write in a config
            raise LaunchError(f'{error}. Here: --lpips-backbone FILE, or --fid-weights FILE') from error
        except ValueError as error:
            raise LaunchError(str(error)) from error

    def check(self, benchmark: FrozenBenchmark) -> None:
        """Score the first photo, as if it were a result: the samples may be too small, or too few.

        Raises:
            LaunchError: They are.
        """
        if self.fid is not None and len(benchmark.samples) < 2:
            raise LaunchError(f'{benchmark.folder} has one sample, but FID compares sets of at least two; leave --fid '
                              'out')
        truth = benchmark.image(benchmark.samples[0])
        try:
            image_metrics(truth, truth, benchmark.mask(benchmark.samples[0]))
            self.score(truth, truth)
        except ValueError as error:
            raise LaunchError(f'the samples of {benchmark.folder} cannot be scored: {error}') from error

    def score(self, picture: np.ndarray, truth: np.ndarray) -> dict[str, float]:
        """LPIPS, if it is wanted."""
        return {} if self._lpips is None else dict(lpips=self._lpips(picture, truth))

    def fid_of(self, scores: Scores, benchmark: FrozenBenchmark, jobs: int) -> float:
        """FID of a method whose samples are all filled; computed once and kept with its scores."""
        settings = plain(dict(self.fid))
        if scores.fid.get('settings') != settings:
            self._truth = self._truth or self._features(in_order(benchmark.image, benchmark.samples, jobs))
            found = self._features(in_order(scores.fillings.picture, benchmark.samples, jobs))
            scores.keep_fid(dict(settings=settings, value=frechet_distance(found, self._truth)))
        return scores.fid['value']

    def _features(self, pictures: Iterator[np.ndarray]) -> FeatureStatistics:
        statistics = FeatureStatistics(InceptionFeatures.SIZE, self.device)
        for picture in pictures:
            statistics.add(self._inception(picture))
        return statistics
