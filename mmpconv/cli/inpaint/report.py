"""What a user sees of a batch while it runs: bars on a terminal, lines elsewhere."""
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from mmpconv.photos import PhotoWarning

from .wording import sentence_about


class Report:
    """Says how far a batch is.

    Args:
        count: Number of photos.
        quiet: Whether only warnings and errors are of interest.
    """

    def __init__(self, count: int, quiet: bool):
        self.count, self.quiet = count, quiet
        self._console = Console(stderr=True)
        self._bars = Progress(
            TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
            console=self._console, transient=True, disable=quiet or not self._console.is_terminal)
        self._number = 0

    def __enter__(self) -> 'Report':
        self._bars.start()
        self._photos = self._bars.add_task('photos', total=self.count, visible=self.count > 1)
        return self

    def __exit__(self, *error) -> None:
        self._bars.stop()

    @contextmanager
    def photo(self, path: Path) -> Iterator[Callable[[int, int], None]]:
        """Work on a photo: gives what is to be called with the number of tiles done and of all. Warnings are printed.

        Args:
            path: The photo.
        """
        self._number += 1
        task = self._bars.add_task(_printable(path.name), total=None)
        with warnings.catch_warnings():
            warnings.simplefilter('always', PhotoWarning)
            show = warnings.showwarning

            def showwarning(message, category, *rest):
                if issubclass(category, PhotoWarning):
                    self._print(sys.stderr, f'warning: {sentence_about(path, str(message))}')
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
            self._print(sys.stdout, f'[{self._number}/{self.count}] {text}' if self.count > 1 else text)

    def _print(self, stream, text: str) -> None:
        if self._bars.live.is_started and stream.isatty():
            self._console.print(_printable(text), markup=False, highlight=False, soft_wrap=True)
        else:
            print(text, file=stream, flush=True)


def _printable(text: str) -> str:
    """Names of files need not be UTF-8; a terminal's text has to be."""
    return text.encode('utf-8', 'backslashreplace').decode()
