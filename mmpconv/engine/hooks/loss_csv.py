"""Losses in a table that any program reads."""
import csv
import io
from pathlib import Path

from mmengine.dist import is_main_process
from mmengine.hooks import Hook

from mmpconv.errors import LaunchError
from mmpconv.registry import HOOKS
from mmpconv.whole_files import append, as_csv, write_text


@HOOKS.register_module()
class LossCsvHook(Hook):
    """Writes every loss term to a CSV file in the work dir: ``iter,loss,loss_l1_hole,...``.

    A line holds the means of the last ``interval`` iterations of the main process, up to and including ``iter``
    (counted from 1, as in the log), with all digits. A term that is not computed has an empty cell. Lines are
    written whole, by the main process.

    A run that is resumed goes on in the same file, without the lines of iterations that it computes anew; the means
    reach back over the interruption. A run that starts from the beginning keeps the file of the one before beside its
    own, with its own start in the name.

    Args:
        interval: Iterations between two lines, at least 1.
        filename: Name of the file in the work dir.

    Raises:
        ValueError: ``interval`` is less than 1.
    """

    def __init__(self, interval: int = 100, filename: str = 'losses.csv'):
        if interval < 1:
            raise ValueError(f'interval must be at least 1 iteration, got {interval}')
        self.interval = interval
        self.filename = filename
        self._columns: list[str] = []

    def before_train(self, runner) -> None:
        """Bring an older file to where this run begins.

        Raises:
            LaunchError: The file of the run that is resumed is not one that this hook wrote.
        """
        self._columns = []
        path = self._path(runner)
        if not is_main_process() or not path.is_file():
            return
        if runner.iter == 0:
            earlier = path.with_name(f'{path.stem}_before_{runner.timestamp}{path.suffix}')
            path.rename(earlier)
            runner.logger.info(f'{path} of an earlier run is now {earlier}')
            return
        try:
            columns, rows = read_rows(path)
        except ValueError as error:
            raise LaunchError(f'{error}; rename it, or give LossCsvHook another filename') from error
        self._write(path, columns, [row for row in rows if row['iter'] <= runner.iter])

    def after_train_iter(self, runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        """Add a line, every ``interval`` iterations."""
        if not self.every_n_train_iters(runner, self.interval) or not is_main_process():
            return
        scalars = runner.message_hub.log_scalars
        losses = [name for name in outputs or {} if 'loss' in name and f'train/{name}' in scalars]
        row = dict(iter=runner.iter + 1)
        row.update({name: float(scalars[f'train/{name}'].mean(self.interval)) for name in losses})
        path = self._path(runner)
        if path.is_file() and set(row) <= set(self._columns):
            append(path, as_csv([[row.get(column, '') for column in self._columns]]))
            return
        # The first line, or a term that was not computed before.
        _, rows = read_rows(path) if path.is_file() else ([], [])
        self._write(path, list(dict.fromkeys(['iter', 'loss', *self._columns, *row])), [*rows, row])

    def _path(self, runner) -> Path:
        return Path(runner.work_dir) / self.filename

    def _write(self, path: Path, columns: list[str], rows: list[dict]) -> None:
        self._columns = columns
        write_text(path, as_csv([columns, *([row.get(column, '') for column in columns] for row in rows)]))


def read_rows(path: Path) -> tuple[list[str], list[dict]]:
    """Columns and rows of such a file.

    Returns:
        tuple: Names, and for each complete line the numbers by name, ``iter`` as an int; empty cells are left out.

    Raises:
        ValueError: There is no column ``iter``, or a cell is no number; the message says where.
    """
    # What follows the last newline was being written when the run was killed.
    complete, _, _ = path.read_text(encoding='utf-8').rpartition('\n')
    reader = csv.reader(io.StringIO(complete))
    columns = next(reader, [])
    if 'iter' not in columns:
        raise ValueError(f'{path} has the columns {", ".join(columns) or "none"} but needs one that is called iter')
    rows = []
    for cells in reader:
        try:
            if len(cells) != len(columns):
                raise ValueError
            row = {column: float(cell) for column, cell in zip(columns, cells) if cell}
            row['iter'] = int(row['iter'])
        except (ValueError, KeyError, OverflowError):
            raise ValueError(f'{path}, line {reader.line_num}: {",".join(cells)!r} is not {len(columns)} numbers under '
                             f'{",".join(columns)}') from None
        rows.append(row)
    return columns, rows
