"""A comparison of methods on a frozen benchmark: they fill, their pictures are scored, a report shows the scores."""
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from mmpconv.datasets.frozen_benchmark import FrozenBenchmark
from mmpconv.environment import machine, usable_cores
from mmpconv.errors import LaunchError
from mmpconv.parallel import shown
from mmpconv.whole_files import write_text

from .fill import Fillings, Method, fill
from .methods import Folder
from .page import draw_plots, write_page
from .results import Results
from .score import Perception, Scores, score
from .table import notes, to_markdown


class Comparison:
    """Methods that fill the same samples, each into a folder, which is scored.

    :meth:`check`, :meth:`fill`, :meth:`score` and :meth:`report` follow each other. An earlier run that was interrupted
    anywhere is continued.

    Args:
        benchmark: The samples.
        methods: What is compared; their names differ.
        work_dir: Where everything goes; the pictures of a method to ``methods/NAME``.
        perception: Scores by networks.
        jobs: Number of threads; None: one a core that this process may use.
        batch_size: Samples that a network fills at a time.
    """

    def __init__(self, benchmark: FrozenBenchmark, methods: Sequence[Method], work_dir: Path, perception: Perception,
                 jobs: int | None = None, batch_size: int = 8):
        self.benchmark, self.methods, self.work_dir, self.perception = benchmark, methods, work_dir, perception
        self.jobs, self.batch_size = jobs or usable_cores(), batch_size
        self.fillings = [Fillings(work_dir / 'methods' / method.name, method.name) for method in methods]
        self.scores = [Scores(fillings, perception.lpips) for fillings in self.fillings]

    def check(self, restart: bool = False) -> None:
        """Make sure that all can be filled and scored, and read what an earlier run left. Writes nothing.

        Args:
            restart: Take nothing from an earlier run.

        Raises:
            LaunchError: It cannot, or the earlier run was another one.
        """
        self.perception.check(self.benchmark)
        for method, fillings, scores in zip(self.methods, self.fillings, self.scores):
            if isinstance(method, Folder) and any(method.folder.resolve().is_relative_to(folder.resolve())
                                                  for folder in (fillings.folder, self.work_dir / 'pictures')):
                raise LaunchError(f'{method.folder} is where this comparison writes its own pictures, and they would '
                                  'replace those of other software; move them, or give another --work-dir or NAME=')
            fillings.check(dict(benchmark_sha256=self.benchmark.sha256, **method.check(self.benchmark)), restart)
            scores.check(self.benchmark.samples)

    def fill(self) -> None:
        """Have each method fill the samples that it has not filled."""
        for method, fillings, scores in zip(self.methods, self.fillings, self.scores):
            if not fillings.missing(self.benchmark.samples):
                print(f'{method.name}: all {len(self.benchmark.samples)} samples are filled')
                continue
            how = (f'{self.jobs} threads at a time' if method.in_threads
                   else f'{self.perception.device}, batches of {self.batch_size}')
            fillings.begin(f'{machine()}; {how}')
            scores.begin()  # those of pictures that are filled again go
            self._follow(fill(method, self.benchmark, fillings, self.jobs, self.batch_size), f'{method.name}: filled',
                         len(fillings.seconds))
            method.close()

    def score(self) -> Results:
        """Score the pictures that have no scores."""
        for method, scores in zip(self.methods, self.scores):
            if len(scores.rows) < len(self.benchmark.samples):
                scores.begin()
                self._follow(score(scores, self.benchmark, self.perception, self.jobs), f'{method.name}: scored',
                             len(scores.rows))
        fid = {} if self.perception.fid is None else {
            scores.fillings.name: self.perception.fid_of(scores, self.benchmark, self.jobs) for scores in self.scores}
        return Results({scores.fillings.name: scores.rows for scores in self.scores}, self.benchmark.bins, fid,
                       {sample.id: sample.split for sample in self.benchmark.samples if sample.split})

    def report(self, results: Results, case_count: int) -> str:
        """Write ``table.md``, ``table.csv``, ``per_image.csv``, ``plots``, ``pictures`` and ``index.html``.

        Args:
            results: The scores.
            case_count: How many worst and how many best cases of each method the page shows.

        Returns:
            str: Table and notes, in Markdown.
        """
        lines = notes(results, self.benchmark, self.methods, self.fillings)
        text = '\n\n'.join([to_markdown(results), '\n'.join(f'- {line}' for line in lines).replace('<', '\\<')]) + '\n'
        plots = draw_plots(results, self.work_dir / 'plots')
        overview = plots['overview'].relative_to(self.work_dir).as_posix()
        write_text(self.work_dir / 'table.md', f'{text}\n![Scores]({overview})\n')
        write_text(self.work_dir / 'table.csv', results.summaries_to_csv())
        write_text(self.work_dir / 'per_image.csv', results.rows_to_csv())
        write_page(self.work_dir / 'index.html', results, self.benchmark, self.fillings, lines, plots, case_count)
        return text

    @property
    def progress(self) -> str:
        """How far it is, as part of a sentence."""
        filled = sum(fillings.count() for fillings in self.fillings)
        scored = sum(len(scores.rows) for scores in self.scores)
        return f'{filled} of {len(self.methods) * len(self.benchmark.samples)} samples are filled, {scored} are scored'

    def _follow(self, steps: Iterator[None], title: str, done: int) -> None:
        """Go through the steps with a bar, and say in the end how many there were."""
        start, number = time.monotonic(), len(self.benchmark.samples) - done
        for _ in shown(steps, len(self.benchmark.samples), title, done):
            pass
        print(f'{title} {number} samples in {time.monotonic() - start:.1f} s', flush=True)
