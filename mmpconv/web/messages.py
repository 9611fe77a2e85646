"""What visitors read: one sentence for what went wrong, and what to know about a photo that is used all the same."""
import errno
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from mmpconv.errors import LaunchError
from mmpconv.photos import PhotoError, PhotoWarning
from mmpconv.remedies import Mendable

# Arguments that mend something, and what a visitor of the page can do.
_ADVICE = {
    ('resize_mask', True): 'scale it first (other programs: resize=1)',
    ('invert', True): 'press Invert',
    ('invert', False): 'do not invert it',
}
_notes: ContextVar[list[str] | None] = ContextVar('notes', default=None)


class VisitorError(Exception):
    """What a visitor has to act on.

    Args:
        sentence: Shown on the page.
        status: Of the HTTP response.
    """

    def __init__(self, sentence: str, status: int = 400):
        super().__init__(sentence)
        self.sentence, self.status = sentence, status


@contextmanager
def errors_for_visitors() -> Iterator[None]:
    """Turns errors that are nobody's fault here into a :class:`VisitorError`; others pass."""
    try:
        yield
    except (PhotoError, LaunchError) as error:
        raise VisitorError(sentence_of(error), 422) from None
    except MemoryError:
        raise VisitorError('The server has too little memory for this photo; scale it down.', 507) from None
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise VisitorError('The disk of the server is full; try again later.', 507) from None


def sentence_of(message: Exception | str) -> str:
    """An error or a warning of the rest of the package, in words for the page."""
    text = str(message)
    if isinstance(message, Mendable):
        text = message.sentence(lambda argument, value: _ADVICE.get((argument, value), ''))
    return text[:1].upper() + text[1:]


@contextmanager
def warnings_apart() -> Iterator[None]:
    """As long as visitors come, a ``PhotoWarning`` goes to the :func:`notes` of the thread in which it is issued.

    ``warnings.catch_warnings`` around each request would not do, because it changes what all threads share.
    """
    with warnings.catch_warnings():
        warnings.simplefilter('always', PhotoWarning)
        show = warnings.showwarning

        def showwarning(message, category, *rest):
            mine = _notes.get()
            if mine is None or not issubclass(category, PhotoWarning):
                show(message, category, *rest)
            elif (text := sentence_of(message)) not in mine:
                mine.append(text)

        warnings.showwarning = showwarning
        yield


@contextmanager
def notes() -> Iterator[list[str]]:
    """The sentences of the warnings that are issued in this block, within :func:`warnings_apart`."""
    mine: list[str] = []
    before = _notes.set(mine)
    try:
        yield mine
    finally:
        _notes.reset(before)
