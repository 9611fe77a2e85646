"""The picture of the losses of runs: what is read, what is drawn, what is refused."""
import json

import numpy as np
import pytest
from PIL import Image

from mmpconv.analysis.loss_curves import draw, named_runs, read_losses, run_name, smoothed
from mmpconv.cli import main
from mmpconv.errors import LaunchError


def scalars(work_dir, start, losses, end='\n'):
    """A log as MMEngine writes it: lines of training, and of validation between them."""
    path = work_dir / start / 'vis_data/scalars.json'
    path.parent.mkdir(parents=True)
    lines = [dict(lr=2e-4, data_time=.1, loss=loss, loss_tv=loss / 10, iter=step, step=step, memory=3)
             for step, loss in losses.items()]
    lines.insert(1, {'MAE': 3.5, 'step': 10})
    path.write_text('\n'.join(map(json.dumps, lines)) + end)
    return path


def points(curves, term):
    iterations, values = curves[term]
    assert (np.diff(iterations) > 0).all(), 'a curve never goes back'
    return dict(zip(iterations.tolist(), values.tolist()))


def test_a_work_dir_is_read_over_its_resumed_starts(tmp_path):
    """The first start logged beyond the checkpoint that the second one began with."""
    scalars(tmp_path, '20250101_000000', {10: 9., 20: 8., 30: 7.})
    scalars(tmp_path, '20250102_000000', {20: 5., 30: 4., 40: 3.})
    curves = read_losses(tmp_path)
    assert set(curves) == {'loss', 'loss_tv'}
    assert points(curves, 'loss') == {10: 9, 20: 5, 30: 4, 40: 3}
    assert points(curves, 'loss_tv') == pytest.approx({10: .9, 20: .5, 30: .4, 40: .3})


def test_a_single_start_and_a_single_log_are_runs_too(tmp_path):
    path = scalars(tmp_path / 'run', '1', {1: 2., 2: 1.})
    for given in (path, tmp_path / 'run/1', tmp_path / 'run'):
        assert points(read_losses(given), 'loss') == {1: 2, 2: 1}
    assert run_name(path) == run_name(tmp_path / 'run') == 'run'


def test_the_table_of_a_work_dir_goes_before_its_log(tmp_path):
    scalars(tmp_path, '1', {1: 2.})
    (tmp_path / 'losses.csv').write_text('iter,loss,loss_style\n100,5.5,\n200,4.5,0.25\n300,nan,0.5\n')
    for given in (tmp_path, tmp_path / 'losses.csv'):
        curves = read_losses(given)
        assert points(curves, 'loss_style') == {200: .25, 300: .5}
        assert np.isnan(points(curves, 'loss')[300]) and len(curves['loss'][0]) == 3
        assert run_name(given) == tmp_path.name


def test_what_a_killed_run_was_writing_is_left_out(tmp_path):
    path = scalars(tmp_path, '1', {1: 2.}, end='\n{"loss": 1.0, "it')
    assert points(read_losses(path), 'loss') == {1: 2}


def test_epochs_do_not_fold_the_curve_back(tmp_path):
    path = tmp_path / 'scalars.json'
    path.write_text(''.join(json.dumps(dict(loss=1., epoch=epoch, iter=number, step=3 * epoch + number)) + '\n'
                            for epoch in range(2) for number in (1, 2)))
    assert read_losses(path)['loss'][0].tolist() == [1, 2, 4, 5]


@pytest.mark.parametrize('window', [1, 3, 10])
def test_smoothing_is_the_mean_of_what_is_there(window):
    values = np.array([1., 2., np.nan, 4., 8., 16.])
    by_hand = [np.nanmean(values[max(0, i + 1 - window):i + 1]) for i in range(len(values))]
    if window == 1:
        by_hand[2] = np.nan
    assert smoothed(values, window) == pytest.approx(by_hand, nan_ok=True)


CURVES = {'a': dict(loss=(np.array([10, 20, 30]), np.array([4., 2., 1.])), loss_tv=(np.array([10]), np.array([.5]))),
          'b': dict(loss=(np.array([10, 20]), np.array([3., 1.])), loss_adv=(np.array([10, 20]), np.array([0., 7.])))}


