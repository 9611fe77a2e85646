"""The scores of a comparison as a picture."""
from collections.abc import Sequence
from pathlib import Path

from mmpconv.whole_files import whole_file

from .report import summaries

COLUMNS = 3


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
    columns = min(len(networks), COLUMNS)
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
