"""How a table came about, as notes below it."""
from collections.abc import Sequence
from itertools import chain

from mmpconv.datasets.frozen_benchmark import FrozenBenchmark

from .method import Method
from .results import Results
from .score_file import ScoreFile
from .table import OVERALL


def notes(results: Results, benchmark: FrozenBenchmark, methods: Sequence[Method],
          files: Sequence[ScoreFile]) -> list[str]:
    """What a reader needs to know of the numbers; in Markdown, of which only code marks are used.

    Args:
        results: The scores.
        benchmark: The samples.
        methods, files: What scored them, and where that is kept.
    """
    h, w = benchmark.size
    if results.splits:
        first, second = 'unrestricted holes (N of the paper)', 'holes off the border (B)'
        counts = [list(results.splits.values()).count(kind) for kind in results.kinds]
    else:
        first, second = 'holes that keep off the border', 'holes that touch it'
        counts = [sum(sample.border == on for sample in benchmark.samples) for on in (False, True)]
    lines = [
        f'Benchmark: {benchmark.name}, {len(benchmark.samples)} samples of {h} x {w} pixels (height x width), sha256 '
        f'`{benchmark.sha256}`.',
        f'Columns: hole ratio. A cell has the mean over {first}, and behind the slash that over {second} '
        f'({counts[0]} and {counts[1]} samples); {OVERALL}: over all samples.',
        'Every result is cut into the photo before it is scored: outside the hole all methods show the truth.']
    lines += [f'{metric.label}: {metric.what}; {metric.direction}.' for metric in results.metrics]
    lines += [f'{method.describe()}{_hash(file)}.' for method, file in zip(methods, files)
              if method.describe() != method.name]
    lines += [changed for changed in map(_changed, methods, files) if changed]
    machines = {}
    for method, file in zip(methods, files):
        machines.setdefault('; or '.join(file.machines), []).append(method.name)
    lines += [f'Machine of {", ".join(names)}: {machine}.' for machine, names in machines.items()]
    versions = [file.settings['versions'].split(', ') for file in files if 'versions' in file.settings]
    return [*lines, f'Versions: {", ".join(dict.fromkeys(chain(*versions)))}.'] if versions else lines


def _hash(file: ScoreFile) -> str:
    sha256 = file.settings.get('checkpoint_sha256')
    return f', sha256 `{sha256}`' if sha256 else ''


def _changed(method: Method, file: ScoreFile) -> str:
    """What a method did to pixels that it should have left alone."""
    changed = [row['changed_outside'] for row in file.rows if row['changed_outside']]
    if not changed:
        return ''
    return (f'{method.name} changed pixels outside the hole in {len(changed)} of {len(file.rows)} pictures, by up to '
            f'{max(changed)} of 255 grey levels; they were replaced by those of the photo.')
