"""The samples that are shown, and their pictures."""
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from mmpconv.datasets.frozen_benchmark import BenchmarkSample, FrozenBenchmark
from mmpconv.photos.structure import encode_png
from mmpconv.whole_files import write_bytes

from .filling import Filled
from .method import Method
from .results import Results
from .run import Resources

HOLE = (255, 255, 255)


@dataclass
class Case:
    """A sample that is shown.

    Attributes:
        sample: Of the benchmark.
        reasons: Why, as parts of a sentence.
    """
    sample: BenchmarkSample
    reasons: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Pictures:
    """Pictures of a case, relative to the page."""
    hole: Path
    truth: Path
    results: dict[str, Path]


def choose(results: Results, benchmark: FrozenBenchmark, count: int) -> dict[str, list[Case]]:
    """What to show: the first sample of each bin, and the worst and the best cases of each method.

    Args:
        results: The scores.
        benchmark: The samples.
        count: How many worst and how many best cases of each method.

    Returns:
        dict: Cases by the title of the section that shows them. A sample that is chosen twice is shown once.
    """
    samples = {sample.id: sample for sample in benchmark.samples}
    metric = ranking_metric(results)
    wanted: list[tuple[str, str, str]] = []  # title, ID, reason
    for bin in results.bins:
        first = next((sample for sample in benchmark.samples if sample.bin == bin), None)
        if first:
            wanted.append(('One of each hole ratio', first.id, f'first of {bin}'))
    for method, rows in results.rows.items():
        ranked = sorted(rows, key=lambda row: row[metric], reverse=True)
        for which, chosen in (('worst', ranked[:count]), ('best', ranked[::-1][:count])):
            wanted += [(f'{which.capitalize()} of {method}', row['id'], f'{method}: {which} {number}')
                       for number, row in enumerate(chosen, 1)]
    cases: dict[str, Case] = {}
    sections: dict[str, list[Case]] = {}
    for title, identifier, reason in wanted:
        if identifier not in cases:
            cases[identifier] = Case(samples[identifier])
            sections.setdefault(title, []).append(cases[identifier])
        cases[identifier].reasons.append(reason)
    return sections


def ranking_metric(results: Results) -> str:
    """By what the worst and the best cases are chosen."""
    return 'lpips' if any(metric.name == 'lpips' for metric in results.metrics) else 'l1'


def write_pictures(cases: Sequence[Case], methods: Sequence[Method], benchmark: FrozenBenchmark, folder: Path,
                   resources: Resources) -> dict[str, Pictures]:
    """Fill the samples of cases again, and write what they are made of.

    Args:
        cases: What to write.
        methods: Who fills.
        benchmark: The samples.
        folder: Where to, ``ID/...png``.
        resources: What to compute with.

    Returns:
        dict: Paths by ID, relative to the folder above ``folder``.
    """
    samples = sorted((case.sample for case in cases), key=benchmark.samples.index)
    for sample in samples:
        truth, mask = benchmark.image(sample), benchmark.mask(sample)
        _write(folder / sample.id / 'truth.png', truth)
        _write(folder / sample.id / 'hole.png', np.where(mask == 1, np.uint8(HOLE), truth))
    for method in methods:
        for _ in resources.fill(method, benchmark, samples, partial(_write_result, folder, method.name)):
            pass
        method.close()
    return {sample.id: _paths(folder, sample, methods) for sample in samples}


def remove_others(cases: Sequence[Case], folder: Path) -> None:
    """Remove the pictures that an earlier run chose and this one did not."""
    shown = {case.sample.id for case in cases}
    for path in folder.iterdir():
        if path.name not in shown:
            shutil.rmtree(path)


def _paths(folder: Path, sample: BenchmarkSample, methods: Sequence[Method]) -> Pictures:
    relative = Path(folder.name) / sample.id
    return Pictures(relative / 'hole.png', relative / 'truth.png',
                    {method.name: relative / _file_name(method.name) for method in methods})


def _write_result(folder: Path, name: str, filled: Filled) -> None:
    _write(folder / filled.sample.id / _file_name(name), filled.picture)


def _file_name(method: str) -> str:
    return f'by {method}.png'  # so that no method is called as the truth is


def _write(path: Path, picture: np.ndarray) -> None:
    write_bytes(path, encode_png(picture))
