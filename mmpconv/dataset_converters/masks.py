"""Lists of masks in pictures, such as NVIDIA's, by hole ratio and nearness to the border."""
import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from mmpconv.datasets.inpainting_dataset import can_be_listed
from mmpconv.datasets.masks import binarise_mask, near_border
from mmpconv.errors import LaunchError
from mmpconv.evaluation import HOLE_BINS, bin_of
from mmpconv.photos import UnreadableImageError
from mmpconv.photos.decoding import decode
from mmpconv.photos.folders import photo_files
from mmpconv.whole_files import as_csv, write_text

from .inspection import LEFT_OUT, Finding, in_parallel, write_report
from .lists import require_folder


@dataclass(frozen=True)
class Measures:
    """Of a mask file.

    Args:
        hole_ratio: Share of hole pixels, in (0, 1).
        near_border: See :func:`~mmpconv.datasets.masks.near_border`.
        height: In pixels. width: In pixels.
    """
    hole_ratio: float
    near_border: bool
    height: int
    width: int

    @property
    def bin(self) -> str:
        """That of :data:`~mmpconv.evaluation.HOLE_BINS`; empty for ratios outside of them."""
        return bin_of(self.hole_ratio) or ''


def measure_mask(folder: str, invert: bool, file: str) -> tuple[Measures | None, list[Finding]]:
    """Measure a mask as ``LoadMask`` reads it.

    Convention:
        White, brighter than mid-grey, is hole; with ``invert``, black is.

    Returns:
        tuple[Measures | None, list[Finding]]: None for a mask that cannot be used, or not be listed.
    """
    if not can_be_listed(file):
        return None, [Finding(file, 'name that a list cannot hold', LEFT_OUT, 'rename it')]
    with open(os.path.join(folder, file), 'rb') as opened:
        content = opened.read()
    if not content:
        return None, [Finding(file, 'empty file', LEFT_OUT)]
    try:
        picture = decode(content, file, 'unchanged')
    except UnreadableImageError as error:
        return None, [Finding(file, 'cut off or no picture', LEFT_OUT, error.reason)]
    findings = [] if _is_binary(picture) else [Finding(file, 'grey levels', 'used; brighter than mid-grey is white')]
    hole = binarise_mask(picture, invert=invert)[..., 0].astype(bool)
    ratio = float(hole.mean())
    if ratio in (0, 1):
        return None, [*findings, Finding(file, 'all hole' if ratio else 'no hole', LEFT_OUT)]
    return Measures(ratio, near_border(hole), *hole.shape), findings


def _is_binary(picture: np.ndarray) -> bool:
    """True if all values are the darkest or the brightest that there can be."""
    brightest = np.iinfo(picture.dtype).max if np.issubdtype(picture.dtype, np.integer) else 1
    return bool(((picture == 0) | (picture == brightest)).all())


SOURCE = "get them from NVIDIA's page of partial convolution (nv-adlr.github.io/publication/partialconv-inpainting)"
_MOSTLY_HOLE = 0.6


def prepare(root: Path, invert: bool = False, jobs: int | None = None, force: bool = False) -> None:
    """Measure masks, write their lists, and print how many there are of each kind.

    Args:
        root: Folder of pictures of masks, in any folders; the lists go to its folder ``lists``.
        invert: Black is hole.
        jobs: Threads; None: one a core.
        force: Replace lists that are there and differ.

    Raises:
        LaunchError: There are no masks, a list is there and differs, or all holes seem to be the wrong way round; after
            all lists are written: masks were left out.
    """
    require_folder(root, 'the masks', SOURCE)
    files = list(photo_files(root))
    if not files:
        raise LaunchError(f'there are no pictures in {root}, where the masks should lie; {SOURCE}')
    measures, findings = {}, _twins(files)
    for file, (measured, found) in in_parallel(
            partial(measure_mask, str(root), invert), files, len(files), jobs, 'masks'):
        findings += found
        if measured:
            measures[file] = measured
    large = sum(measured.hole_ratio > _MOSTLY_HOLE for measured in measures.values())
    if 2 * large > len(measures) or not measures:
        raise LaunchError(f'{len(files)} files in {root} give {len(measures)} masks, {large} of them with more than '
                          f'{_MOSTLY_HOLE:.0%} hole: the holes may be {"white" if invert else "black"}; '
                          f'{"leave out" if invert else "try"} --invert')
    folder = root / 'lists'
    texts = {folder / name: text for name, text in _texts(measures).items()}
    for path, text in texts.items():
        if path.is_file() and path.read_text(encoding='utf-8') != text and not force:
            raise LaunchError(f'{path} is there and differs; remove it, or replace all lists with --force')
    for path, text in texts.items():
        write_text(path, text)
    report_file = folder / 'masks_report.csv'
    summary = write_report(report_file, findings)
    _print_counts(measures, folder)
    for line in summary:
        print(f'  {line}')
    if left_out := len(files) - len(measures):
        raise LaunchError(f'{left_out} of the {len(files)} masks cannot be used and are not in the lists; they are '
                          f'named in {report_file}')


def _twins(files: Sequence[str]) -> list[Finding]:
    """Masks whose names differ in folder or suffix only: results that are named after masks would collide."""
    by_stem = defaultdict(list)
    for file in files:
        by_stem[file.rpartition('/')[2].rpartition('.')[0]].append(file)
    return [Finding(twin, 'name used twice', 'used; do not name results after it alone', f'as {first}')
            for first, *twins in by_stem.values() for twin in twins]


def _texts(measures: dict[str, Measures]) -> dict[str, str]:
    """Contents of all lists, also of empty ones: a list that is there always fits the CSV file."""
    table = [('file', 'hole_ratio', 'bin', 'near_border', 'height', 'width')]
    lists = {'all': []} | {f'{name}{kind}': [] for name in HOLE_BINS for kind in ('', '_interior', '_border')}
    for file, measured in measures.items():
        table.append((file, f'{measured.hole_ratio:.6f}', measured.bin, int(measured.near_border), measured.height,
                      measured.width))
        lists['all'].append(file)
        if measured.bin:
            lists[measured.bin].append(file)
            lists[f'{measured.bin}_{"border" if measured.near_border else "interior"}'].append(file)
    texts = {f'{name}.txt': ''.join(f'{file}\n' for file in listed) for name, listed in lists.items()}
    return {'ratios.csv': as_csv(table), **texts}


def _print_counts(measures: dict[str, Measures], folder: Path) -> None:
    print(f'{folder}: written, {len(measures)} masks')
    print(f'  {"hole ratio":<12}{"off the border":>15}{"near it":>10}')
    for name in (*HOLE_BINS, ''):
        kinds = [measured.near_border for measured in measures.values() if measured.bin == name]
        if name or kinds:
            print(f'  {name or "other":<12}{kinds.count(False):>15}{kinds.count(True):>10}')
