"""Fills the samples of a benchmark: each method into a folder of its own, a picture a sample."""
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import torch

from mmpconv.datasets.benchmark_files import read_photo
from mmpconv.datasets.frozen_benchmark import BenchmarkSample, FrozenBenchmark
from mmpconv.environment import difference, plain
from mmpconv.errors import LaunchError
from mmpconv.parallel import in_order
from mmpconv.photos import UnreadableImageError
from mmpconv.photos.structure import encode_png
from mmpconv.whole_files import append, as_csv, complete_rows, read_json, write_bytes, write_json, write_text

_COLUMNS = ('id', 'seconds', 'changed_outside')


class Method(ABC):
    """Something that fills holes.

    Attributes:
        name: In tables and file names.
        in_threads: It fills photo by photo, in several threads at once; otherwise batch by batch in one thread.
    """
    name: str
    in_threads: bool

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


@dataclass(frozen=True)
class Filling:
    """A sample that a method has filled.

    Attributes:
        sample: Its place in the benchmark.
        picture: The result in the hole, the truth elsewhere, ``(h, w, 3)`` uint8 BGR.
        seconds: That the method took, in a batch divided by its size.
        changed_outside: Largest difference outside the hole between the method's picture and the truth, in grey levels.
    """
    sample: BenchmarkSample
    picture: np.ndarray
    seconds: float
    changed_outside: int


