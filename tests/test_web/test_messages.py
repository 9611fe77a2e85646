import errno
import threading
import warnings

import pytest

from mmpconv.photos import PhotoError, PhotoWarning
from mmpconv.web.messages import VisitorError, errors_for_visitors, notes, sentence_of, warnings_apart


def test_each_visitor_hears_of_his_own_photo_alone():
    heard, both_inside = {}, threading.Barrier(2)

    def visit(name):
        with notes() as said:
            both_inside.wait()
            warnings.warn(f'{name} is dark', PhotoWarning, stacklevel=1)
            both_inside.wait()
            heard[name] = list(said)

    with warnings_apart():
        visitors = [threading.Thread(target=visit, args=(name,)) for name in ('A.png', 'B.png')]
        for visitor in visitors:
            visitor.start()
        for visitor in visitors:
            visitor.join()
    assert heard == {'A.png': ['A.png is dark'], 'B.png': ['B.png is dark']}


def test_other_warnings_go_where_they_went(recwarn):
    with warnings_apart(), notes() as said:
        warnings.warn('old', DeprecationWarning, stacklevel=1)
        warnings.warn('photo', PhotoWarning, stacklevel=1)
    assert said == ['Photo'] and [str(warning.message) for warning in recwarn] == ['old']


def test_advice_is_for_who_has_buttons():
    warning = PhotoWarning('the mask m.png is probably inverted', {'invert': True})
    assert sentence_of(warning) == 'The mask m.png is probably inverted; press Invert'
    error = PhotoError('the photo has 9 pixels; scale it down', {'max_pixels': 9})
    assert sentence_of(error) == 'The photo has 9 pixels; scale it down'


@pytest.mark.parametrize('error, status', [(PhotoError('wrong'), 422), (MemoryError(), 507),
                                           (OSError(errno.ENOSPC, 'full'), 507)])
def test_what_nobody_here_is_to_blame_for_is_a_sentence(error, status):
    with pytest.raises(VisitorError) as raised, errors_for_visitors():
        raise error
    assert raised.value.status == status and raised.value.sentence[0].isupper()


def test_a_mistake_of_the_server_stays_one():
    with pytest.raises(OSError), errors_for_visitors():
        raise OSError(errno.EIO, 'broken')
