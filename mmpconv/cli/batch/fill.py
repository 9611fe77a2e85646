"""Filling of many photos, and the report of it."""
import argparse
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from mmpconv.errors import LaunchError, termination_as_interrupt
from mmpconv.photos import MAX_PIXELS, Photo, PhotoError, PhotoWarning, hole_mask
from mmpconv.whole_files import remove_unfinished, whole_file

from ..main import DONE, INTERRUPTED, PARTLY_FAILED, USER_HAS_TO_ACT
from .jobs import Job, comparison_of, plan_jobs, require_no_source, sources_of
from .preview import before_after
from .wording import in_options, sentence_about


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
                    self._print(sys.stderr, f'warning: {sentence_about(path, message)}')
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


def fill_all(words: Sequence[str], mask: Path | str | tuple[int, int, int], args: argparse.Namespace) -> int:
    """Fill what a command line names.

    Args:
        words: Photos: files, folders and patterns.
        mask: As of :func:`~mmpconv.cli.inpaint.parse_mask`.
        args: The other arguments, as of :mod:`~mmpconv.cli.inpaint`.

    Returns:
        The exit status.

    Raises:
        LaunchError: Nothing could be started.
    """
    jobs = plan_jobs(words, mask, args.out, args.format, args.compare)
    batch = Batch(jobs, args)
    try:
        with termination_as_interrupt(), batch.report:
            batch.run()
    except KeyboardInterrupt:
        print(f'interrupted: {batch.filled} of {len(jobs)} photos are filled, and no file is half-written; the same '
              f'command{"" if args.resume else " with --resume"} continues', file=sys.stderr)
        return INTERRUPTED
    except LaunchError as error:
        raise LaunchError(error.sentence(in_options)) from error
    return batch.end()


class Batch:
    """Photos that are filled one after the other; what is wrong with one does not stop the others.

    Args:
        jobs: The photos.
        args: As of :func:`fill_all`.

    Attributes:
        report: What its user sees.
        filled: Number of photos that are filled.
    """

    def __init__(self, jobs: Sequence[Job], args: argparse.Namespace):
        self.jobs, self.args = jobs, args
        self.report = Report(len(jobs), args.quiet)
        self.filled = 0
        self._left_out = 0
        self._failures = []
        self._sources = sources_of(jobs)
        self._results = {job.result for job in jobs}
        self._max_pixels = args.max_pixels or MAX_PIXELS
        self._start = time.monotonic()

    @cached_property
    def _inpainter(self):
        """The network: loaded with the first photo that needs it."""
        from mmpconv.apis import Inpainter

        args = self.args
        return Inpainter(args.model, args.checkpoint, args.device, args.dtype, args.compile, tile_size=args.tile_size,
                         max_pixels=self._max_pixels)

    def run(self) -> None:
        """Fill all of them.

        Raises:
            LaunchError: The network cannot be had.
        """
        for folder in dict.fromkeys(job.result.parent for job in self.jobs):
            remove_unfinished(folder)
        for job in self.jobs:
            with self.report.photo(job.photo) as progress:
                try:
                    self._fill(job, progress)
                except (PhotoError, OSError, MemoryError) as error:
                    reason = 'there is too little memory' if isinstance(error, MemoryError) else error
                    self._failures.append(sentence_about(job.photo, reason))
                    if len(self.jobs) > 1:
                        self.report.line(f'{job.photo}: not filled, the reason is below')

    def _fill(self, job: Job, progress) -> None:
        if job.error:
            raise PhotoError(job.error)
        if self.args.resume and job.is_done(job.result, self.args.compare, self._max_pixels):
            self._left_out += 1
            return
        args = self.args
        photo = Photo.read(job.photo, max_pixels=self._max_pixels)
        result = self._result(job, photo)
        if args.resume and job.is_done(result, args.compare, self._max_pixels):
            self._left_out += 1
            return
        hole = hole_mask(job.mask, photo, invert=args.invert, grow=args.grow, tolerance=args.tolerance,
                         resize_mask=args.resize_mask, max_pixels=self._max_pixels)
        inpainter, start = self._inpainter, time.monotonic()
        filled = inpainter.fill(photo, hole, opaque=job.mask == 'alpha', progress=progress)
        result.parent.mkdir(parents=True, exist_ok=True)
        if args.compare:  # first: a result says that all of its photo is done
            with whole_file(comparison_of(result)) as unfinished:
                before_after(photo.color(), hole, filled.color()).save(unfinished)
        filled.save(result)
        self.filled += 1
        self.report.line(f'{result}: {hole.mean():.1%} was hole, {time.monotonic() - start:.1f} s')

    def _result(self, job: Job, photo: Photo) -> Path:
        """The file to write, now that the photo's kind is known."""
        result = job.result_for(photo.lossless_suffix)
        if result != job.result:
            if result in self._results:
                raise PhotoError(f'its result would be {result}, as that of another photo; fill it into another folder')
            try:
                require_no_source([result], self._sources)
            except LaunchError as error:
                raise PhotoError(str(error)) from error
        return result

    def end(self) -> int:
        """Say what came out.

        Returns:
            The exit status.

        Raises:
            LaunchError: No photo was filled.
        """
        if len(self.jobs) == 1 and self._failures:
            raise LaunchError(self._failures[0])
        if len(self.jobs) > 1 and not self.args.quiet:
            left_out = f', {self._left_out} had results already' if self._left_out else ''
            print(f'{self.filled} of {len(self.jobs)} photos filled{left_out}, in '
                  f'{time.monotonic() - self._start:.1f} s: {self.args.out}')
        elif self._left_out and not self.args.quiet:
            print(f'{self.args.out} is newer than photo and mask; nothing to do')
        if not self._failures:
            return DONE
        print(f'{len(self._failures)} of {len(self.jobs)} photos could not be filled:', file=sys.stderr)
        for failure in self._failures:
            print(f'  {failure}', file=sys.stderr)
        return PARTLY_FAILED if self.filled or self._left_out else USER_HAS_TO_ACT
