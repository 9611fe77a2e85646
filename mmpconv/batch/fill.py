"""Filling of photos by the options of ``mmpconv inpaint``: one in a pipe, or many, in one process or its share of
several."""
import argparse
import io
import sys
import time
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from mmpconv.errors import DONE, INTERRUPTED, LaunchError, disk_sentence, full_disk
from mmpconv.photos import MAX_PIXELS, Photo, PhotoError, hole_mask
from mmpconv.whole_files import remove_unfinished, whole_file

from . import STREAM, Mask
from .jobs import Job, comparison_of, plan_jobs, require_format, require_no_source, require_there, sources_of
from .preview import before_after, on_terminal
from .ranks import Share
from .report import Report, in_options, sentence_about


class Filler:
    """Fills photos.

    Args:
        args: Those of ``mmpconv inpaint``.
        device: Where the network runs.
        report: Is told of each photo, and shows it where the options say so.
    """

    def __init__(self, args: argparse.Namespace, device: str, report: Report):
        self.args, self.device, self.report = args, device, report
        self.max_pixels = args.max_pixels or MAX_PIXELS

    @cached_property
    def _inpainter(self):
        """The network: loaded with the first photo that needs it."""
        from mmpconv.apis import Inpainter

        args = self.args
        return Inpainter(args.model, args.checkpoint, self.device, args.dtype, args.compile, tile_size=args.tile_size,
                         max_pixels=self.max_pixels)

    def fill(self, photo: Photo, mask: Mask, result: Path, progress, name: str = '') -> None:
        """Fill a photo and write it, with the picture of before and after if there is to be one.

        Args:
            photo, mask: See :func:`mmpconv.photos.hole_mask`.
            result: The file to write.
            progress: See :class:`~mmpconv.apis.Inpainter`.
            name: How messages call the result; default: its path.
        """
        args = self.args
        photo.require_format(name or result)
        hole = hole_mask(mask, photo, invert=args.invert, grow=args.grow, tolerance=args.tolerance,
                         resize_mask=args.resize_mask, max_pixels=self.max_pixels)
        inpainter, start = self._inpainter, time.monotonic()
        filled = inpainter.fill(photo, hole, opaque=mask == 'alpha', progress=progress)
        result.parent.mkdir(parents=True, exist_ok=True)
        comparison = before_after(photo.color(), hole, filled.color()) if args.compare or args.preview else None
        if args.compare:  # first: a result says that all of its photo is done
            with whole_file(comparison_of(result)) as unfinished:
                comparison.save(unfinished)
        filled.save(result)
        if args.preview:
            self.report.show(lambda columns, rows: on_terminal(comparison, columns, rows))
        self.report.line(f'{name or result}: {hole.mean():.1%} was hole, {time.monotonic() - start:.1f} s')


def fill_stream(word: str, mask: Mask, args: argparse.Namespace) -> int:
    """Fill one photo, from standard input or to standard output, as part of a pipe.

    Args:
        word: File of the photo, or :data:`~mmpconv.batch.STREAM`.
        mask: A path is that of a file.
        args: The other arguments of ``mmpconv inpaint``. ``out`` is a file or :data:`~mmpconv.batch.STREAM`.

    Returns:
        The exit status.

    Raises:
        LaunchError: It could not be filled.
    """
    if args.out == STREAM and sys.stdout.isatty():
        raise LaunchError('the picture would go to the terminal; let it go to a file (> filled.png) or another program')
    require_there(mask)
    if isinstance(mask, Path) and mask.is_dir():
        raise LaunchError(f'{mask} is a folder; give the file of the mask')
    name = Path('standard input' if word == STREAM else word)
    source = io.BytesIO(sys.stdin.buffer.read()) if word == STREAM else word
    if word == STREAM:
        source.name = str(name)
    report = Report(1, args.quiet, lines=sys.stderr)
    filler = Filler(args, args.device, report)
    if args.out != STREAM:
        require_format(Path(args.out), args.format)
        require_no_source([Path(args.out)], sources_of([Job(None, mask, None)]))
    try:
        with report, report.photo(name) as progress, TemporaryDirectory() as folder:
            photo = Photo.read(source, max_pixels=filler.max_pixels)
            if args.out == STREAM:
                suffix = f'.{args.format}' if args.format else photo.lossless_suffix
                result = Path(folder, f'standard output{suffix}')
                filler.fill(photo, mask, result, progress, result.name)
                sys.stdout.buffer.write(result.read_bytes())
                sys.stdout.buffer.flush()
            else:
                filler.fill(photo, mask, Path(args.out), progress)
    except LaunchError as error:
        raise LaunchError(error.sentence(in_options)) from error
    except (PhotoError, MemoryError) as error:
        raise LaunchError(sentence_about(name, error)) from error
    return DONE


