"""Writing the lists of a data set: whole, in order, and never over another list unasked."""
import itertools
import shlex
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mmpconv.datasets.inpainting_dataset import can_be_listed, listed_path
from mmpconv.errors import LaunchError
from mmpconv.whole_files import whole_file

from .inspection import LEFT_OUT, Finding, in_parallel, inspect_photo, write_report


def require_folder(folder: Path, what: str, source: str) -> None:
    """Check that the data lie where they should.

    Args:
        folder: Their place.
        what: Name of the data.
        source: Sentence on how to get them.

    Raises:
        LaunchError: There is no such folder.
    """
    if not folder.is_dir():
        there = f'{folder.parent} is missing too'
        if folder.parent.is_dir():
            names = sorted(path.name for path in folder.parent.iterdir())
            there = f'it holds {", ".join([*names[:10], *(["..."] if len(names) > 10 else [])]) or "nothing"}'
        raise LaunchError(f'there is no folder {folder}, where {what} should lie ({there}); {source}')


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
    total, reports = 0, []
    for wanted, number, unlistable, is_there in plans:
        if is_there and not verify and not unlistable:
            print(f'{wanted.file}: is there already, {number} photos')
        elif left_out := _write(wanted, number + unlistable, verify, unlistable > 0, jobs):
            total += left_out
            reports.append(str(wanted.report))
    if reports:
        raise LaunchError(f'{total} of the photos cannot be used and are not in the lists; they are named in '
                          f'{", ".join(reports)}')


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


def _write(wanted: PhotoList, number: int, verify: bool, unlistable: bool, jobs: int | None) -> int:
    """Write a list and, if photos are verified or some cannot be listed, its report; returns how many are left out."""
    left_out = set()

    def found() -> Iterator[Finding]:
        for line, findings in _inspected(wanted, number, verify, jobs):
            if any(finding.is_left_out for finding in findings):
                left_out.add(line)
            yield from findings

    summary, listed = write_report(wanted.report, found()) if verify or unlistable else [], 0
    with whole_file(wanted.file) as unfinished, open(unfinished, 'w', encoding='utf-8') as file:
        for line in wanted.lines():
            if line not in left_out:
                file.write(f'{line}\n')
                listed += 1
        if not listed:
            raise LaunchError(f'none of the {number} photos for {wanted.file} can be used; {wanted.report} says why')
    print(f'{wanted.file}: written, {listed} photos')
    for line in summary:
        print(f'  {line}')
    return number - listed


def _inspected(wanted: PhotoList, number: int, verify: bool, jobs: int | None) -> Iterator[tuple[str, list[Finding]]]:
    def look(line: str) -> list[Finding]:
        path = wanted.path(line)
        if not can_be_listed(path):
            return [Finding(path, 'name that a list cannot hold', LEFT_OUT, 'rename it')]
        return inspect_photo(str(wanted.folder), path) if verify else []

    if not verify:
        return ((line, look(line)) for line in wanted.lines())
    return in_parallel(look, wanted.lines(), number, jobs, wanted.file.name)


def print_cfg_options(root: Path, default_root: str, settings: dict[str, dict[str, str]],
                      defaults: dict[str, dict[str, str]]) -> None:
    """Print the options with which configs read a layout that is not their own.

    Args:
        root: Folder of the data. default_root: That of the configs.
        settings: By ``'train'`` and ``'val'``: ``data_prefix.gt`` and ``ann_file``. defaults: Those of the configs.
    """
    options = []
    for split, values in settings.items():
        for loader in ('train',) if split == 'train' else ('val', 'test'):
            changed = {key: value for key, value in values.items() if value != defaults[split].get(key)}
            if root != Path(default_root):
                changed['data_root'] = str(root)
            options += [shlex.quote(f'{loader}_dataloader.dataset.{key}={value}') for key, value in changed.items()]
    if options:
        print('Configs read them with --cfg-options ' + ' '.join(options))
