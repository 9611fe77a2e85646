"""The picture shows averages, their intervals and every run."""
import cv2
import numpy as np
import pytest
from comparison_runs import a_score
from scipy import stats

from mmpconv.analysis.padding_comparison import report
from mmpconv.analysis.padding_comparison.report import draw

NETWORKS = ('net', 'deep', 'wide', 'long')
PADDINGS = ('zero', 'partial', 'reflect')
BEST = {(network, padding): np.random.default_rng(number).normal(90, 2, 5)
        for number, (network, padding) in enumerate((n, p) for n in NETWORKS for p in PADDINGS)}


def scores_of(networks, seeds=5):
    return [a_score(network, padding, seed, best) for (network, padding), values in BEST.items()
            for seed, best in enumerate(values[:seeds]) if network in networks]


@pytest.fixture
def figures(monkeypatch):
    """The figures that were drawn."""
    figures = []
    monkeypatch.setattr(report, 'save', lambda figure, path: figures.append(figure))
    return figures


@pytest.mark.parametrize('networks, rows', [(NETWORKS[:1], 1), (NETWORKS[:2], 1), (NETWORKS, 2)])
def test_a_panel_a_network(figures, tmp_path, networks, rows):
    draw(scores_of(networks), 'accuracy/top1', tmp_path / 'a.png')
    shown = [axis for axis in figures[0].axes if axis.axison]
    assert [axis.get_title() for axis in shown] == list(networks)
    assert figures[0].axes[0].get_subplotspec().get_gridspec().nrows == rows
    assert shown[0].get_ylabel() == 'accuracy/top1'
    for axis in shown:
        assert [label.get_text() for label in axis.get_xticklabels()] == list(PADDINGS)


def test_dots_are_runs_and_bars_the_interval_of_the_average(figures, tmp_path):
    draw(scores_of(NETWORKS[:2]), 'score', tmp_path / 'a.png')
    for axis in figures[0].axes:
        dots = [line for line in axis.lines if line.get_marker() == 'o']
        for place, padding in enumerate(PADDINGS):
            best = BEST[axis.get_title(), padding]
            x, y = dots[place].get_data()
            np.testing.assert_array_equal(y, best)
            assert np.all((x > place) & (x < place + 0.5)) and len(set(x)) == len(x)
            average, _, (bar, ) = axis.containers[place]
            np.testing.assert_allclose(np.ravel(average.get_data()).astype(float), (place, best.mean()))
            expected = stats.t.interval(0.95, len(best) - 1, best.mean(), stats.sem(best))
            np.testing.assert_allclose(bar.get_segments()[0], [(place, end) for end in expected])
            assert average.get_color() == dots[place].get_color()


def test_one_seed_has_no_bar(figures, tmp_path):
    draw(scores_of(['net'], seeds=1), 'score', tmp_path / 'a.png')
    _, _, (bar, ) = figures[0].axes[0].containers[1]
    assert set(bar.get_segments()[0][:, 1]) == {BEST['net', 'partial'][0]}


def test_a_picture_is_written(tmp_path):
    draw(scores_of(['net']), 'score', tmp_path / 'a.png')
    picture = cv2.imread(str(tmp_path / 'a.png'))
    assert picture.shape[0] > 300 and picture.std() > 1
    assert [path.name for path in tmp_path.iterdir()] == ['a.png']
