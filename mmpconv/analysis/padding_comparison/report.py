"""The results of a comparison: as CSV, as the table of the padding paper with its notes, as pictures, on a page."""
import argparse
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path

from mmpconv.evaluation.statistics import PaddingSummary, summarise
from mmpconv.reports import panels, publish, save
from mmpconv.whole_files import as_csv, write_text

from .further import logged_scores, shifted_scores
from .plan import DEFAULT, READY, TOOL, Comparison, mark_of
from .run import BASELINE, Run

COLUMNS = ('network', 'padding', 'seed', 'best', 'best_step', 'last')
UNDEFINED = '-'


def to_csv(scores: Sequence[dict], further: Sequence[str] = ()) -> str:
    """A line a run.

    Args:
        scores: Contents of ``score.json``, in the order in which they are shown, and further scores by name.
        further: Names of those, each of which has a column of its own.
    """
    columns = [*COLUMNS, *further]
    return as_csv([columns, *([score[column] for column in columns] for score in scores)])


def summaries(scores: Sequence[dict], name: str = 'best') -> dict[tuple[str, str], PaddingSummary]:
    """Statistics of one of the scores, by network and padding, in their order.

    Args:
        scores: See :func:`to_csv`. Every padding of a network has the same seeds, and zero padding is among them.
        name: Of the score.
    """
    values: dict[tuple[str, str], dict[int, float]] = {}
    for score in scores:
        values.setdefault((score['network'], score['padding']), {})[score['seed']] = score[name]
    return {(network, padding): summarise(
        list(by_seed.values()),
        None if padding == BASELINE else [values[network, BASELINE][seed] for seed in by_seed])
        for (network, padding), by_seed in values.items()}


def table(scores: Sequence[dict]) -> str:
    """The table, in Markdown: a line a network and padding."""
    seeds = list(dict.fromkeys(score['seed'] for score in scores))
    header = ['network', 'padding', *(f'seed {seed}' for seed in seeds), 'average', 'diff', 'stdev',
              '95 % interval of diff', 'p']
    rows = [[network, padding, *map(_number, found.scores), _number(found.average), _number(found.difference, '+'),
             _number(found.stdev), *_certainty(found)] for (network, padding), found in summaries(scores).items()]
    return _markdown(header, rows, words=2)


def further_table(scores: Sequence[dict], further: Sequence[str]) -> str:
    """A line a network, further score and padding, in Markdown."""
    found = {name: summaries(scores, name) for name in further}
    rows = [[network, name, padding, _number(summary.average), _number(summary.stdev), _number(summary.difference, '+'),
             *_certainty(summary)]
            for network in dict.fromkeys(score['network'] for score in scores) for name in further
            for (of, padding), summary in found[name].items() if of == network]
    return _markdown(['network', 'score', 'padding', 'average', 'stdev', 'diff', '95 % interval of diff', 'p'], rows,
                     words=3)


def _markdown(header: Sequence[str], rows: Sequence[Sequence[str]], words: int) -> str:
    """A table whose first columns, as many as ``words``, are words, and the others numbers."""
    alignment = ['-'] * words + ['-:'] * (len(header) - words)
    return '\n'.join(f'| {" | ".join(cells)} |' for cells in [header, alignment, *rows])


def _number(value: float | None, sign: str = '') -> str:
    """Three decimals; ``sign`` is '+' for a difference."""
    return UNDEFINED if value is None else f'{round(value, 3) + 0.0:{sign}.3f}'  # no -0.000


def _certainty(found: PaddingSummary) -> tuple[str, str]:
    """The interval of the difference, and p."""
    ends, p = found.difference_interval, found.p_value
    return (UNDEFINED if ends is None else f'{ends[0]:+.3f} to {ends[1]:+.3f}',
            UNDEFINED if p is None else '< 0.001' if p < 0.001 else f'{p:.3f}')


