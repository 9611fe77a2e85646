"""The scores of a comparison as CSV and as the table of the padding paper."""
import csv
import io
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path

from mmpconv.evaluation.statistics import PaddingSummary, summarise
from mmpconv.whole_files import whole_file

from .further import UNDEFINED, further_table, interval, markdown_table, number, p_value
from .run import BASELINE, Run

COLUMNS = {'network': str, 'padding': str, 'seed': int, 'best': float, 'best_step': int, 'last': float}


def to_csv(scores: Sequence[dict], further: Sequence[dict] = ()) -> str:
    """A line a run.

    Args:
        scores: Contents of ``score.json``, in the order in which they are shown.
        further: Further scores of the same runs, by name, each in a column of its own.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, [*COLUMNS, *(further[0] if further else [])], extrasaction='ignore',
                            lineterminator='\n')
    writer.writeheader()
    writer.writerows({**score, **more} for score, more in zip(scores, further or [{}] * len(scores)))
    return text.getvalue()


def from_csv(text: str) -> list[dict]:
    """The inverse of :func:`to_csv`."""
    return [{name: kind(line[name]) for name, kind in COLUMNS.items()} for line in csv.DictReader(io.StringIO(text))]


def summaries(scores: Sequence[dict]) -> dict[tuple[str, str], PaddingSummary]:
    """What the scores come to, by network and padding, in their order.

    Every padding of a network has the same seeds, and zero padding is among them.
    """
    best: dict[tuple[str, str], dict[int, float]] = {}
    for score in scores:
        best.setdefault((score['network'], score['padding']), {})[score['seed']] = score['best']
    found = {}
    for (network, padding), by_seed in best.items():
        baseline = None if padding == BASELINE else [best[network, BASELINE][seed] for seed in by_seed]
        found[network, padding] = summarise(list(by_seed.values()), baseline)
    return found


def table(scores: Sequence[dict]) -> str:
    """The table, in Markdown: a line a network and padding."""
    seeds = list(dict.fromkeys(score['seed'] for score in scores))
    header = ['network', 'padding', *(f'seed {seed}' for seed in seeds), 'average', 'diff', 'stdev',
              '95 % interval of diff', 'p']
    rows = [[network, padding, *map(number, summary.scores), number(summary.average),
             number(summary.difference, '+'), number(summary.stdev), interval(summary.difference_interval),
             p_value(summary.p_value)] for (network, padding), summary in summaries(scores).items()]
    return markdown_table(header, rows, words=2)


def report(scores: Sequence[dict], runs: Sequence[Run], template: str, further: Sequence[dict] = (),
           shifts: Sequence[int] = ()) -> str:
    """The table, how to read it, and how it came about, in Markdown.

    Args:
        scores: As of :func:`to_csv`.
        runs: Those that gave the scores.
        template: Where their configs lie, as a user would write it.
        further: Further scores of the same runs, as of :func:`~.further.summaries_of`.
        shifts: As of :func:`~.shifted_crops.shifted_scores`, whose scores are among them.
    """
    metric, options, gpus = runs[0].metric, runs[0].options, runs[0].gpus
    settings = [f'`{template}`', _listed(f'{run.length} {run.unit}' for run in runs),
                f'seeds {runs[0].seed} to {runs[-1].seed}', *(f'`{option}`' for option in options),
                *([f'{gpus} GPUs a run'] if gpus > 1 else [])]
    notes = [
        f'A score is the best `{metric}` of all validations of a run, as in the paper. Averages of the last one: '
        f'{", ".join(_last_averages(scores))}.',
        f'diff: average minus that of {BASELINE} padding; stdev: sample standard deviation of the runs (divided by '
        'n - 1).',
        'Interval and p: Student\'s t on the differences between runs with the same seed. p is two-sided and not '
        f'corrected for the number of comparisons. {UNDEFINED}: undefined, for one run, or where all differences are '
        'the same.',
        f'Settings: {", ".join(settings)}.',
        f'Machine: {_listed(score["machine"] for score in scores)}.',
        f'Versions: {_listed(score["versions"] for score in scores)}.']
    if further:
        notes.insert(1, 'The second table is of the last validation.' + (
            f' shift: accuracy on crops moved diagonally by {", ".join(map(str, shifts))} pixels from the centre of '
            'the photo, which is enlarged so that all crops lie inside.' if shifts else ''))
    tables = [table(scores), *([further_table(further)] if further else [])]
    return '\n\n'.join([*tables, '\n'.join(f'- {note}' for note in notes)]) + '\n'


def _last_averages(scores: Sequence[dict]) -> list[str]:
    last: dict[str, list[float]] = {}
    for score in scores:
        last.setdefault(f'{score["network"]}-{score["padding"]}', []).append(score['last'])
    return [f'{name} {number(statistics.fmean(values))}' for name, values in last.items()]


def _listed(values: Iterable[str]) -> str:
    """Each once: the runs of a comparison may have been continued on another machine."""
    return '; '.join(dict.fromkeys(values))


PLOT_COLUMNS = 3


def draw(scores: Sequence[dict], metric: str, path: Path) -> None:
    """Draw a panel a network: averages with their 95 % intervals, and every run as a dot.

    Args:
        scores: As of :func:`~.report.to_csv`.
        metric: Name of the score.
        path: The PNG file to write; its folder exists.
    """
    import matplotlib
    matplotlib.use('Agg')
    import matplotlib.pyplot as plt

    found = summaries(scores)
    networks = list(dict.fromkeys(network for network, _ in found))
    columns = min(len(networks), PLOT_COLUMNS)
    figure, axes = plt.subplots(-(-len(networks) // columns), columns, squeeze=False, layout='constrained',
                                figsize=(4.2 * columns, 3.6 * -(-len(networks) // columns)))
    for axis in axes.flat[len(networks):]:
        axis.set_axis_off()
    for axis, network in zip(axes.flat, networks):
        paddings = [padding for name, padding in found if name == network]
        for place, padding in enumerate(paddings):
            summary = found[network, padding]
            count = len(summary.scores)
            # Beside the average, and spread, so that equal scores are seen to be several.
            dots = [place + 0.15 + 0.2 * number / max(count - 1, 1) for number in range(count)]
            axis.plot(dots, summary.scores, 'o', color=f'C{place}', alpha=0.6, markersize=4, markeredgewidth=0)
            low, high = summary.mean_interval or (summary.average, summary.average)
            axis.errorbar(place, summary.average, [[summary.average - low], [high - summary.average]], fmt='D',
                          color=f'C{place}', capsize=4, markersize=5)
        axis.set_xticks(range(len(paddings)), paddings)
        axis.set_xlim(-0.5, len(paddings) - 0.3)
        axis.set_title(network)
        axis.grid(axis='y', alpha=0.3)
    for row in axes:
        row[0].set_ylabel(metric)
    figure.suptitle('average and its 95 % interval; dots: runs', fontsize='small')
    with whole_file(path) as unfinished:
        figure.savefig(unfinished, dpi=110)
    plt.close(figure)
