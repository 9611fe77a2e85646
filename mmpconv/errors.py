"""The error that a user, not a programmer, has to act on."""
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class LaunchError(Exception):
    """What was asked for cannot be started: says what was given and what to do.

    The command line tools print it as one sentence, without a traceback.
    """


@contextmanager
def user_errors() -> Iterator[None]:
    """End the process with one sentence where its user has to act; other errors keep their traceback."""
    try:
        yield
    except LaunchError as error:
        sys.exit(f'error: {_sentence(error)}')


def one_line(error: Exception) -> str:
    """The beginning of an error's text, to be part of a sentence."""
    return ' '.join(str(error).split())[:300].rstrip('.')


def _sentence(error: LaunchError) -> str:
    """The message; of an error in a process that loads data, to which torch adds that process's traceback, the end."""
    text = str(error)
    return text.strip().splitlines()[-1].partition(': ')[2] if 'in DataLoader worker process' in text else text
