"""What is said about a photo while it is worked on, kept for the visitor whose photo it is."""
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from mmpconv.photos import PhotoWarning

_TOLD: ContextVar[list[str] | None] = ContextVar('told', default=None)


@contextmanager
def told_apart() -> Iterator[None]:
    """For as long as visitors come: a ``PhotoWarning`` goes to the one in whose :func:`listening` it is issued.

    ``warnings.catch_warnings`` around each visit would not do, as it changes what all threads share.
    """
    with warnings.catch_warnings():
        warnings.simplefilter('always', PhotoWarning)
        show = warnings.showwarning

        def showwarning(message, category, *rest):
            told = _TOLD.get()
            if told is None or not issubclass(category, PhotoWarning):
                show(message, category, *rest)
            elif str(message) not in told:
                told.append(str(message))

        warnings.showwarning = showwarning
        yield


@contextmanager
def listening() -> Iterator[list[str]]:
    """The sentences of the warnings in this block; within :func:`told_apart`."""
    told = []
    before = _TOLD.set(told)
    try:
        yield told
    finally:
        _TOLD.reset(before)