class Fillings:
    """The folder of a method: ``ID.png``, ``seconds.csv``, and ``settings.json``, which says what they depend on.

    Args:
        folder: The folder.
        name: Of the method, for errors.

    Attributes:
        settings: What the pictures depend on.
        machines: Where and how they were made.
        seconds, changed_outside: See :class:`Filling`; by ID of the sample.
    """

    def __init__(self, folder: Path, name: str):
        self.folder, self.name = folder, name
        self.settings: dict = {}
        self.machines: list[str] = []
        self.seconds: dict[str, float] = {}
        self.changed_outside: dict[str, int] = {}
        self._settings_path, self._seconds_path = folder / 'settings.json', folder / 'seconds.csv'
        self._begun = False

    def check(self, settings: dict, restart: bool) -> None:
        """Find out what an earlier run left, and take nothing that was made in another way. Writes nothing.

        Args:
            settings: What the pictures depend on.
            restart: Leave out of account what is there; :meth:`begin` removes it.

        Raises:
            LaunchError: What is there was made in another way, or not by this program.
        """
        self.settings = plain(settings)
        before = read_json(self._settings_path)
        if before is None and any(not path.name.startswith('.') for path in self.folder.glob('*')):
            raise LaunchError(f'{self.folder} is there without {self._settings_path.name}, which says what its '
                              'pictures are of; give another --work-dir, or move it away')
        if before is None or restart:
            return
        if before['settings'] != self.settings:
            raise LaunchError(f'{self.folder} has pictures by {self.name} that were made in another way '
                              f'({difference(before["settings"], self.settings)}); give another --work-dir, or '
                              'replace them with --restart')
        self.machines = before['machines']
        self._read_seconds()

    def begin(self, machine: str) -> None:
        """Make the folder ready for more pictures, and remove from it what :meth:`check` did not count.

        Args:
            machine: Where and how the next ones are made.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.seconds:
            # Before the settings change: what is left at any time belongs to those that are there.
            for path in self.folder.glob('*.png'):
                path.unlink()
        if machine not in self.machines:
            self.machines.append(machine)
        write_json(self._settings_path, dict(settings=self.settings, machines=self.machines))
        write_text(self._seconds_path, as_csv([_COLUMNS, *(
            (name, seconds, self.changed_outside[name]) for name, seconds in self.seconds.items())]))
        self._begun = True

    def count(self) -> int:
        """Number of samples that are filled on disk: an interrupt may have come before :meth:`note` had counted one."""
        if self._begun:
            self._read_seconds()
        return len(self.seconds)

    def missing(self, samples: Sequence[BenchmarkSample]) -> list[BenchmarkSample]:
        """Those of the samples that have no picture yet."""
        return [sample for sample in samples if sample.id not in self.seconds]

    def write(self, filling: Filling) -> Filling:
        """Write a picture; it counts when :meth:`note` has noted it. May be called in several threads."""
        write_bytes(self.path(filling.sample), encode_png(filling.picture))
        return filling

    def note(self, filling: Filling) -> None:
        """Note that a picture is there; once this returns, the death of this process does not lose it."""
        name = filling.sample.id
        append(self._seconds_path, as_csv([(name, filling.seconds, filling.changed_outside)]))
        self.seconds[name], self.changed_outside[name] = filling.seconds, filling.changed_outside

    def path(self, sample: BenchmarkSample) -> Path:
        """The picture of a sample."""
        return self.folder / f'{sample.id}.png'

    def picture(self, sample: BenchmarkSample) -> np.ndarray:
        """``(h, w, 3)`` uint8 BGR.

        Raises:
            LaunchError: It is broken.
        """
        try:
            return read_photo(self.path(sample))[0]
        except UnreadableImageError as error:
            raise LaunchError(f'{error}; remove it, and the same command fills the sample again') from error

    def _read_seconds(self) -> None:
        """Pictures that are gone do not count."""
        for row in complete_rows(self._seconds_path)[1:]:
            try:
                name, seconds, changed = row
                if (self.folder / f'{name}.png').is_file():
                    self.seconds[name], self.changed_outside[name] = float(seconds), int(changed)
            except ValueError as error:
                raise LaunchError(f'{self._seconds_path} is damaged ({error}); replace it and the pictures beside it '
                                  'with --restart') from error


def fill(method: Method, benchmark: FrozenBenchmark, fillings: Fillings, jobs: int, batch_size: int) -> Iterator[None]:
    """Fill the samples that a folder lacks, in their order, and write each picture as soon as it is there.

    No more pictures are in memory than those of a batch, and a few for each thread.

    Args:
        method: It has been checked.
        benchmark: The samples.
        fillings: The folder; :meth:`Fillings.begin` has been called.
        jobs: Number of threads, for methods that fill in several, and to read photos and write pictures.
        batch_size: Samples that other methods fill at a time.

    Yields:
        None: For each sample, when its picture is on disk.

    Raises:
        LaunchError: There is not enough memory for a batch.
    """
    samples = fillings.missing(benchmark.samples)

    def load(sample: BenchmarkSample) -> tuple[BenchmarkSample, np.ndarray, np.ndarray]:
        return sample, benchmark.image(sample), benchmark.mask(sample)

    with _one_thread_each() if method.in_threads else nullcontext():
        if method.in_threads:
            filled = in_order(lambda sample: fillings.write(*_fill(method, [load(sample)])), samples, jobs)
        else:
            filled = in_order(fillings.write, _batches_filled(method, in_order(load, samples, jobs), batch_size), jobs)
        for filling in filled:
            fillings.note(filling)
            yield


def _batches_filled(method: Method, loaded: Iterator[tuple], batch_size: int) -> Iterator[Filling]:
    while batch := list(islice(loaded, batch_size)):
        yield from _fill(method, batch)


def _fill(method: Method, batch: Sequence[tuple[BenchmarkSample, np.ndarray, np.ndarray]]) -> list[Filling]:
    samples, truths, masks = zip(*batch)
    # The method cannot see what it shall guess.
    images = [truth * (1 - mask) for truth, mask in zip(truths, masks)]
    start = time.perf_counter()
    try:
        pictures = method.fill(samples, images, masks)
    except torch.cuda.OutOfMemoryError as error:
        raise LaunchError(f'{method.name} needs more memory than there is for a batch of {len(samples)}; use a smaller '
                          '--batch-size. The same command continues.') from error
    seconds = (time.perf_counter() - start) / len(samples)
    return [Filling(sample, np.where(mask == 1, picture, truth), seconds,
                    changed_outside=int((cv2.absdiff(picture, truth) * (1 - mask)).max()))
            for sample, truth, mask, picture in zip(samples, truths, masks, pictures)]


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """One thread in OpenCV and torch for each of ours: they are as many as the cores."""
    before = cv2.getNumThreads(), torch.get_num_threads()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before[0])
        torch.set_num_threads(before[1])
