"""Methods that can be compared: anything that fills the holes of photos."""
import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmpconv.datasets.benchmark_files import read_photo
from mmpconv.datasets.frozen_benchmark import BenchmarkSample, FrozenBenchmark
from mmpconv.environment import versions
from mmpconv.errors import LaunchError
from mmpconv.evaluation.baselines import BASELINES
from mmpconv.parallel import in_order
from mmpconv.photos import UnreadableImageError


class Method(ABC):
    """Something that fills holes.

    Args:
        name: In tables and file names.

    Attributes:
        in_threads: It fills photo by photo, in several threads at once; otherwise batch by batch in one thread.
    """

    in_threads: bool

    def __init__(self, name: str):
        self.name = name

    @abstractmethod
    def check(self, benchmark: FrozenBenchmark) -> dict:
        """Make sure that it can fill every sample, before the first one is filled.

        Returns:
            dict: What its results depend on, as JSON has it.

        Raises:
            LaunchError: It cannot.
        """

    @abstractmethod
    def fill(self, samples: Sequence[BenchmarkSample], images: Sequence[np.ndarray],
             masks: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Fill holes. Only after :meth:`check`.

        Args:
            samples: Their place in the benchmark.
            images: ``(h, w, 3)`` uint8 BGR, black in the hole.
            masks: ``(h, w, 1)`` uint8, 1 = hole.

        Returns:
            list[np.ndarray]: ``(h, w, 3)`` uint8 BGR; what it has outside the hole does not matter.
        """

    def describe(self) -> str:
        """Name and origin, for the notes below a table."""
        return self.name

    def close(self) -> None:  # noqa: B027  (most have nothing to let go of)
        """Let go of what :meth:`fill` keeps in memory."""


class Baseline(Method):
    """One of :data:`~mmpconv.evaluation.baselines.BASELINES`, fillings without a network.

    Args:
        name: In tables and file names.
        baseline: Its key there.
    """

    in_threads = True

    def __init__(self, name: str, baseline: str):
        super().__init__(name)
        self.baseline = baseline

    def check(self, benchmark: FrozenBenchmark) -> dict:
        """See :meth:`Method.check`; it always can."""
        return dict(baseline=self.baseline, versions=versions('numpy', 'opencv-python', 'scikit-image', 'torch'))

    def fill(self, samples: Sequence[BenchmarkSample], images: Sequence[np.ndarray],
             masks: Sequence[np.ndarray]) -> list[np.ndarray]:
        """See :meth:`Method.fill`."""
        return [BASELINES[self.baseline](image, mask) for image, mask in zip(images, masks)]


class Folder(Method):
    """Results that other software has written: pictures ``ID.png``, one a sample of the benchmark.

    Args:
        name: In tables and file names.
        folder: Where they are.
    """

    in_threads = True

    def __init__(self, name: str, folder: Path):
        super().__init__(name)
        self.folder = folder

    def check(self, benchmark: FrozenBenchmark) -> dict:
        """See :meth:`Method.check`.

        Raises:
            LaunchError: A picture is missing, broken, or of another size.
        """
        paths = [self._path(sample) for sample in benchmark.samples]
        missing = [path for path in paths if not path.is_file()]
        if missing:
            raise LaunchError(f'{self.name} has no picture for {len(missing)} of the {len(paths)} samples of '
                              f'{benchmark.folder}, the first is {missing[0]}; write each result as ID.png, with the '
                              'IDs of samples.csv')
        hashes = in_order(lambda path: self._check(path, benchmark), paths)
        return dict(pictures_sha256=hashlib.sha256(''.join(hashes).encode()).hexdigest())

    def fill(self, samples: Sequence[BenchmarkSample], images: Sequence[np.ndarray],
             masks: Sequence[np.ndarray]) -> list[np.ndarray]:
        """See :meth:`Method.fill`: read the pictures."""
        return [self._read(self._path(sample))[0] for sample in samples]

    def describe(self) -> str:
        """See :meth:`Method.describe`."""
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
