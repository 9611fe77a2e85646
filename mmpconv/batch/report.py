"""The progress of a batch, and the warnings about its photos: each kind once, and at the end how often it was; in the
words of the command line."""
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from mmpconv.errors import DONE, PARTLY_FAILED, USER_HAS_TO_ACT
from mmpconv.photos import PhotoWarning
from mmpconv.remedies import Mendable

_NAMED = 3
_OPTIONS = {'checkpoint', 'compile', 'dtype', 'invert', 'max_pixels', 'resize_mask', 'tile_size', 'tolerance'}


@dataclass
class Outcome:
    """What became of photos.

    Attributes:
        filled: Number of those that were filled. left_out: Of those that had results already.
        failures: A sentence for each that could not be filled.
        warned: Names of photos by the kind of warning about them.
    """

    filled: int = 0
    left_out: int = 0
    failures: list[str] = field(default_factory=list)
    warned: dict[str, list[str]] = field(default_factory=dict)

    def add(self, other: 'Outcome') -> None:
        """Count in what became of other photos."""
        self.filled += other.filled
        self.left_out += other.left_out
        self.failures += other.failures
        for kind, names in other.warned.items():
            self.warned.setdefault(kind, []).extend(names)

    def repeated_warnings(self) -> Iterator[str]:
        """A sentence for each kind of warning that there was about more than one photo."""
        for kind, names in self.warned.items():
            if len(names) > 1:
                named = ', '.join(names[:_NAMED]) + (f' and {len(names) - _NAMED} more' if names[_NAMED:] else '')
                yield f'warning: {len(names)} photos: {kind}: {named}'


class Report:
    """Says how far a batch is, and what came out.

    Args:
        count: Number of photos.
        quiet: Whether only warnings and errors are of interest.
        bars: Whether to show bars on a terminal.
        lines: Where lines about photos that are done go.
    """

    def __init__(self, count: int, quiet: bool, bars: bool = True, lines=None):
        self.count, self.quiet = count, quiet
        self.outcome = Outcome()
        self.console = Console(stderr=True)
        self._lines = lines or sys.stdout
        self._bars = Progress(
            TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
            console=self.console, transient=True, disable=quiet or not bars or not self.console.is_terminal)
        self._number, self._is_told, self._start = 0, False, time.monotonic()

    def __enter__(self) -> 'Report':
        self._bars.start()
        self._photos = self._bars.add_task('photos', total=self.count, visible=self.count > 1)
        return self

    def __exit__(self, *error) -> None:
        self._bars.stop()

    @contextmanager
    def photo(self, path: Path, number: int = 1) -> Iterator[Callable[[int, int], None]]:
        """Work on a photo: gives what is to be called with the number of tiles done and of all. Warnings are printed.

        Args:
            path: The photo. number: Its place in the batch, from 1 on.
        """
        self._number = number
        task = self._bars.add_task(printable(path.name), total=None)
        with warnings.catch_warnings():
            warnings.simplefilter('always', PhotoWarning)
            show = warnings.showwarning

            def showwarning(message, category, *rest):
                if issubclass(category, PhotoWarning):
                    self._warn(path, message)
                else:
                    show(message, category, *rest)

            warnings.showwarning = showwarning
            try:
                yield lambda done, total: self._bars.update(task, completed=done, total=total)
            finally:
                self._bars.remove_task(task)
                self._bars.advance(self._photos)

    def line(self, text: str) -> None:
        """Print what was done, with the number of the photo in its batch."""
        if not self.quiet:
            self._print(self._lines, f'[{self._number}/{self.count}] {text}' if self.count > 1 else text)

    def show(self, draw: Callable[[int, int], RenderableType]) -> None:
        """Show a picture where there is a terminal. ``draw`` gets its columns and two thirds of its rows."""
        if self.console.is_terminal:
            self.console.print(draw(self.console.width, self.console.height * 2 // 3), soft_wrap=True)
        elif not self._is_told:
            self._is_told = True
            self._print(sys.stderr, 'warning: --preview needs a terminal, and there is none')

    def sum_up(self, out: str, processes: int, gone: Mapping[int, int]) -> int:
        """Say what came out of all photos.

        Args:
            out: Where the results are.
            processes: Number of those that filled them.
            gone: Of processes that ended before they were done, the number of their photos.

        Returns:
            The exit status.
        """
        outcome, failures = self.outcome, self.outcome.failures
        if self.count > 1 and not self.quiet:
            left_out = f', {outcome.left_out} had results already' if outcome.left_out else ''
            by = f' by {processes} processes' if processes > 1 else ''
            print(f'{outcome.filled} of {self.count} photos filled{left_out}, in '
                  f'{time.monotonic() - self._start:.1f} s{by}: {out}')
        elif outcome.left_out and not self.quiet:
            print(f'{out} is newer than photo and mask; nothing to do')
        for sentence in outcome.repeated_warnings():
            print(sentence, file=sys.stderr)
        for rank, photos in gone.items():
            print(f'process {rank} of {processes} ended before its {photos} photos were done; the same command '
                  'with --resume fills what is left', file=sys.stderr)
        if failures:
            print(f'{len(failures)} of {self.count} photos could not be filled:', file=sys.stderr)
        for failure in failures:
            print(f'  {failure}', file=sys.stderr)
        if not failures and not gone:
            return DONE
        return PARTLY_FAILED if outcome.filled or outcome.left_out else USER_HAS_TO_ACT

    def _warn(self, path: Path, warning: PhotoWarning) -> None:
        names = self.outcome.warned.setdefault(warning.kind or str(warning), [])
        if not names:  # a single photo may have a kind twice: of its mask, and of its result
            self._print(sys.stderr, f'warning: {sentence_about(path, warning)}')
        if path.name not in names:
            names.append(printable(path.name))

    def _print(self, stream, text: str) -> None:
        if self._bars.live.is_started and stream.isatty():
            self.console.print(printable(text), markup=False, highlight=False, soft_wrap=True)
        else:
            print(text, file=stream, flush=True)


def printable(text: str) -> str:
    """Names of files need not be UTF-8; a terminal's text has to be."""
    return text.encode('utf-8', 'backslashreplace').decode()


def in_options(argument: str, value: Any) -> str:
    """The advice to set an argument, as an option of ``mmpconv inpaint``; empty if it is none there."""
    if argument not in _OPTIONS:
        return ''
    option = f'--{argument.replace("_", "-")}'
    if value is None or value is False:
        return f'leave out {option}'
    return f'give {option}' if value is True else f'give {option} {value}'


def sentence_about(path: Path, error: Exception) -> str:
    """What is wrong, with the name of the photo before it if it has none."""
    sentence = error.sentence(in_options) if isinstance(error, Mendable) else (
        'there is too little memory' if isinstance(error, MemoryError) else str(error))
    # Names of files need not be UTF-8; the sentence has something else in place of what is not.
    name = os.fsencode(path.name).decode('utf-8', 'replace')
    return sentence if name in sentence or path.name in sentence else f'{path}: {sentence}'
