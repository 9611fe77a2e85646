import threading
import warnings

from mmpconv.photos import PhotoWarning
from mmpconv.web.told import listening, told_apart


def test_each_visitor_hears_of_his_own_photo_alone():
    heard, both_inside = {}, threading.Barrier(2)

    def visit(name):
        with listening() as told:
            both_inside.wait()
            warnings.warn(f'about {name}', PhotoWarning, stacklevel=1)
            both_inside.wait()
            heard[name] = list(told)

    with told_apart():
        visitors = [threading.Thread(target=visit, args=(name,)) for name in ('a.png', 'b.png')]
        for visitor in visitors:
            visitor.start()
        for visitor in visitors:
            visitor.join()
    assert heard == {'a.png': ['about a.png'], 'b.png': ['about b.png']}


def test_other_warnings_go_where_they_went(recwarn):
    with told_apart(), listening() as told:
        warnings.warn('old', DeprecationWarning, stacklevel=1)
        warnings.warn('photo', PhotoWarning, stacklevel=1)
    assert told == ['photo'] and [str(warning.message) for warning in recwarn] == ['old']
