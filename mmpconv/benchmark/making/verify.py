"""Finds out if a benchmark is still what it was when it was made."""
import hashlib
from pathlib import Path

from mmpconv.datasets.benchmark_files import MASKS
from mmpconv.datasets.frozen_benchmark import BenchmarkError, FrozenBenchmark
from mmpconv.parallel import in_order, shown


class _AnyFiles(FrozenBenchmark):
    """Does not refuse missing files, so that all of them can be named."""

    def _require_files(self) -> None:
        pass


def differences(folder: Path, image_root: Path | None, jobs: int | None) -> tuple[FrozenBenchmark, list[str]]:
    """Hash all photos and masks.

    Args:
        folder: The benchmark.
        image_root: Folder of the photos, if not what the benchmark says.
        jobs: Number of threads; None: one a core.

    Returns:
        tuple: The benchmark, and a sentence for each file that is missing, differs, or does not belong to it.

    Raises:
        BenchmarkError: The lists of the benchmark themselves are broken.
    """
    benchmark = _AnyFiles(folder, image_root)
    photos = {sample.image: sample.image_sha256 for sample in benchmark.samples}

    def check_photo(name):
        path = benchmark.image_root / name
        if not path.is_file():
            return f'photo {path}: missing'
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        return None if found == photos[name] else f'photo {path}: another file (sha256 {found[:12]}... instead of ' \
                                                  f'{photos[name][:12]}...)'

    def check_mask(sample):
        path = benchmark.folder / sample.mask
        if not path.is_file():
            return f'mask {path}: missing'
        try:
            benchmark.mask(sample)
        except BenchmarkError:
            return f'mask {path}: broken or another one'

    found = list(shown(in_order(check_photo, photos, jobs), len(photos), 'checking photos'))
    found += shown(in_order(check_mask, benchmark.samples, jobs), len(benchmark.samples), 'checking masks')
    known = {benchmark.folder / sample.mask for sample in benchmark.samples}
    found += [f'{path}: not of the benchmark' for path in sorted((benchmark.folder / MASKS).glob('*'))
              if path not in known]
    return benchmark, [sentence for sentence in found if sentence]
