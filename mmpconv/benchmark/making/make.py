"""Making of a benchmark: check everything, then write everything; and finding out if it is still what it was."""
import hashlib
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmpconv.datasets.benchmark_files import (
    DESCRIPTION,
    FORMAT,
    LOCATION,
    MASKS,
    SAMPLES,
    BenchmarkSample,
    all_masks_sha256,
    mask_sha256,
    samples_to_csv,
)
from mmpconv.datasets.frozen_benchmark import BenchmarkError, FrozenBenchmark
from mmpconv.datasets.masks import near_border
from mmpconv.errors import LaunchError
from mmpconv.evaluation.hole_bins import touches_border
from mmpconv.parallel import in_order, shown
from mmpconv.photos.structure import encode_png
from mmpconv.whole_files import whole_folder

from .masks import GENERATORS, MaskClass, choose_masks, draw_mask, read_mask, read_masks
from .photos import Photo, find_pictures, itemised, photo_order, read_list, read_photos, same_content, window

_DRAWN = 3  # second number of the seeds of drawn masks


@dataclass(frozen=True)
class BenchmarkSettings:
    """All that a benchmark is made of.

    Args:
        images: Folder of the photos.
        list: Text file that names those to use; None: all.
        folder: What is written.
        masks: One of :data:`~.masks.GENERATORS`, or a folder.
        invert_masks: Black is the hole in the folder of masks.
        reuse_masks: A class of too few masks uses them again, mirrored.
        classes: Those that get samples.
        per_class: Samples of each.
        size: Height and width of all samples, in pixels.
        crop: ``center`` or ``random``: where the window of a photo is.
        seed: Of all choices.
        jobs: Number of threads; None: one a core.
        force: Replace a benchmark that is there.
    """

    images: Path
    list: Path | None
    folder: Path
    masks: str
    invert_masks: bool
    reuse_masks: bool
    classes: list[MaskClass]
    per_class: int
    size: tuple[int, int]
    crop: str
    seed: int
    jobs: int | None
    force: bool

    @property
    def is_drawn(self) -> bool:
        return self.masks in GENERATORS


def make(settings: BenchmarkSettings) -> list[Photo]:
    """Make a benchmark.

    Returns:
        list[Photo]: The photos that it was made of.

    Raises:
        LaunchError: Something is not as it should be; then nothing was written.
    """
    _require_free(settings.folder, settings.force)
    if not settings.is_drawn and not Path(settings.masks).is_dir():
        raise LaunchError(f'--masks is {settings.masks}, which is neither a folder nor one of {", ".join(GENERATORS)}')
    names = (find_pictures(settings.images, 'photos') if settings.list is None
             else read_list(settings.list, settings.images))
    _require_apart(settings)
    mask_of = _drawn(settings) if settings.is_drawn else _chosen(settings)
    photos = read_photos(settings.images, names, settings.size, settings.jobs)
    doubles = [' = '.join(group) for group in same_content(photos)]
    if doubles:
        _warn(f'photos with the same content, each of which is used:{itemised(doubles)}')
    _write(settings, photos, mask_of)
    return photos


def _warn(sentence: str) -> None:
    print(f'warning: {sentence}', file=sys.stderr, flush=True)


def _require_free(folder: Path, force: bool) -> None:
    """Check that a benchmark may be written to this folder."""
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


def _require_apart(settings: BenchmarkSettings) -> None:
    """Check that neither masks nor benchmark would be taken for photos."""
    if settings.list is not None:
        return
    root = settings.images.resolve()
    for folder, what in ((settings.folder, 'OUT'),
                         *([] if settings.is_drawn else [(Path(settings.masks), '--masks')])):
        if folder.resolve().is_relative_to(root):
            raise LaunchError(f'{what} is {folder}, which lies in the folder of the photos, {settings.images}: masks '
                              'would be taken for photos; move it elsewhere, or name the photos with --list')


def _drawn(settings: BenchmarkSettings) -> Callable[[int, MaskClass], np.ndarray]:
    """From the number of a sample and its class to its mask."""
    def mask_of(number: int, wanted: MaskClass) -> np.ndarray:
        return draw_mask(settings.masks, np.random.default_rng([settings.seed, _DRAWN, number]), wanted, settings.size)

    for number, wanted in enumerate(settings.classes):  # what fails does so before photos are read
        mask_of(number * settings.per_class, wanted)
    return mask_of


def _chosen(settings: BenchmarkSettings) -> Callable[[int, MaskClass], np.ndarray]:
    """The same for masks of a folder."""
    folder = Path(settings.masks)
    names = find_pictures(folder, 'masks')
    masks = read_masks(folder, names, settings.size, settings.invert_masks, settings.jobs)
    if len(masks) < len(names):
        _warn(f'{len(names) - len(masks)} of {len(names)} masks are the same as others and are left out')
    chosen = choose_masks(masks, settings.classes, settings.per_class, settings.reuse_masks, settings.seed)

    def mask_of(number: int, wanted: MaskClass) -> np.ndarray:
        path, (down, right) = chosen[number]
        return read_mask(path, settings.size, settings.invert_masks)[::down, ::right]

    return mask_of


