"""Writes the results in docs/benchmarks into the page docs/speed.md.

    python benchmarks/report.py
"""
import json
from pathlib import Path

from tables import notes, tables

from mmpconv.whole_files import write_text

DOCS = Path(__file__).resolve().parents[1] / 'docs'
PAGE = DOCS / 'speed.md'
BEGIN, END = '<!-- results: written by benchmarks/report.py -->', '<!-- end of results -->'
TITLES = {'train_step': 'A whole training iteration', 'network': 'The network', 'layer': 'One layer',
          'loss': 'Perceptual and style losses', 'padding': 'Padding of a classification network',
          'padding_price': 'Padding of small networks, eager and compiled', 'runtimes': 'The network by runtime',
          'photo': 'Filling a hole in a photo', 'startup': 'To the first result'}


def main() -> None:
    """Rewrite the page."""
    page = with_results(PAGE.read_text(encoding='utf-8'), read(DOCS / 'benchmarks'))
    write_text(PAGE, page)
    print(f'Written: {PAGE}')


def read(folder: Path) -> list[dict]:
    """Results of a folder, in the order of ``TITLES`` and then by device.

    Raises:
        FileNotFoundError: There is none.
    """
    results = [json.loads(path.read_text()) for path in folder.glob('*.json')]
    if not results:
        raise FileNotFoundError(f"{folder} has no results; run {', '.join(f'{name}.py' for name in TITLES)} first")
    return sorted(results, key=lambda result: ([*TITLES].index(result['benchmark']), result['device']))


def with_results(page: str, results: list[dict]) -> str:
    """The page with the tables of the results between its two markers.

    Raises:
        ValueError: The markers are not there.
    """
    if page.count(BEGIN) != 1 or page.count(END) != 1:
        raise ValueError(f'the page must have one line {BEGIN!r} and one line {END!r}')
    before, after = page.split(BEGIN)[0], page.split(END)[1]
    return '\n\n'.join([before + BEGIN, *map(_section, results), END + after])


def _section(result: dict) -> str:
    device = 'GPU' if result['device'] == 'cuda' else 'CPU'
    listed = '\n'.join(f'- {note}' for note in notes(result))
    return '\n\n'.join([f"### {TITLES[result['benchmark']]}, {device}",
                        *(table.markdown() for table in tables(result)), listed])


if __name__ == '__main__':
    main()
