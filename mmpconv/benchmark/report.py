"""Everything that the scores of a benchmark are shown in."""
from collections.abc import Sequence
from pathlib import Path

from mmpconv.datasets.frozen_benchmark import FrozenBenchmark
from mmpconv.whole_files import write_text

from .cases import choose, remove_others, write_pictures
from .method import Method
from .notes import notes
from .page import write_page
from .plots import draw
from .results import Results
from .run import Resources
from .score_file import ScoreFile
from .table import to_markdown


def write_report(work_dir: Path, results: Results, benchmark: FrozenBenchmark, methods: Sequence[Method],
                 files: Sequence[ScoreFile], resources: Resources, case_count: int) -> str:
    """Write ``table.md``, ``table.csv``, ``per_image.csv``, ``plots``, ``pictures`` and ``index.html``.

    Args:
        work_dir: Where to.
        results: The scores.
        benchmark: The samples.
        methods, files: What scored them, and where that is kept.
        resources: What to fill the samples again with whose pictures are shown.
        case_count: As of :func:`~.cases.choose`.

    Returns:
        str: Table and notes, in Markdown.
    """
    lines = notes(results, benchmark, methods, files)
    text = '\n\n'.join([to_markdown(results), '\n'.join(f'- {line}' for line in lines).replace('<', '\\<')]) + '\n'
    plots = draw(results, work_dir / 'plots')
    overview = plots['overview'].relative_to(work_dir).as_posix()
    write_text(work_dir / 'table.md', f'{text}\n![Scores]({overview})\n')
    write_text(work_dir / 'table.csv', results.summaries_to_csv())
    write_text(work_dir / 'per_image.csv', results.rows_to_csv())
    sections = choose(results, benchmark, case_count)
    cases = [case for section in sections.values() for case in section]
    pictures = write_pictures(cases, methods, benchmark, work_dir / 'pictures', resources)
    write_page(work_dir / 'index.html', results, benchmark, lines, plots, sections, pictures)
    remove_others(cases, work_dir / 'pictures')
    return text