def test_each_term_has_a_panel_and_each_run_a_line_of_its_colour():
    figure = draw(CURVES)
    panels = {axis.get_title(): axis for axis in figure.axes if axis.get_title()}
    assert [*panels] == ['loss', 'loss_adv', 'loss_tv']
    drawn = {term: [(line.get_color(), *map(list, line.get_data())) for line in axis.lines]
             for term, axis in panels.items()}
    assert drawn == {'loss': [('C0', [10, 20, 30], [4, 2, 1]), ('C1', [10, 20], [3, 1])],
                     'loss_adv': [('C1', [10, 20], [0, 7])], 'loss_tv': [('C0', [10], [.5])]}
    legend, = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ['a', 'b']
    assert [handle.get_color() for handle in legend.legend_handles] == ['C0', 'C1']
    assert panels['loss_tv'].lines[0].get_marker() == '.', 'one point would not be seen as a line'
    assert panels['loss'].get_yscale() == 'linear'


def test_smoothed_curves_lie_over_the_faint_ones():
    axis = draw(CURVES, smooth=2).axes[0]
    raw, over = axis.lines[:2]
    assert list(over.get_ydata()) == [4, 3, 1.5] and list(raw.get_ydata()) == [4, 2, 1]
    assert raw.get_alpha() < 1 and over.get_alpha() is None


def test_the_scale_is_logarithmic_on_request():
    assert {axis.get_yscale() for axis in draw(CURVES, log=True).axes[:3]} == {'log'}


def test_the_program_writes_the_picture_and_says_where(tmp_path, capsys):
    for name, losses in (('one', {10: 2., 20: 1.5}), ('two', {10: 3., 1000: 1.25})):
        scalars(tmp_path / name, '1', losses)
    runs = [str(tmp_path / name) for name in ('one', 'two')]
    main(['plot-loss', *runs, '-o', str(tmp_path / 'new/losses.png'), '--smooth', '3', '--log'])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines[1:3]] == [['one', '20', '2', '1.5'], ['two', '1,000', '2', '1.25']]
    assert lines[-1] == f'picture: {tmp_path / "new/losses.png"}'
    picture = np.asarray(Image.open(tmp_path / 'new/losses.png').convert('RGB'), int)
    for colour in ((31, 119, 180), (255, 127, 14)):  # C0 and C1
        assert (np.abs(picture - colour).max(2) < 8).sum() > 50


def test_runs_of_the_same_name_are_told_apart_by_their_paths(tmp_path, capsys):
    for parent in ('x', 'y'):
        scalars(tmp_path / parent / 'run', '1', {1: 2.})
    main(['plot-loss', str(tmp_path / 'x/run'), str(tmp_path / 'y/run'), '-o', str(tmp_path / 'a.png')])
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[1:3]] == [
        str(tmp_path / 'x/run'), str(tmp_path / 'y/run')]


@pytest.mark.parametrize('make, arguments, message', [
    (lambda d: None, [], 'there is no .*run; give a work dir, a losses.csv, or a vis_data/scalars.json'),
    (lambda d: d.mkdir(), [], 'run is not the work dir of a run'),
    (lambda d: d.write_text('{"lr": 1, "iter": 1}\n'), [], r'run holds no losses \(yet\)'),
    (lambda d: d.write_text('{"loss": 1, "iter": 1}\nloss 3\n'), [], 'run, line 2 is not what MMEngine logs'),
    (lambda d: d.write_text('[1]\n'), [], 'run, line 1 is not what MMEngine logs'),
    (lambda d: d.write_bytes(b'\x89PNG\xff\n'), [], 'run cannot be read as text'),
    (lambda d: d.write_text('{"loss": 1, "iter": 1}\n'), ['--smooth', '0'], '--smooth is 0 but must be'),
    (lambda d: d.write_text('{"loss": 1, "iter": 1}\n'), ['-o', 'a.docx'], '-o a.docx does not say which kind'),
])
def test_bad_input_ends_with_one_sentence_and_no_picture(make, arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make(tmp_path / 'run')
    with pytest.raises(SystemExit, match=f'error: .*{message}'):
        main(['plot-loss', str(tmp_path / 'run'), *arguments])
    assert {path.name for path in tmp_path.iterdir()} <= {'run'}


def test_a_table_without_iterations_is_refused(tmp_path):
    (tmp_path / 'theirs.csv').write_text(',loss\n0,3.5\n')
    with pytest.raises(LaunchError, match='theirs.csv has the columns , loss but needs one that is called iter'):
        read_losses(tmp_path / 'theirs.csv')


def test_a_run_given_twice_is_refused(tmp_path):
    scalars(tmp_path / 'run', '1', {1: 2.})
    with pytest.raises(LaunchError, match='a run is given twice'):
        named_runs([tmp_path / 'run', tmp_path / 'run'])
