"""The folder of a benchmark: whether it may be written, and where its photos are."""
import json
import os
from pathlib import Path

from mmpconv.datasets.benchmark_files import DESCRIPTION, LOCATION, MASKS, SAMPLES
from mmpconv.errors import LaunchError


def require_free(folder: Path, force: bool) -> None:
    """Check that a benchmark may be written to this folder.

    Raises:
        LaunchError: It is a file; it is a benchmark and ``force`` is not given; or it holds anything else.
    """
    if folder.exists() and not folder.is_dir():
        raise LaunchError(f'{folder} is a file; give the name of a new folder')
    found = {path.relative_to(folder).as_posix() for path in folder.rglob('*')} if folder.is_dir() else set()
    if not found:
        return
    strange = sorted(name for name in found if name not in (DESCRIPTION, SAMPLES, LOCATION, MASKS)
                     and not (name.startswith(f'{MASKS}/') and name.endswith('.png')))
    if DESCRIPTION not in found or strange:
        example = f', such as {strange[0]}' if strange else ''
        raise LaunchError(f'{folder} holds what is not of a benchmark{example}, which is never replaced; give the name '
                          'of a new folder')
    if not force:
        raise LaunchError(f'{folder} is a benchmark already; give another name, or replace it with --force')


def location(folder: Path, image_root: Path) -> str:
    """The text of ``location.json``: a path relative to the folder, or an absolute one from another drive."""
    photos = os.path.abspath(image_root)  # links stay: they are how data folders are moved
    try:
        path = os.path.relpath(photos, folder.resolve())
    except ValueError:
        path = photos
    return json.dumps(dict(image_root=Path(path).as_posix()), indent=1) + '\n'