def _write(settings: BenchmarkSettings, photos: Sequence[Photo],
           mask_of: Callable[[int, MaskClass], np.ndarray]) -> None:
    wanted = [one for one in settings.classes for _ in range(settings.per_class)]
    chosen = photo_order(photos, len(wanted), settings.seed)
    with whole_folder(settings.folder) as unfinished:
        (unfinished / MASKS).mkdir()

        def make_sample(number: int) -> BenchmarkSample:
            name, photo, one = f'{number:05}', chosen[number], wanted[number]
            box = window(photo.size, settings.size, settings.crop, settings.seed, number)
            mask = mask_of(number, one)
            ratio, border = int(mask.sum()) / mask.size, touches_border(mask)
            # Otherwise a generator is wrong.
            assert one.holds(ratio, border, near_border(mask)), f'sample {name} has ratio {ratio} and is not of {one}'
            (unfinished / MASKS / f'{name}.png').write_bytes(encode_png(255 * mask, bilevel=True))
            return BenchmarkSample(name, photo.name, box, f'{MASKS}/{name}.png', ratio, one.bin, border, photo.sha256,
                                   mask_sha256(mask), one.split)

        samples = list(shown(in_order(make_sample, range(len(wanted)), settings.jobs), len(wanted), 'making masks'))
        table = samples_to_csv(samples).encode()
        description = dict(
            format=FORMAT,
            name=settings.folder.resolve().name,
            seed=settings.seed,
            size=settings.size,
            settings=dict(
                masks=settings.masks if settings.is_drawn else 'files', invert_masks=settings.invert_masks,
                reuse_masks=settings.reuse_masks, per_bin=settings.per_class, crop=settings.crop,
                border=list(dict.fromkeys(one.kind for one in settings.classes))),
            bins=list(dict.fromkeys(one.bin for one in settings.classes)),
            counts=dict(samples=len(samples), photos=len({sample.image for sample in samples})),
            samples_sha256=hashlib.sha256(table).hexdigest(),
            masks_sha256=all_masks_sha256(samples))
        (unfinished / SAMPLES).write_bytes(table)
        (unfinished / LOCATION).write_text(_location(settings.folder, settings.images), encoding='utf-8')
        (unfinished / DESCRIPTION).write_bytes((json.dumps(description, indent=1) + '\n').encode())


def _location(folder: Path, image_root: Path) -> str:
    """The text of ``location.json``: a path relative to the folder, or an absolute one from another drive."""
    photos = os.path.abspath(image_root)  # links stay: they are how data folders are moved
    try:
        path = os.path.relpath(photos, folder.resolve())
    except ValueError:
        path = photos
    return json.dumps(dict(image_root=Path(path).as_posix()), indent=1) + '\n'


class _AnyFiles(FrozenBenchmark):
    """Does not refuse missing files, so that all of them can be named."""

    def _require_files(self) -> None:
        pass


def differences(folder: Path, image_root: Path | None, jobs: int | None) -> tuple[FrozenBenchmark, list[str]]:
    """Hash all photos and masks.

    Args:
        folder: The benchmark.
        image_root: Folder of the photos, if not what the benchmark says.
        jobs: Number of threads; None: one a core.

    Returns:
        tuple: The benchmark, and a sentence for each file that is missing, differs, or does not belong to it.

    Raises:
        BenchmarkError: The lists of the benchmark themselves are broken.
    """
    benchmark = _AnyFiles(folder, image_root)
    photos = {sample.image: sample.image_sha256 for sample in benchmark.samples}

    def check_photo(name):
        path = benchmark.image_root / name
        if not path.is_file():
            return f'photo {path}: missing'
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        return None if found == photos[name] else f'photo {path}: another file (sha256 {found[:12]}... instead of ' \
                                                  f'{photos[name][:12]}...)'

    def check_mask(sample):
        path = benchmark.folder / sample.mask
        if not path.is_file():
            return f'mask {path}: missing'
        try:
            benchmark.mask(sample)
        except BenchmarkError:
            return f'mask {path}: broken or another one'

    found = list(shown(in_order(check_photo, photos, jobs), len(photos), 'checking photos'))
    found += shown(in_order(check_mask, benchmark.samples, jobs), len(benchmark.samples), 'checking masks')
    known = {benchmark.folder / sample.mask for sample in benchmark.samples}
    found += [f'{path}: not of the benchmark' for path in sorted((benchmark.folder / MASKS).glob('*'))
              if path not in known]
    return benchmark, [sentence for sentence in found if sentence]