def fill_all(words: Sequence[str], mask: Mask, args: argparse.Namespace) -> int:
    """Fill what a command line names.

    Args:
        words: Photos: files, folders and patterns.
        mask: See :func:`~mmpconv.batch.jobs.plan_jobs`.
        args: The other arguments of ``mmpconv inpaint``.

    Returns:
        The exit status.

    Raises:
        LaunchError: Nothing could be started.
    """
    share = Share.of_environment()
    try:
        jobs = plan_jobs(words, mask, args.out, args.format, args.compare)
        with share.connected():
            batch = Batch(jobs, args, share)
            try:
                with batch.report:
                    batch.run()
            except KeyboardInterrupt:
                print(f'{share.name}interrupted: {batch.so_far}, and no file is half-written; {batch.again} continues',
                      file=sys.stderr)
                return INTERRUPTED
            return batch.end()
    except LaunchError as error:
        raise LaunchError(f'{share.name}{error.sentence(in_options)}') from error


class Batch:
    """Photos that are filled one after the other; what is wrong with one does not stop the others.

    Args:
        jobs: All photos.
        args: See :func:`fill_all`.
        share: Which of them this process fills.

    Attributes:
        report: What its user sees.
        again: The command that goes on where this one ended, as part of a sentence.
    """

    def __init__(self, jobs: Sequence[Job], args: argparse.Namespace, share: Share):
        self.jobs, self.args, self.share = jobs, args, share
        self.report = Report(len(jobs), args.quiet, bars=share.size == 1)
        self.again = f'the same command{"" if args.resume else " with --resume"}'
        self._mine = share.of(list(enumerate(jobs, 1)))
        self._outcome = self.report.outcome
        self._filler = Filler(args, share.device(args.device), self.report)
        self._sources = sources_of(jobs)
        self._results = {job.result for job in jobs}

    @property
    def so_far(self) -> str:
        """How many photos of this process are filled."""
        return f'{self._outcome.filled} of {len(self._mine)} photos are filled'

    def run(self) -> None:
        """Fill those of this process.

        Raises:
            LaunchError: The network cannot be had, or the disk is full.
        """
        for folder in dict.fromkeys(job.result.parent for job in self.jobs):
            remove_unfinished(folder)
        for number, job in self._mine:
            with self.report.photo(job.photo, number) as progress:
                try:
                    self._fill(job, progress)
                except (PhotoError, OSError, MemoryError) as error:
                    if full := full_disk(error):  # as it would be for every other photo
                        raise LaunchError(
                            f'{disk_sentence(full)}; {self.so_far}, and {self.again} continues') from error
                    self._outcome.failures.append(sentence_about(job.photo, error))
                    if len(self.jobs) > 1:
                        self.report.line(f'{job.photo}: not filled, the reason is below')

    def _fill(self, job: Job, progress) -> None:
        if job.error:
            raise PhotoError(job.error)
        if self._is_done(job, job.result):
            return
        photo = Photo.read(job.photo, max_pixels=self._filler.max_pixels)
        result = job.result.with_suffix(photo.lossless_suffix) if job.suffix_of_photo else job.result
        if result != job.result:
            self._check_changed(result)
            if self._is_done(job, result):
                return
        self._filler.fill(photo, job.mask, result, progress)
        self._outcome.filled += 1

    def _is_done(self, job: Job, result: Path) -> bool:
        done = self.args.resume and job.is_done(result, self.args.compare, self._filler.max_pixels)
        self._outcome.left_out += done
        return done

    def _check_changed(self, result: Path) -> None:
        """Check a file whose suffix the photo has decided, as the planned ones were."""
        if result in self._results:
            raise PhotoError(f'its result would be {result}, as that of another photo; fill it into another folder')
        try:
            require_no_source([result], self._sources)
        except LaunchError as error:
            raise PhotoError(str(error)) from error

    def end(self) -> int:
        """Say what came out; of several processes the first one does, for all of them.

        Returns:
            The exit status. That of another process is 0, for a launcher ends all processes when one has failed.

        Raises:
            LaunchError: No photo was filled.
        """
        gone = self.share.collect(self._outcome)
        if self.share.rank:
            return DONE
        if len(self.jobs) == 1 and self._outcome.failures:
            raise LaunchError(self._outcome.failures[0])
        return self.report.sum_up(self.args.out, self.share.size, {
            rank: len(Share(rank, self.share.size).of(self.jobs)) for rank in gone})
