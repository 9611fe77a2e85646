"""Frozen benchmarks: photos with holes as files, read and checked, and as a dataset."""
import hashlib
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from mmagic.datasets.transforms import PackInputs
from mmengine.dataset import BaseDataset

from mmpconv.photos import MAX_PIXELS, UnreadableImageError
from mmpconv.photos.decoding import decode
from mmpconv.registry import DATASETS

from .benchmark_files import (
    DESCRIPTION,
    FORMAT,
    LOCATION,
    NO_NAME,
    SAMPLES,
    BenchmarkError,
    BenchmarkSample,
    all_masks_sha256,
    cut_out,
    is_name,
    is_sha256,
    mask_sha256,
    read_photo,
    samples_from_csv,
)
from .transforms import GetMaskedImage

_LARGEST = 2**20
_NUMBER = r'\d{1,3}(\.\d{1,20})?(e-\d{1,3})?'
_BIN = re.compile(f'{_NUMBER}-{_NUMBER}')


class FrozenBenchmark:
    """Samples of a benchmark that ``tools/make_benchmark.py`` wrote.

    Photos and masks are hashed whenever they are loaded: what was replaced since is found, never scored. A benchmark
    may come from anybody: names and paths in it that lead out of its folder, or that of the photos, are refused.

    Args:
        folder: The benchmark.
        image_root: Folder of the photos. Default: what ``location.json`` says.

    Attributes:
        name: As it was made.
        size: ``(h, w)`` of all samples, in pixels.
        bins: Hole-ratio bins, ascending, such as ``0.1-0.2``.
        samples: All of them, in their order.
        folder: As given.
        image_root: Folder of the photos.
        sha256: Fingerprint: hash of ``benchmark.json``, which has the hashes of all else. Equal benchmarks are equal
            in it on every machine.

    Raises:
        BenchmarkError: The folder is no benchmark, was changed, or photos or masks are missing.
    """

    def __init__(self, folder: str | Path, image_root: str | Path | None = None):
        self.folder = Path(folder)
        description = self._read_description()
        self.name: str = description['name']
        self.size: tuple[int, int] = tuple(description['size'])
        self.bins: list[str] = description['bins']
        self.samples: list[BenchmarkSample] = self._read_samples(description)
        self.image_root = self._locate(image_root)
        self._require_files()

    def image(self, sample: BenchmarkSample) -> np.ndarray:
        """The window of a sample's photo: ``(h, w, 3)`` uint8 BGR, upright.

        Raises:
            UnreadableImageError: It cannot be read.
            BenchmarkError: It is not the photo that the benchmark was made with.
        """
        path = self.image_root / sample.image
        photo, found = read_photo(path)
        if found != sample.image_sha256:
            raise BenchmarkError(f'the photo {path} is not the one that {self.folder} was made with: its sha256 is '
                                 f'{found[:12]}... instead of {sample.image_sha256[:12]}...; put the original back, or '
                                 'make the benchmark anew')
        top, left, height, width = sample.box
        if top + height > photo.shape[0] or left + width > photo.shape[1]:
            raise BenchmarkError(f'the window {sample.box} of sample {sample.id} is not inside its photo {path}, which '
                                 f'is {photo.shape[0]} x {photo.shape[1]}; make the benchmark anew')
        return cut_out(photo, sample.box, self.size)

    def mask(self, sample: BenchmarkSample) -> np.ndarray:
        """The hole of a sample: ``(h, w, 1)`` uint8, 1 = hole.

        Raises:
            BenchmarkError: It is not the mask that the benchmark was made with.
        """
        path = self.folder / sample.mask
        try:
            picture = decode(path.read_bytes(), str(path), 'grayscale', max_pixels=self.size[0] * self.size[1])
        except (UnreadableImageError, OSError) as error:
            reason = getattr(error, 'reason', error)
            raise BenchmarkError(f'the mask {path} cannot be read: {reason}; make the benchmark anew') from None
        mask = (picture > 127).astype(np.uint8)[..., None]
        if mask.shape[:2] != self.size or mask_sha256(mask) != sample.mask_sha256:
            raise BenchmarkError(f'the mask {path} is not the one that {self.folder} was made with; make the benchmark '
                                 'anew')
        return mask

    def _read_description(self) -> dict:
        path = self.folder / DESCRIPTION
        if not path.is_file():
            raise BenchmarkError(f'{self.folder} is no benchmark: there is no file {path}; make one with '
                                 'tools/make_benchmark.py')
        content = _beginning(path)
        self.sha256: str = hashlib.sha256(content).hexdigest()
        try:
            description = json.loads(content)
            version = description['format']
        except (ValueError, KeyError, TypeError, RecursionError):
            raise BenchmarkError(f'{path} is not the description of a benchmark; make the benchmark anew') from None
        if version != FORMAT or type(version) is not int:
            raise BenchmarkError(f'{path} has format {version!r}, and this version reads format {FORMAT}; update the '
                                 'package, or make the benchmark anew')
        missing = {'name', 'size', 'bins', 'samples_sha256', 'masks_sha256'} - description.keys()
        if missing:
            raise BenchmarkError(f'{path} has no entry {min(missing)!r}; make the benchmark anew')
        wrong = _wrong(description)
        if wrong:
            raise BenchmarkError(f'{path} is not the description of a benchmark: {wrong}; make the benchmark anew')
        return description

    def _read_samples(self, description: dict) -> list[BenchmarkSample]:
        path = self.folder / SAMPLES
        content = path.read_bytes() if path.is_file() else b''
        if hashlib.sha256(content).hexdigest() != description['samples_sha256']:
            raise BenchmarkError(f'{path} is missing or was changed since the benchmark was made; put the original '
                                 'back, or make the benchmark anew')
        try:
            samples = samples_from_csv(content.decode())
        except UnicodeDecodeError:
            raise BenchmarkError(f'{path} is no UTF-8 text; make the benchmark anew') from None
        if not samples:
            raise BenchmarkError(f'{path} has no sample; make the benchmark anew')
        strange = next((sample for sample in samples if sample.bin not in description['bins']), None)
        if strange:
            raise BenchmarkError(f'sample {strange.id} of {path} has the bin {strange.bin[:50]!r}, which is not one of '
                                 f'{self.folder / DESCRIPTION}; make the benchmark anew')
        if all_masks_sha256(samples) != description['masks_sha256']:
            raise BenchmarkError(f'{path} does not belong to {self.folder / DESCRIPTION}; make the benchmark anew')
        return samples

    def _locate(self, image_root: str | Path | None) -> Path:
        if image_root is not None:
            root, origin = Path(image_root), 'image_root'
        else:
            path = self.folder / LOCATION
            try:
                # Joining keeps an absolute path as it is.
                root, origin = self.folder / json.loads(_beginning(path))['image_root'], str(path)
                root.is_dir()
            except (OSError, ValueError, KeyError, TypeError, RecursionError):
                raise BenchmarkError(f'{path}, which says where the photos are, is missing or broken; give '
                                     'image_root=FOLDER') from None
        if not root.is_dir():
            raise BenchmarkError(f'there is no folder {root}, where {origin} looks for the photos of {self.folder}; '
                                 'give image_root=FOLDER')
        return root

    def _require_files(self) -> None:
        paths = [path for sample in self.samples
                 for path in (self.folder / sample.mask, self.image_root / sample.image)]
        missing = [path for path in dict.fromkeys(paths) if not path.is_file()]
        if missing:
            raise BenchmarkError(f'{len(missing)} files of the benchmark {self.folder} are missing, the first is '
                                 f'{missing[0]}; photos are looked for in {self.image_root}, which image_root=FOLDER '
                                 'changes')