def report(scores: Sequence[dict], runs: Sequence[Run], template: str, further: Sequence[str] = (),
           shifts: Sequence[int] = ()) -> str:
    """The table, how to read it, and how it came about, in Markdown.

    Args:
        scores, further: See :func:`to_csv`.
        runs: Those that gave the scores.
        template: Path of their configs, as a user would write it.
        shifts: See :func:`~.further.shifted_scores`, whose scores are among them.
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
    tables = [table(scores), *([further_table(scores, further)] if further else [])]
    return '\n\n'.join([*tables, '\n'.join(f'- {note}' for note in notes)]) + '\n'


def _last_averages(scores: Sequence[dict]) -> list[str]:
    last: dict[str, list[float]] = {}
    for score in scores:
        last.setdefault(f'{score["network"]}-{score["padding"]}', []).append(score['last'])
    return [f'{name} {_number(statistics.fmean(values))}' for name, values in last.items()]


def _listed(values: Iterable[str]) -> str:
    """Each once: the runs of a comparison may have been continued on another machine."""
    return '; '.join(dict.fromkeys(values))


def draw(scores: Sequence[dict], metric: str, path: Path) -> None:
    """Draw a panel a network: averages with their 95 % intervals, and every run as a dot.

    Args:
        scores: See :func:`to_csv`.
        metric: Name of the score.
        path: The PNG file to write.
    """
    found = summaries(scores)
    networks = list(dict.fromkeys(network for network, _ in found))
    figure, axes = panels(len(networks), 4.2, 3.6)
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
    save(figure, path)


def draw_further(scores: Sequence[dict], further: Sequence[str], path: Path) -> None:
    """Draw a panel a network: the difference of each further score to zero padding, with its 95 % interval.

    Args:
        scores, further: See :func:`to_csv`.
        path: The PNG file to write.
    """
    found = {name: summaries(scores, name) for name in further}
    networks = list(dict.fromkeys(score['network'] for score in scores))
    paddings = [padding for padding in dict.fromkeys(score['padding'] for score in scores) if padding != BASELINE]
    figure, axes = panels(len(networks), 5, 3.8)
    for axis, network in zip(axes.flat, networks):
        for order, padding in enumerate(paddings):
            shown = [of_score[network, padding] for of_score in found.values()]
            places = [place + (order - (len(paddings) - 1) / 2) * 0.2 for place in range(len(shown))]
            middle = [summary.difference for summary in shown]
            ends = [summary.difference_interval or (summary.difference, ) * 2 for summary in shown]
            axis.errorbar(places, middle, [[value - low for value, (low, _) in zip(middle, ends)],
                                           [high - value for value, (_, high) in zip(middle, ends)]],
                          fmt='D', markersize=4, capsize=3, label=padding, color=f'C{order + 1}')
        axis.axhline(0, color='black', linewidth=0.8)
        axis.set_xticks(range(len(found)), [*found], rotation=30, ha='right', fontsize='small')
        axis.set_title(network)
        axis.grid(axis='y', alpha=0.3)
        axis.legend(fontsize='small')
    for row in axes:
        row[0].set_ylabel(f'difference to {BASELINE} padding')
    figure.suptitle('difference of the averages and its 95 % interval', fontsize='small')
    save(figure, path)


def write_results(args: argparse.Namespace, plan: Comparison, runs: Sequence[Run]) -> tuple[str, dict[str, Path]]:
    """Write table, CSV and pictures of finished runs, and put them on a page.

    Args:
        args: Those of ``mmpconv compare-padding``, with a work dir.
        plan: The comparison.
        runs: All of it.

    Returns:
        tuple: The text, and the files by suffix.
    """
    more = [logged_scores(run, plan.further) | (shifted_scores(run, plan.shifts) if plan.shifts else {})
            for run in runs]
    scores, further = [run.score() | found for run, found in zip(runs, more)], list(more[0])
    ready = READY.get(args.comparison or DEFAULT)
    text = report(scores, runs, ready.template if ready else plan.template, further, plan.shifts)
    files = {suffix: args.work_dir / f'comparison.{suffix}' for suffix in ('md', 'csv', 'png')}
    write_text(files['csv'], to_csv(scores, further))
    draw(scores, plan.metric, files['png'])
    pictures = [files['png']]
    if further:
        files['further.png'] = args.work_dir / 'comparison-further.png'
        draw_further(scores, further, files['further.png'])
        pictures.append(files['further.png'])
    write_text(files['md'], text + ''.join(f'\n![Scores]({picture.name})\n' for picture in pictures))
    if args.page:
        mark = mark_of(args.comparison)
        name = f'{args.page.stem}{mark[len(TOOL):]}'.replace(' ', '-')
        publish(args.page, mark, text, files['csv'], *pictures, name=name)
    return text, files
