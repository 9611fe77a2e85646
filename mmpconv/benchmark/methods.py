"""Methods that can be compared, and their words on a command line."""
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmpconv.configs import config_stem
from mmpconv.datasets.benchmark_files import read_photo
from mmpconv.datasets.frozen_benchmark import BenchmarkSample, FrozenBenchmark
from mmpconv.engine.resume import is_url
from mmpconv.environment import versions
from mmpconv.errors import LaunchError
from mmpconv.evaluation.baselines import BASELINES
from mmpconv.parallel import in_order
from mmpconv.photos import UnreadableImageError

from .fill import Method
from .network import Network

# A name is part of file names, on whatever system.
_NAME = re.compile(r'[^/\\=\x00-\x1f.\s]([^/\\=\x00-\x1f]{0,78}[^/\\=\x00-\x1f\s])?')
# The suffix of a config ends it: colons stand in `package::path` and in URLs, too.
_NETWORK = re.compile(r'(?P<config>.+?\.(?:py|json|ya?ml)):(?P<checkpoint>.+)', re.DOTALL)


def parse_methods(words: Sequence[str], device: str, options: dict | None = None) -> list[Method]:
    """The methods of a command line, in its order.

    Args:
        words: Each is a baseline, ``CONFIG:CHECKPOINT`` of a network, or a folder of results, perhaps behind ``NAME=``.
        device, options: Of networks, see :class:`~.network.Network`.

    Raises:
        LaunchError: One is none of these, or a name is not one or is there twice.
    """
    methods = [_parse(word, device, options) for word in words]
    _check_names(methods)
    return methods


def _parse(word: str, device: str, options: dict | None) -> Method:
    name, method = _split_name(word)
    if method in BASELINES:
        return Baseline(name or method, method)
    network = _NETWORK.fullmatch(method)
    if network:
        config, checkpoint = network['config'], network['checkpoint']
        if is_url(checkpoint) and not checkpoint.startswith(('http://', 'https://')):
            raise LaunchError(f'the checkpoint of {word} is {checkpoint}; give a file, or an http(s) URL')
        return Network(name or config_stem(config), config, checkpoint, device, options)
    folder = Path(method).expanduser()
    if folder.is_dir():
        return Folder(name or folder.resolve().name, folder)
    what = f'{method!r} in {word!r}' if name else repr(word)
    if re.search(r'\.(py|json|ya?ml)$', method):
        raise LaunchError(f'{what} is a config without a checkpoint; write {word}:CHECKPOINT')
    raise LaunchError(f'{what} is no method: it is none of the baselines {", ".join(BASELINES)}, is not of the form '
                      'CONFIG:CHECKPOINT, where CONFIG ends in .py, and there is no such folder')


def _split_name(word: str) -> tuple[str, str]:
    """Name, empty if there is none, and method. What has a slash or a colon before its first ``=`` has no name."""
    name, equals, method = word.partition('=')
    if not equals or '/' in name or ':' in name:
        return '', word
    if not name or not method:
        raise LaunchError(f'{word!r} is no method; write NAME=METHOD with both parts, or METHOD alone')
    return name, method


def _check_names(methods: Sequence[Method]) -> None:
    """Refuse names that cannot be told apart or cannot be file names."""
    seen: dict[str, str] = {}
    for name in (method.name for method in methods):
        if not _NAME.fullmatch(name):
            raise LaunchError(f'a method is called {name!r}, but its name is part of file names: it has 1 to 80 '
                              'characters, no slash, and does not begin with a dot; write NAME=... to give another')
        if name.lower() in seen:  # some file systems do not tell them apart
            raise LaunchError(f'two methods are called {seen[name.lower()]!r} and {name!r}; write NAME=... to give one '
                              'of them another name')
        seen[name.lower()] = name


@dataclass
class Baseline(Method):
    """One of :data:`~mmpconv.evaluation.baselines.BASELINES`, fillings without a network.

    Args:
        name: In tables and file names.
        baseline: Its key there.
    """
    name: str
    baseline: str
    in_threads = True

    def check(self, benchmark: FrozenBenchmark) -> dict:
        """See :meth:`Method.check`; it always can."""
        return dict(baseline=self.baseline, versions=versions('numpy', 'opencv-python', 'scikit-image', 'torch'))

    def fill(self, samples: Sequence[BenchmarkSample], images: Sequence[np.ndarray],
             masks: Sequence[np.ndarray]) -> list[np.ndarray]:
        """See :meth:`Method.fill`."""
        return [BASELINES[self.baseline](image, mask) for image, mask in zip(images, masks)]


@dataclass
class Folder(Method):
    """Results that other software has written: pictures ``ID.png``, one a sample of the benchmark.

    Args:
        name: In tables and file names.
        folder: Where they are.
    """
    name: str
    folder: Path
    in_threads = True

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
