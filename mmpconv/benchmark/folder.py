"""Results that other software has written as pictures."""
import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from mmpconv.datasets.benchmark_files import read_photo
from mmpconv.datasets.frozen_benchmark import BenchmarkSample, FrozenBenchmark
from mmpconv.errors import LaunchError
from mmpconv.photos import UnreadableImageError

from .method import Method


class Folder(Method):
    """Pictures ``ID.png``, one a sample of the benchmark.

    Args:
        name: In tables and file names.
        folder: Where they are.
    """

    in_processes = True

    def __init__(self, name: str, folder: Path):
        super().__init__(name)
        self.folder = folder

    def check(self, benchmark: FrozenBenchmark) -> dict:
        """As of :meth:`Method.check`.

        Raises:
            LaunchError: A picture is missing, broken, or of another size.
        """
        paths = [self._path(sample) for sample in benchmark.samples]
        missing = [path for path in paths if not path.is_file()]
        if missing:
            raise LaunchError(f'{self.name} has no picture for {len(missing)} of the {len(paths)} samples of '
                              f'{benchmark.folder}, the first is {missing[0]}; write each result as ID.png, with the '
                              'IDs of samples.csv')
        with ThreadPoolExecutor() as threads:
            hashes = list(threads.map(lambda path: self._check(path, benchmark), paths))
        return dict(pictures_sha256=hashlib.sha256(''.join(hashes).encode()).hexdigest())

    def fill(self, samples: Sequence[BenchmarkSample], images: Sequence[np.ndarray],
             masks: Sequence[np.ndarray]) -> list[np.ndarray]:
        """As of :meth:`Method.fill`: read the pictures."""
        return [self._read(self._path(sample))[0] for sample in samples]

    def describe(self) -> str:
        """As of :meth:`Method.describe`."""
        return f'{self.name}: pictures of other software in `{self.folder}`'

    def _path(self, sample: BenchmarkSample) -> Path:
        return self.folder / f'{sample.id}.png'

    def _read(self, path: Path) -> tuple[np.ndarray, str]:
        try:
            return read_photo(path)
        except UnreadableImageError as error:
            raise LaunchError(f'{self.name}: {error}; write it again') from error

    def _check(self, path: Path, benchmark: FrozenBenchmark) -> str:
        """Hash of a picture that can be used."""
        picture, sha256 = self._read(path)
        if picture.shape[:2] != benchmark.size:
            raise LaunchError(
                f'{path} of {self.name} is {picture.shape[0]} x {picture.shape[1]} pixels (height x width), but the '
                f'samples of {benchmark.folder} are {benchmark.size[0]} x {benchmark.size[1]}; write results in that '
                'size')
        return sha256
