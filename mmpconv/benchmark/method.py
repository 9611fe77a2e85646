"""What can be compared: anything that fills the holes of photos."""
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from mmpconv.datasets.frozen_benchmark import BenchmarkSample, FrozenBenchmark
from mmpconv.errors import LaunchError

# A name is part of file names, on whatever system.
_NAME = re.compile(r'[^/\\=\x00-\x1f.\s]([^/\\=\x00-\x1f]{0,78}[^/\\=\x00-\x1f\s])?')


class Method(ABC):
    """Something that fills holes.

    Args:
        name: In tables and file names.

    Attributes:
        in_processes: Whether it fills in processes of its own, photo by photo; otherwise it does so in this process,
            batch by batch.
    """

    in_processes: bool

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
            samples: What is filled.
            images: ``(h, w, 3)`` uint8 BGR, black in the hole.
            masks: ``(h, w, 1)`` uint8, 1 = hole.

        Returns:
            list[np.ndarray]: ``(h, w, 3)`` uint8 BGR; what it has outside the hole does not matter.
        """

    def describe(self) -> str:
        """What it is, for the notes below a table."""
        return self.name

    def close(self) -> None:  # noqa: B027  (most have nothing to let go of)
        """Let go of what :meth:`fill` keeps in memory."""


def check_names(methods: Sequence[Method]) -> None:
    """Refuse names that cannot be told apart or cannot be file names.

    Raises:
        LaunchError: What is wrong with which name.
    """
    seen: dict[str, str] = {}
    for name in (method.name for method in methods):
        if not _NAME.fullmatch(name):
            raise LaunchError(f'a method is called {name!r}, but its name is part of file names: it has 1 to 80 '
                              'characters, no slash, and does not begin with a dot; write NAME=... to give another')
        if name.lower() in seen:  # some file systems do not tell them apart
            raise LaunchError(f'two methods are called {seen[name.lower()]!r} and {name!r}; write NAME=... to give one '
                              'of them another name')
        seen[name.lower()] = name
