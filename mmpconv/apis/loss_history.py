"""The losses that a run has logged, from MMEngine's scalars or from a CSV file."""
import json
from pathlib import Path

import numpy as np

from mmpconv.engine.hooks.loss_csv import read_rows
from mmpconv.errors import LaunchError

Curves = dict[str, tuple[np.ndarray, np.ndarray]]
"""Iterations (counted from 1, growing) and values of each loss term."""

_CSV, _SCALARS = 'losses.csv', 'vis_data/scalars.json'
_REMEDY = f'give a work dir, a {_CSV}, or a {_SCALARS}'


def read_losses(path: Path) -> Curves:
    """Read the losses of a run.

    Args:
        path: A CSV file as :class:`~mmpconv.engine.hooks.LossCsvHook` writes it; a ``scalars.json`` of MMEngine; or a
            work dir, of which ``losses.csv`` is read if it is there, or else all ``*/vis_data/scalars.json``. A run
            that was resumed has several: where they overlap, the later one holds.

    Raises:
        LaunchError: There is no such file or folder, or there are no losses in it.
    """
    if path.is_dir():
        logs = [path / _CSV] if (path / _CSV).is_file() else sorted(path.glob(f'*/{_SCALARS}'))
        # One folder further down: the folder of a single start.
        logs = logs or sorted(path.glob(_SCALARS))
        if not logs:
            raise LaunchError(f'{path} is not the work dir of a run: it has neither {_CSV} nor a {_SCALARS} in a '
                              f'folder of its own; {_REMEDY}')
    elif path.is_file():
        logs = [path]
    else:
        raise LaunchError(f'there is no {path}; {_REMEDY}')
    rows: list[dict] = []
    for log in logs:
        later = _read_csv(log) if log.suffix == '.csv' else _read_scalars(log)
        if later:
            rows = [row for row in rows if row['iter'] < later[0]['iter']] + later
    terms = dict.fromkeys(term for row in rows for term in row if 'loss' in term)
    if not terms:
        raise LaunchError(f'{path} holds no losses (yet); {_REMEDY}')
    curves = {}
    for term in terms:
        points = [(row['iter'], row[term]) for row in rows if term in row]
        iterations, values = zip(*points)
        curves[term] = np.array(iterations), np.array(values, float)
    return curves


def run_name(path: Path) -> str:
    """What a legend calls a run: the name of its work dir."""
    path = path.resolve()
    if path.is_dir():
        return path.name
    return path.parents[2].name if str(path).endswith(_SCALARS) and len(path.parents) > 2 else path.parent.name


def _read_csv(path: Path) -> list[dict]:
    try:
        return read_rows(path)[1]
    except (ValueError, OSError) as error:
        raise LaunchError(f'{error}; {_REMEDY}') from error


def _read_scalars(path: Path) -> list[dict]:
    """The lines of training: those of validation hold no iteration."""
    rows = []
    try:
        lines = path.read_text(encoding='utf-8').splitlines(keepends=True)
    except (OSError, UnicodeDecodeError) as error:
        raise LaunchError(f'{path} cannot be read as text ({error}); {_REMEDY}') from error
    for number, line in enumerate(lines, 1):
        if not line.endswith('\n') and number == len(lines):
            break  # it was being written when the run was killed
        try:
            scalars = json.loads(line)
            if not isinstance(scalars, dict):
                raise ValueError('no scalars')
        except ValueError as error:
            raise LaunchError(f'{path}, line {number} is not what MMEngine logs ({error}); {_REMEDY}') from error
        losses = {name: value for name, value in scalars.items() if 'loss' in name and isinstance(value, (int, float))}
        # In runs by epoch, `iter` counts anew every epoch; `step` never does.
        if 'iter' in scalars:
            rows.append({**losses, 'iter': int(scalars.get('step', scalars['iter']))})
    return rows
