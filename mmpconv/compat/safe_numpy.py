"""NumPy's part of MMEngine's log history, for ``torch.load(weights_only=True)``: numbers, and nothing else.

The defect: what numpy's pickles name is not safe to call. ``numpy.ndarray`` makes an array of objects over a buffer of
the file, whose bytes are then taken for addresses; ``numpy.dtype.__setstate__`` makes any type such a one.

What is done: these stand-ins are called in their place. An array is made empty and then gets its content, of a kind of
number in a byte order, as numpy itself pickles it; every other way is refused.

Delete when: torch declares numpy's arrays safe by functions that check what they are given.
"""
import pickle

import numpy as np

# How numpy writes the kinds of number, and the orders of their bytes.
NUMBERS = {f'{kind}{size}': size for kind, sizes in dict(f=(2, 4, 8), i=(1, 2, 4, 8), u=(1, 2, 4, 8), c=(8, 16),
                                                         b=(1,)).items() for size in sizes}
BYTE_ORDERS = ('<', '>', '|', '=')


class NumberKind:
    """Stands in for ``numpy.dtype``: the kind of a number.

    Args:
        code: Such as ``'f8'``. align, copy: As numpy writes them; they mean nothing for a number.

    Raises:
        pickle.UnpicklingError: It is not the kind of a number.
    """

    def __init__(self, code: str, align: bool = False, copy: bool = True):
        if type(code) is not str or code not in NUMBERS or align not in (False, 0) or copy not in (True, 1):
            raise pickle.UnpicklingError('it asks for an array of something other than numbers')
        self.dtype = np.dtype(code)

    def __setstate__(self, state: tuple):
        """Take the order of the bytes, and nothing else of what a type can be told.

        Raises:
            pickle.UnpicklingError: There is something else.
        """
        plain = (type(state) is tuple and len(state) == 8 and all(part is None for part in state[2:5])
                 and all(type(part) in (int, str) for part in (*state[:2], *state[5:])))
        if not plain or state[1] not in BYTE_ORDERS or (state[0], *state[5:]) != (3, -1, -1, 0):
            raise pickle.UnpicklingError('it asks for a numpy type with parts')
        self.dtype = self.dtype.newbyteorder(state[1])


class NumberArray(np.ndarray):
    """Stands in for ``numpy.ndarray``; calling it is refused. Pickles as an ordinary array."""

    def __new__(cls, *args, **kwargs):
        """Refused: see :func:`empty_array`.

        Raises:
            pickle.UnpicklingError: Always.
        """
        raise pickle.UnpicklingError('it makes a numpy.ndarray over memory of its choosing')

    def __setstate__(self, state: tuple):
        """Take shape, kind of number and content.

        Raises:
            pickle.UnpicklingError: They are not as numpy writes them.
        """
        if type(state) is not tuple or len(state) != 5 or type(state[2]) is not NumberKind or (
                type(state[4]) not in (bytes, str)):
            raise pickle.UnpicklingError('it fills a numpy.ndarray as numpy does not')
        kind = state[2].dtype
        super().__setstate__((*state[:2], kind, *state[3:]))

    def __reduce__(self):
        return self.view(np.ndarray).__reduce__()

    def __reduce_ex__(self, protocol):
        return self.view(np.ndarray).__reduce_ex__(protocol)


def empty_array(kind: type, shape: tuple, code: bytes) -> NumberArray:
    """Stands in for numpy's ``_reconstruct``.

    Raises:
        pickle.UnpicklingError: It is asked for something other than an empty array, to be filled.
    """
    if kind is not NumberArray or type(shape) is not tuple or shape != (0,):
        raise pickle.UnpicklingError('it makes a numpy.ndarray as numpy does not')
    return np.ndarray.__new__(NumberArray, (0,), np.int8)


def number(kind: NumberKind, content: bytes) -> np.generic:
    """Stands in for numpy's ``scalar``.

    Raises:
        pickle.UnpicklingError: It is asked for something other than a number.
    """
    if type(kind) is not NumberKind or type(content) not in (bytes, str):
        raise pickle.UnpicklingError('it makes a scalar as numpy does not')
    content = content.encode('latin1') if isinstance(content, str) else content
    if len(content) != kind.dtype.itemsize:
        raise pickle.UnpicklingError('it makes a number of too few bytes')
    return np.frombuffer(content, kind.dtype)[0]
