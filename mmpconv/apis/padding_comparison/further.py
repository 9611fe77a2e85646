"""Further scores of the runs of a comparison, beside the one by which they are compared: a table and a picture."""
from collections.abc import Sequence
from pathlib import Path

from mmpconv.errors import LaunchError
from mmpconv.evaluation.padding_comparison import PaddingSummary, summarise
from mmpconv.whole_files import whole_file

from .markdown import interval, markdown_table, number, p_value
from .run import BASELINE, Run
from .training_log import logged_metrics, read_scores

COLUMNS = 3


def logged_scores(run: Run, names: Sequence[str]) -> dict[str, float]:
    """Other scores of a finished run, at its last validation.

    Raises:
        LaunchError: It does not log one of them.
    """
    found = {name: read_scores(run.folder, name) for name in names}
    for name, scores in found.items():
        if not scores:
            raise LaunchError(f"{run.config} never logs '{name}'; give some of those it logs with --further: "
                              f'{", ".join(sorted(logged_metrics(run.folder)))}')
    return {name: scores[max(scores)] for name, scores in found.items()}


def summaries_of(further: Sequence[dict], name: str) -> dict[tuple[str, str], PaddingSummary]:
    """What one of the scores comes to, by network and padding.

    Args:
        further: One a run: ``network``, ``padding``, ``seed``, and ``scores`` by name.
        name: Of the score.
    """
    values: dict[tuple[str, str], dict[int, float]] = {}
    for run in further:
        values.setdefault((run['network'], run['padding']), {})[run['seed']] = run['scores'][name]
    return {(network, padding): summarise(
        list(by_seed.values()),
        None if padding == BASELINE else [values[network, BASELINE][seed] for seed in by_seed])
        for (network, padding), by_seed in values.items()}


def further_table(further: Sequence[dict]) -> str:
    """A line a network, score and padding, in Markdown."""
    rows = []
    for network in dict.fromkeys(run['network'] for run in further):
        for name in further[0]['scores']:
            for (of, padding), summary in summaries_of(further, name).items():
                if of == network:
                    rows.append([network, name, padding, number(summary.average), number(summary.stdev),
                                 number(summary.difference, '+'), interval(summary.difference_interval),
                                 p_value(summary.p_value)])
    return markdown_table(['network', 'score', 'padding', 'average', 'stdev', 'diff', '95 % interval of diff', 'p'],
                          rows, words=3)


def draw_further(further: Sequence[dict], path: Path) -> None:
    """Draw a panel a network: the difference of each score to zero padding, with its 95 % interval.

    Args:
        further: As of :func:`summaries_of`.
        path: The PNG file to write; its folder exists.
    """
    import matplotlib
    matplotlib.use('Agg')
    import matplotlib.pyplot as plt

    names = list(further[0]['scores'])
    networks = list(dict.fromkeys(run['network'] for run in further))
    paddings = [padding for padding in dict.fromkeys(run['padding'] for run in further) if padding != BASELINE]
    columns = min(len(networks), COLUMNS)
    figure, axes = plt.subplots(-(-len(networks) // columns), columns, squeeze=False, layout='constrained',
                                figsize=(5 * columns, 3.8 * -(-len(networks) // columns)))
    for axis in axes.flat[len(networks):]:
        axis.set_axis_off()
    for axis, network in zip(axes.flat, networks):
        for order, padding in enumerate(paddings):
            found = [summaries_of(further, name)[network, padding] for name in names]
            places = [place + (order - (len(paddings) - 1) / 2) * 0.2 for place in range(len(names))]
            middle = [summary.difference for summary in found]
            ends = [summary.difference_interval or (summary.difference, ) * 2 for summary in found]
            axis.errorbar(places, middle, [[value - low for value, (low, _) in zip(middle, ends)],
                                           [high - value for value, (_, high) in zip(middle, ends)]],
                          fmt='D', markersize=4, capsize=3, label=padding, color=f'C{order + 1}')
        axis.axhline(0, color='black', linewidth=0.8)
        axis.set_xticks(range(len(names)), names, rotation=30, ha='right', fontsize='small')
        axis.set_title(network)
        axis.grid(axis='y', alpha=0.3)
        axis.legend(fontsize='small')
    for row in axes:
        row[0].set_ylabel(f'difference to {BASELINE} padding')
    figure.suptitle('difference of the averages and its 95 % interval', fontsize='small')
    with whole_file(path) as unfinished:
        figure.savefig(unfinished, dpi=110)
    plt.close(figure)
