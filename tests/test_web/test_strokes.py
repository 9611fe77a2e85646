import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmpconv.web.strokes import MAX_POINTS, Stroke, StrokesError, paint, read_strokes

HEIGHT, WIDTH = 40, 60


def distances(points, shape=(HEIGHT, WIDTH)):
    """Of the centres of pixels to a line through points, by elementary geometry."""
    y, x = np.mgrid[:shape[0], :shape[1]] + 0.5
    nearest = np.full(shape, np.inf)
    for (x0, y0), (x1, y1) in zip(points, points[1:] or points):
        squared = (x1 - x0)**2 + (y1 - y0)**2
        along = np.clip(((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / squared, 0, 1) if squared else 0
        nearest = np.minimum(nearest, np.hypot(x - x0 - along * (x1 - x0), y - y0 - along * (y1 - y0)))
    return nearest


@given(st.lists(st.tuples(st.floats(-20, 80), st.floats(-20, 60)), min_size=1, max_size=6), st.floats(0.5, 50))
def test_a_stroke_covers_what_is_within_half_the_brush_of_its_line(points, size):
    painted = paint(np.zeros((HEIGHT, WIDTH), bool), [Stroke(size, False, points)])
    distance = distances(points)
    assert painted[distance < size / 2 - 1.25].all()
    assert not painted[distance > max(size, 1) / 2 + 1.25].any()


def test_the_point_0_0_is_the_corner_of_the_photo_not_the_centre_of_a_pixel():
    painted = paint(np.zeros((9, 9), bool), [Stroke(1, False, [(4.5, 2.5)])])
    assert np.argwhere(painted).tolist() == [[2, 4]]


def test_strokes_are_painted_one_over_the_other():
    line, dot = [(5, 20), (55, 20)], [(30, 20)]
    painted = paint(np.zeros((HEIGHT, WIDTH), bool), [Stroke(8, False, line), Stroke(8, True, dot)])
    assert painted[20, 10] and not painted[20, 30]
    painted = paint(np.zeros((HEIGHT, WIDTH), bool), [Stroke(8, True, dot), Stroke(8, False, line)])
    assert painted[20, 30]


def test_the_eraser_erases_a_mask_too_and_leaves_the_callers_as_it_was():
    mask = np.ones((HEIGHT, WIDTH), bool)
    painted = paint(mask, [Stroke(8, True, [(30, 20)])])
    assert not painted[20, 30] and painted[0, 0]
    assert mask.all()


def test_points_far_outside_leave_what_is_inside():
    painted = paint(np.zeros((HEIGHT, WIDTH), bool), [Stroke(4, False, [(-1e30, 20), (1e30, 20)])])
    assert painted[20].all() and not painted[10].any()


def test_what_the_page_sends_is_read():
    sent = json.dumps([{'size': 7.5, 'erases': True, 'points': [[1, 2.25], [3, 4]]}])
    assert read_strokes(sent, (HEIGHT, WIDTH)) == [Stroke(7.5, True, [(1, 2.25), (3, 4)])]
    assert read_strokes('[]', (HEIGHT, WIDTH)) == read_strokes('', (HEIGHT, WIDTH)) == []


@pytest.mark.parametrize('sent', [
    '{', '7', '{"a": 1}', '[7]', '[[]]', '[{"size": 3, "erases": false}]',
    '[{"size": 3, "erases": false, "points": []}]', '[{"size": 3, "erases": false, "points": [[1]]}]',
    '[{"size": 3, "erases": false, "points": [[1, NaN]]}]', '[{"size": 3, "erases": false, "points": [["a", 1]]}]',
    '[{"size": 0, "erases": false, "points": [[1, 1]]}]', '[{"size": Infinity, "erases": false, "points": [[1, 1]]}]',
    '[{"size": 121, "erases": false, "points": [[1, 1]]}]', '[' * 100_000,
    '[{"size": 3, "erases": false, "points": [[1' + '0' * 400 + ', 1]]}]',
])
def test_anything_else_is_refused_with_a_sentence(sent):
    with pytest.raises(StrokesError, match='reload the page'):
        read_strokes(sent, (HEIGHT, WIDTH))


def test_too_many_points_are_refused():
    sent = json.dumps([{'size': 3, 'erases': False, 'points': [[1, 1]] * (MAX_POINTS + 1)}])
    with pytest.raises(StrokesError, match=f'more than {MAX_POINTS} points'):
        read_strokes(sent, (HEIGHT, WIDTH))