def _beginning(path: Path) -> bytes:
    """The content of a small file; of a large one too much to be one, but no more."""
    with path.open('rb') as file:
        return file.read(_LARGEST)


def _wrong(description: dict) -> str | None:
    """The fault of a description, as a part of a sentence; None without."""
    name, size, bins = (description[key] for key in ('name', 'size', 'bins'))
    if not is_name(name):
        return f'name is {str(name)[:100]!r}, but {NO_NAME}'
    sides = size if isinstance(size, list) and len(size) == 2 else [None]
    if not all(type(side) is int and side >= 1 for side in sides) or sides[0] * sides[1] > MAX_PIXELS:
        return f'size is {str(size)[:100]}, but must be height and width, of at most {MAX_PIXELS} pixels'
    if not isinstance(bins, list) or not all(isinstance(bin, str) and _BIN.fullmatch(bin) for bin in bins):
        return f"bins is {str(bins)[:100]}, but must be a list of such as '0.1-0.2'"
    return next((f'{key} is {str(description[key])[:100]!r}, but must be 64 hexadecimal digits'
                 for key in ('samples_sha256', 'masks_sha256') if not is_sha256(description[key])), None)


@DATASETS.register_module()
class InpaintingBenchmark(BaseDataset):
    """Photos and masks of a :class:`FrozenBenchmark`, for ``val_dataloader`` and ``test_dataloader``.

    One entry makes any inpainting config run on a benchmark::

        test_dataloader = dict(dataset=dict(
            _delete_=True, type='InpaintingBenchmark', benchmark='data/benchmarks/NAME'))

    Nothing is drawn at random, and no broken or replaced photo is left out: it raises.

    Args:
        benchmark: The folder.
        image_root: Folder of the photos, if not what the benchmark's ``location.json`` says.
        pipeline: Transforms of samples that have ``gt`` (`(h, w, 3)` uint8 BGR), ``mask`` (`(h, w, 1)` uint8,
            1 = hole), ``gt_path``, ``mask_path``, ``sample_idx``, ``benchmark_id``, and about the photo what
            ``LoadImageFromFile`` says. Default: what inpaintors take.
        test_mode: As ``BaseDataset``.
        **kwargs: As ``BaseDataset``.

    Raises:
        BenchmarkError: As :class:`FrozenBenchmark`.
    """

    METAINFO = dict(dataset_type='inpainting_benchmark', task_name='inpainting')

    def __init__(self, benchmark: str, image_root: str | None = None,
                 pipeline: Sequence[dict | Callable] | None = None, test_mode: bool = True, **kwargs):
        self.benchmark = FrozenBenchmark(benchmark, image_root)
        if pipeline is None:
            pipeline = [GetMaskedImage(), PackInputs(meta_keys=['benchmark_id', 'mask_path'])]
        super().__init__(pipeline=pipeline, test_mode=test_mode, **kwargs)

    def load_data_list(self) -> list[dict]:
        """The samples; each is what the benchmark says of it."""
        return [dict(sample=sample) for sample in self.benchmark.samples]

    def get_data_info(self, idx: int) -> dict:
        """A sample with photo and mask."""
        info = super().get_data_info(idx)
        sample = info.pop('sample')
        gt = self.benchmark.image(sample)
        return dict(
            gt=gt,
            mask=self.benchmark.mask(sample),
            gt_path=str(self.benchmark.image_root / sample.image),
            mask_path=str(self.benchmark.folder / sample.mask),
            benchmark_id=sample.id,
            ori_gt_shape=gt.shape,
            gt_channel_order='bgr',
            gt_color_type='color',
            **info)
