"""The scores of a method on disk, a line a sample, and what they depend on."""
import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmpconv.environment import difference, plain
from mmpconv.errors import LaunchError
from mmpconv.whole_files import append, cut_to, read_json, write_json, write_text

_SAMPLE = {'id': str, 'hole_ratio': float, 'bin': str, 'border': int}
_HOW = {'seconds': float, 'changed_outside': int}


class ScoreFile:
    """``NAME.csv``, to which each score is appended as soon as it is there, and ``NAME.json``.

    Args:
        folder: Where they are.
        name: Of the method.
        metrics: Names of the scores.

    Attributes:
        settings: What the scores depend on.
        path: The CSV file. Columns: ``id``, ``hole_ratio``, ``bin`` and ``border`` (0 or 1) of the sample, the
            metrics, ``seconds`` and ``changed_outside`` as of :class:`~.filling.Filled`.
        rows: Its lines.
        machines: Where and how they were made.
    """

    def __init__(self, folder: Path, name: str, metrics: Sequence[str]):
        self.path, self._settings_path = folder / f'{name}.csv', folder / f'{name}.json'
        self.name = name
        self.columns = {**_SAMPLE, **dict.fromkeys(metrics, float), **_HOW}
        self.rows: list[dict[str, Any]] = []
        self.machines: list[str] = []

    def check(self, settings: dict, ids: Sequence[str], restart: bool) -> None:
        """Read what an earlier run left, and nothing that was made in another way. Writes nothing.

        A last line that was cut off is left out.

        Args:
            settings: What the scores depend on.
            ids: Of all samples, in their order. The rows are the first of them.
            restart: Forget what is there.

        Raises:
            LaunchError: What is there belongs to other settings, or is damaged.
        """
        self.settings = plain(settings)
        before = None if restart else read_json(self._settings_path)
        if before is None:
            if self.path.is_file() and not restart:
                raise LaunchError(f'{self.path} is there without {self._settings_path.name}, which says what its '
                                  'scores are of; give another --work-dir, or replace them with --restart')
            return
        if before['settings'] != self.settings:
            raise LaunchError(f'{self.path} has scores of {self.name} that were made in another way '
                              f'({difference(before["settings"], self.settings)}); give another --work-dir, or '
                              'replace them with --restart')
        self.machines = before['machines']
        self.rows = self._read(ids)

    def begin(self, machine: str) -> None:
        """Make the files ready for :meth:`append`.

        Args:
            machine: Where and how the next rows are made.
        """
        if machine not in self.machines:
            self.machines.append(machine)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if not self.rows:
            self.path.unlink(missing_ok=True)  # before the settings change: never are there others beside old rows
        write_json(self._settings_path, dict(settings=self.settings, machines=self.machines))
        if self.rows:
            cut_to(self.path, self.path.read_bytes().rfind(b'\n') + 1)
        else:
            write_text(self.path, _line(self.columns))

    def append(self, row: dict[str, Any]) -> None:
        """Write a row; once this returns, the death of this process does not lose it."""
        append(self.path, _line([row[name] for name in self.columns]))
        self.rows.append(row)

    def _read(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        content = self.path.read_bytes() if self.path.is_file() else b''
        complete = content[:content.rfind(b'\n') + 1].decode()
        lines = list(csv.reader(io.StringIO(complete)))
        rows = []
        try:
            if lines and lines[0] != list(self.columns):
                raise ValueError('its first line does not name the columns')
            for number, line in enumerate(lines[1:], 2):
                row = {name: kind(value) for (name, kind), value in zip(self.columns.items(), line, strict=True)}
                if len(rows) >= len(ids) or row['id'] != ids[len(rows)]:
                    raise ValueError(f'line {number} is not of the sample that is next in the benchmark')
                rows.append(row)
        except ValueError as error:
            raise LaunchError(f'{self.path} is damaged ({error}); replace it with --restart') from error
        return rows


def _line(values) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator='\n').writerow(values)
    return text.getvalue()
