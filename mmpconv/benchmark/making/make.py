"""Making of a benchmark: check everything, then write everything."""
import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmpconv.datasets.benchmark_files import (
    DESCRIPTION,
    FORMAT,
    LOCATION,
    MASKS,
    SAMPLES,
    all_masks_sha256,
    samples_to_csv,
)
from mmpconv.datasets.frozen_benchmark import encode_mask
from mmpconv.errors import LaunchError
from mmpconv.whole_files import whole_folder

from .classes import MaskClass
from .drawn_masks import GENERATORS, draw_mask, require_possible
from .folder import location, require_free
from .mask_files import choose_masks, read_mask, read_masks
from .parallel import map_in_threads
from .photos import Photo, find_pictures, itemised, read_list, read_photos, same_content
from .samples import Source, photo_order, sample_of, window

_MASKS = 3  # second number of the seeds of drawn masks


@dataclass(frozen=True)
class Order:
    """What is to be made, as the command line says."""

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
    jobs: int
    force: bool

    @property
    def name(self) -> str:
        return self.folder.resolve().name

    @property
    def is_drawn(self) -> bool:
        return self.masks in GENERATORS


def make(order: Order) -> list[Photo]:
    """Make a benchmark.

    Returns:
        list[Photo]: The photos that it has.

    Raises:
        LaunchError: Something is not as it should be; then nothing was written.
    """
    require_free(order.folder, order.force)
    if order.is_drawn:
        require_possible(order.classes, order.size)
    elif not Path(order.masks).is_dir():
        raise LaunchError(f'--masks is {order.masks}, which is neither a folder nor one of {", ".join(GENERATORS)}')
    names = find_pictures(order.images, 'photos') if order.list is None else read_list(order.list, order.images)
    _require_apart(order)
    source = _drawn(order) if order.is_drawn else _chosen(order)
    photos = read_photos(order.images, names, order.size, order.jobs)
    doubles = [' = '.join(group) for group in same_content(photos)]
    if doubles:
        warn(f'photos with the same content, each of which is used:{itemised(doubles)}')
    _write(order, photos, source)
    return photos


def warn(sentence: str) -> None:
    """Say something that does not keep the benchmark from being made."""
    print(f'warning: {sentence}', file=sys.stderr, flush=True)


def _require_apart(order: Order) -> None:
    """Check that neither masks nor benchmark would be taken for photos."""
    if order.list is not None:
        return
    root = order.images.resolve()
    for folder, what in ((order.folder, 'OUT'), *([] if order.is_drawn else [(Path(order.masks), '--masks')])):
        if folder.resolve().is_relative_to(root):
            raise LaunchError(f'{what} is {folder}, which lies in the folder of the photos, {order.images}: masks '
                              'would be taken for photos; move it elsewhere, or name the photos with --list')


def _drawn(order: Order) -> Source:
    def mask(number, wanted):
        rng = np.random.default_rng([order.seed, _MASKS, number])
        try:
            return draw_mask(order.masks, rng, wanted, order.size)
        except ValueError as error:
            raise LaunchError(f'{order.masks} cannot fill the class "{wanted}": {error}; change --bins, --size, '
                              '--border or --masks') from error

    for number, wanted in enumerate(order.classes):  # what fails does so before photos are read
        mask(number * order.per_class, wanted)
    return mask


def _chosen(order: Order) -> Source:
    folder = Path(order.masks)
    names = find_pictures(folder, 'masks')
    masks = read_masks(folder, names, order.size, order.invert_masks, order.jobs)
    if len(masks) < len(names):
        warn(f'{len(names) - len(masks)} of {len(names)} masks are the same as others and are left out')
    chosen = choose_masks(masks, order.classes, order.per_class, order.reuse_masks, order.seed)

    def mask(number, wanted):
        file, (down, right) = chosen[number]
        return read_mask(folder / file.name, order.size, order.invert_masks)[::down, ::right]

    return mask


def _write(order: Order, photos: Sequence[Photo], source: Source) -> None:
    wanted = [one for one in order.classes for _ in range(order.per_class)]
    chosen = photo_order(photos, len(wanted), order.seed)
    with whole_folder(order.folder) as unfinished:
        (unfinished / MASKS).mkdir()

        def make_sample(number):
            mask, photo = source(number, wanted[number]), chosen[number]
            box = window(photo.size, order.size, order.crop, order.seed, number)
            sample = sample_of(number, photo, box, mask, wanted[number])
            (unfinished / sample.mask).write_bytes(encode_mask(mask))
            return sample

        samples = map_in_threads(make_sample, range(len(wanted)), order.jobs, 'making masks')
        table = samples_to_csv(samples).encode()
        description = dict(
            format=FORMAT,
            name=order.name,
            seed=order.seed,
            size=order.size,
            settings=dict(
                masks=order.masks if order.is_drawn else 'files', invert_masks=order.invert_masks,
                reuse_masks=order.reuse_masks, per_bin=order.per_class, crop=order.crop,
                border=list(dict.fromkeys(one.kind for one in order.classes))),
            bins=list(dict.fromkeys(one.bin for one in order.classes)),
            counts=dict(samples=len(samples), photos=len({sample.image for sample in samples})),
            samples_sha256=hashlib.sha256(table).hexdigest(),
            masks_sha256=all_masks_sha256(samples))
        (unfinished / SAMPLES).write_bytes(table)
        (unfinished / LOCATION).write_text(location(order.folder, order.images), encoding='utf-8')
        (unfinished / DESCRIPTION).write_bytes((json.dumps(description, indent=1) + '\n').encode())
