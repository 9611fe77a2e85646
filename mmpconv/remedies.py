"""Errors and warnings that name the argument which mends them; Python, command line and page say it in their words."""
from collections.abc import Callable, Mapping
from typing import Any

Wording = Callable[[str, Any], str]
"""Gives the advice to set an argument to a value; empty if there is no such argument for those who read it."""


def in_python(argument: str, value: Any) -> str:
    """The advice for those who call a function."""
    return f'leave out {argument}' if value is None else f'set {argument}={value!r}'


class Mendable:
    """A base of exceptions: as text, what is wrong and what to do, in Python's words.

    Args:
        message: What is wrong; after a semicolon, what can be done about it other than by an argument.
        remedy: Arguments of :class:`~mmpconv.apis.Inpainter` and its call, each of which mends it, and the values to
            set them to; None for one that is to be left out.
    """

    def __init__(self, message: str = '', remedy: Mapping[str, Any] | None = None):
        super().__init__(message)
        self.message, self.remedy = message, dict(remedy or {})

    def sentence(self, wording: Wording = in_python) -> str:
        """What is wrong and what to do."""
        advice = ' or '.join(words for argument, value in self.remedy.items() if (words := wording(argument, value)))
        return f'{self.message}{", or " if ";" in self.message else "; "}{advice}' if advice else self.message

    def __str__(self) -> str:
        return self.sentence()
