"""Plots show the mean of each bin, its interval, and a line a method."""
import cv2
import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy import stats

from mmpconv.benchmark.page import draw_plots
from mmpconv.benchmark.results import Results

BINS = ('0.1-0.2', '0.2-0.3', '0.3-0.4')
SCORES = {(method, bin): np.random.default_rng(number).normal(10 + 5 * number, 2, 6)
          for number, (method, bin) in enumerate((method, bin) for method in ('_a', 'b') for bin in BINS)
          if (method, bin) != ('b', '0.2-0.3')}


@pytest.fixture
def figures(monkeypatch):
    """The figures that were written."""
    figures = []
    save = Figure.savefig

    def savefig(figure, path, **settings):
        figures.append(figure)
        save(figure, path, **settings)

    monkeypatch.setattr(Figure, 'savefig', savefig)
    return figures


def results_of(*metrics):
    rows = {method: [] for method in ('_a', 'b')}
    for (method, bin), values in SCORES.items():
        rows[method] += [dict(id='', bin=bin, border=0, seconds=1.0, **dict.fromkeys(metrics, value))
                         for value in values]
    return Results(rows, BINS, {})


def test_lines_are_means_with_the_interval_of_the_mean(figures, tmp_path):
    paths = draw_plots(results_of('l1'), tmp_path / 'plots')
    axis, = figures[0].axes
    assert axis.get_ylabel() == 'L1 (%), less is better' and axis.get_xlabel() == 'hole ratio'
    assert [label.get_text() for label in axis.get_xticklabels()] == list(BINS)
    for method, container in zip(('_a', 'b'), axis.containers):
        line, _, (bars, ) = container
        bins = [bin for bin in BINS if (method, bin) in SCORES]
        np.testing.assert_allclose(line.get_ydata(orig=False), [SCORES[method, bin].mean() for bin in bins])
        assert [round(x) for x in line.get_xdata(orig=False)] == [BINS.index(bin) for bin in bins]
        for bar, bin in zip(bars.get_segments(), bins):
            values = SCORES[method, bin]
            expected = stats.t.interval(0.95, len(values) - 1, values.mean(), stats.sem(values))
            np.testing.assert_allclose(bar[:, 1], expected)
    # matplotlib would leave a name that begins like this out of the legend.
    assert [text.get_text() for text in figures[0].legends[0].get_texts()] == [' _a', 'b']
    assert list(paths) == ['l1', 'overview']


def test_the_overview_has_a_panel_a_metric(figures, tmp_path):
    paths = draw_plots(results_of('l1', 'psnr', 'ssim'), tmp_path / 'plots')
    assert list(paths) == ['l1', 'psnr', 'ssim', 'overview']
    shown = [axis for axis in figures[3].axes if axis.axison]
    assert [axis.get_ylabel() for axis in shown] == [
        'L1 (%), less is better', 'PSNR (dB), more is better', 'SSIM, more is better']
    for path in paths.values():
        assert cv2.imread(str(path)).std() > 1
    assert {path.name for path in (tmp_path / 'plots').iterdir()} == {path.name for path in paths.values()}
