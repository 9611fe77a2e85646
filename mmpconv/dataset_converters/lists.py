"""Writing the lists of a data set: whole, in order, and never over another list unasked."""
import contextlib
import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mmpconv.datasets.inpainting_dataset import can_be_listed, listed_path
from mmpconv.errors import LaunchError
from mmpconv.whole_files import whole_file

from .inspection import LEFT_OUT, Finding, in_parallel, inspect_photo, new_report


@dataclass(frozen=True)
class PhotoList:
    """A list that is to be written.

    Args:
        file: The list.
        folder: Its paths are relative to it.
        lines: Gives its lines without line ends, anew at each call: there may be too many to keep.
        has_classes: The lines are those of a list that came with the data, where a class may follow the path; without
            it they are paths.
    """
    file: Path
    folder: Path
    lines: Callable[[], Iterable[str]]
    has_classes: bool = False

    def path(self, line: str) -> str:
        """The path in a line."""
        return listed_path(line) if self.has_classes else line

    @property
    def report(self) -> Path:
        """The CSV file with the findings about its photos."""
        return self.file.with_name(f'{self.file.stem}_report.csv')


def read_lines(file: Path) -> Iterator[str]:
    """Lines of a list without line ends; empty ones are passed over.

    Raises:
        LaunchError: It is no text in UTF-8.
    """
    try:
        with open(file, encoding='utf-8') as opened:
            for line in opened:
                if not line.isspace():
                    yield line.rstrip('\n')
    except UnicodeDecodeError as error:
        raise LaunchError(f'{file} is not a list of photos: it is not text in UTF-8 ({error.reason}); download or '
                          'write it anew') from error


def write_lists(lists: Iterable[PhotoList], verify: bool = False, jobs: int | None = None, force: bool = False) -> None:
    """Write lists, or find that they are there already, and print what was done.

    All lists are compared with what is there before the first photo is decoded.

    Args:
        lists: Those to write.
        verify: Decode all photos, leave out those that cannot be, and write what is unusual into the reports.
        jobs: Threads for that; None: one a core.
        force: Replace lists that are there and differ.

    Raises:
        LaunchError: A list is there and differs, or would be empty; after all lists are written: photos were left out.
    """
    plans = [(wanted, *_compare(wanted, verify, force)) for wanted in lists]
    left_out = []
    for wanted, number, unlistable, is_there in plans:
        if is_there and not verify and not unlistable:
            print(f'{wanted.file}: is there already, {number} photos')
            continue
        inspect = partial(inspect_photo, str(wanted.folder)) if verify else None
        if dropped := _write(wanted, number + unlistable, verify or unlistable, inspect, jobs):
            left_out.append((dropped, wanted.report))
    if left_out:
        total = sum(dropped for dropped, _ in left_out)
        raise LaunchError(f'{total} of the photos cannot be used and are not in the lists; they are named in '
                          f'{", ".join(str(report) for _, report in left_out)}')


def _compare(wanted: PhotoList, verify: bool, force: bool) -> tuple[int, int, bool]:
    """Number of photos of a list, of names that cannot be in it, and whether it is there and the same."""
    existing = read_lines(wanted.file) if wanted.file.is_file() else ()
    number, unlistable, difference = 0, 0, None

    def listable_lines():
        nonlocal unlistable
        for line in wanted.lines():
            if can_be_listed(wanted.path(line)):
                yield line
            else:
                unlistable += 1

    for line, old in itertools.zip_longest(listable_lines(), existing):
        number += line is not None
        if line != old and difference is None:
            difference = f'line {number} is {old!r} there and {line!r} here' if old and line else (
                f'it goes on with {old!r}' if old else f'it ends before {line!r}')
    if number == 0:
        raise LaunchError(f'there are no photos for {wanted.file} in {wanted.folder}')
    is_there = wanted.file.is_file() and difference is None
    if wanted.file.is_file() and not force:
        if difference is not None:
            raise LaunchError(f'{wanted.file} is there and differs: {difference}; remove it, or replace it with '
                              '--force')
        if verify:
            raise LaunchError(f'{wanted.file} is there, and --verify may have to take photos out of it; remove it, or '
                              'let it be replaced with --force')
    return number, unlistable, is_there


def _write(wanted: PhotoList, number: int, reports: bool, inspect, jobs: int | None) -> int:
    """Write a list and, if it ``reports``, what was found; returns how many photos are left out."""
    written = dropped = 0
    with contextlib.ExitStack() as stack:
        report = None
        if reports:
            report = stack.enter_context(new_report(wanted.report))
        # A list without photos does not appear; its report does.
        stack.enter_context(contextlib.suppress(_NothingLeft))
        file = stack.enter_context(open(stack.enter_context(whole_file(wanted.file)), 'w', encoding='utf-8'))
        for line, findings in _inspected(wanted, number, inspect, jobs):
            for finding in findings:
                report.add(finding)
            if any(finding.is_left_out for finding in findings):
                dropped += 1
            else:
                written += 1
                file.write(f'{line}\n')
        if written == 0:
            raise _NothingLeft
    if written == 0:
        raise LaunchError(f'none of the {dropped} photos for {wanted.file} can be used; {wanted.report} says why')
    print(f'{wanted.file}: written, {written} photos')
    for line in report.summary if report else ():
        print(f'  {line}')
    return dropped


class _NothingLeft(Exception):
    """All photos of a list are left out."""


def _inspected(wanted: PhotoList, number: int, inspect, jobs: int | None) -> Iterator[tuple[str, list[Finding]]]:
    def look(line: str) -> list[Finding]:
        path = wanted.path(line)
        if not can_be_listed(path):
            return [Finding(path, 'name that a list cannot hold', LEFT_OUT, 'rename it')]
        return inspect(path) if inspect else []

    if inspect is None:
        return ((line, look(line)) for line in wanted.lines())
    return in_parallel(look, wanted.lines(), number, jobs, wanted.file.name)
