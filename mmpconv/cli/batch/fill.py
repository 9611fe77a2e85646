"""Filling of many photos, in one process or its share of several."""
import argparse
import sys
import time
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from mmpconv.errors import LaunchError, disk_sentence, full_disk
from mmpconv.photos import MAX_PIXELS, Photo, PhotoError, hole_mask
from mmpconv.whole_files import remove_unfinished, whole_file

from ..main import DONE, INTERRUPTED, PARTLY_FAILED, USER_HAS_TO_ACT
from .jobs import Job, comparison_of, plan_jobs, require_no_source, sources_of
from .preview import before_after, on_terminal
from .ranks import Share
from .report import Report
from .wording import in_options, sentence_about


def fill_all(words: Sequence[str], mask: Path | str | tuple[int, int, int], args: argparse.Namespace) -> int:
    """Fill what a command line names.

    Args:
        words: Photos: files, folders and patterns.
        mask: See :func:`~mmpconv.cli.inpaint.parse_mask`.
        args: The other arguments, see :mod:`~mmpconv.cli.inpaint`.

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
                print(f'{share.name}interrupted: {batch.outcome.filled} of {len(batch.mine)} photos are filled, and no '
                      f'file is half-written; the same command{"" if args.resume else " with --resume"} continues',
                      file=sys.stderr)
                return INTERRUPTED
            return batch.end()
    except LaunchError as error:
        raise LaunchError(f'{share.name}{error.sentence(in_options)}') from error


def build_inpainter(args: argparse.Namespace, device: str):
    """The network that a command line names."""
    from mmpconv.apis import Inpainter

    return Inpainter(args.model, args.checkpoint, device, args.dtype, args.compile, tile_size=args.tile_size,
                     max_pixels=args.max_pixels or MAX_PIXELS)


def read_hole(mask, photo: Photo, args: argparse.Namespace) -> np.ndarray:
    """The hole of a photo, as a command line says, ``(h, w)`` bool."""
    return hole_mask(mask, photo, invert=args.invert, grow=args.grow, tolerance=args.tolerance,
                     resize_mask=args.resize_mask, max_pixels=args.max_pixels or MAX_PIXELS)


class Batch:
    """Photos that are filled one after the other; what is wrong with one does not stop the others.

    Args:
        jobs: All photos.
        args: See :func:`fill_all`.
        share: Which of them this process fills.

    Attributes:
        mine: The photos of this process.
        report: What its user sees.
        outcome: What became of the photos.
    """

    def __init__(self, jobs: Sequence[Job], args: argparse.Namespace, share: Share):
        self.jobs, self.args, self.share = jobs, args, share
        self.mine = share.of(list(enumerate(jobs, 1)))
        self.report = Report(len(jobs), args.quiet, bars=share.size == 1)
        self.outcome = self.report.outcome
        self._sources = sources_of(jobs)
        self._results = {job.result for job in jobs}
        self._max_pixels = args.max_pixels or MAX_PIXELS
        self._start = time.monotonic()

    @cached_property
    def _inpainter(self):
        """The network: loaded with the first photo that needs it."""
        return build_inpainter(self.args, self.share.device(self.args.device))

    def run(self) -> None:
        """Fill those of this process.

        Raises:
            LaunchError: The network cannot be had, or the disk is full.
        """
        for folder in dict.fromkeys(job.result.parent for job in self.jobs):
            remove_unfinished(folder)
        for number, job in self.mine:
            with self.report.photo(job.photo, number) as progress:
                try:
                    self._fill(job, progress)
                except (PhotoError, OSError, MemoryError) as error:
                    if full := full_disk(error):  # as it would be for every other photo
                        raise LaunchError(self._sentence_about_disk(full)) from error
                    reason = 'there is too little memory' if isinstance(error, MemoryError) else error
                    self.outcome.failures.append(sentence_about(job.photo, reason))
                    if len(self.jobs) > 1:
                        self.report.line(f'{job.photo}: not filled, the reason is below')

    def _sentence_about_disk(self, error: OSError) -> str:
        return (f'{disk_sentence(error)}; {self.outcome.filled} of {len(self.mine)} photos are filled, and the same '
                f'command{"" if self.args.resume else " with --resume"} continues')

    def _fill(self, job: Job, progress) -> None:
        if job.error:
            raise PhotoError(job.error)
        args = self.args
        if args.resume and job.is_done(job.result, args.compare, self._max_pixels):
            self.outcome.left_out += 1
            return
        photo = Photo.read(job.photo, max_pixels=self._max_pixels)
        result = self._result(job, photo)
        if args.resume and job.is_done(result, args.compare, self._max_pixels):
            self.outcome.left_out += 1
            return
        photo.require_format(result)
        hole = read_hole(job.mask, photo, args)
        inpainter, start = self._inpainter, time.monotonic()
        filled = inpainter.fill(photo, hole, opaque=job.mask == 'alpha', progress=progress)
        result.parent.mkdir(parents=True, exist_ok=True)
        comparison = before_after(photo.color(), hole, filled.color()) if args.compare or args.preview else None
        if args.compare:  # first: a result says that all of its photo is done
            with whole_file(comparison_of(result)) as unfinished:
                comparison.save(unfinished)
        filled.save(result)
        self.outcome.filled += 1
        if args.preview:
            self.report.show(lambda columns, rows: on_terminal(comparison, columns, rows))
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
        """Say what came out; of several processes the first one does, for all of them.

        Returns:
            The exit status. That of another process is 0, for a launcher ends all processes when one has failed.

        Raises:
            LaunchError: No photo was filled.
        """
        gone = self.share.collect(self.outcome)
        if self.share.rank:
            return DONE
        outcome, failures = self.outcome, self.outcome.failures
        if len(self.jobs) == 1 and failures:
            raise LaunchError(failures[0])
        if len(self.jobs) > 1 and not self.args.quiet:
            left_out = f', {outcome.left_out} had results already' if outcome.left_out else ''
            by = f' by {self.share.size} processes' if self.share.size > 1 else ''
            print(f'{outcome.filled} of {len(self.jobs)} photos filled{left_out}, in '
                  f'{time.monotonic() - self._start:.1f} s{by}: {self.args.out}')
        elif outcome.left_out and not self.args.quiet:
            print(f'{self.args.out} is newer than photo and mask; nothing to do')
        for sentence in outcome.repeated_warnings():
            print(sentence, file=sys.stderr)
        for rank in gone:
            count = len(Share(rank, self.share.size).of(self.jobs))
            print(f'process {rank} of {self.share.size} ended before its {count} photos were done; the same command '
                  'with --resume fills what is left', file=sys.stderr)
        if not failures and not gone:
            return DONE
        if failures:
            print(f'{len(failures)} of {len(self.jobs)} photos could not be filled:', file=sys.stderr)
        for failure in failures:
            print(f'  {failure}', file=sys.stderr)
        return PARTLY_FAILED if outcome.filled or outcome.left_out else USER_HAS_TO_ACT
