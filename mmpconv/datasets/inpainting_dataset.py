"""Photos of a list or folder as a dataset of inpainting."""
import itertools
import logging
import os.path as osp
import re
from concurrent.futures import ThreadPoolExecutor

import torch
from mmagic.datasets import BasicImageDataset
from mmengine.fileio import LocalBackend, list_from_file
from mmengine.logging import print_log

from mmpconv.errors import LaunchError
from mmpconv.photos import UnreadableImageError
from mmpconv.photos.folders import PHOTO_SUFFIXES
from mmpconv.registry import DATASETS

from .transforms import LoadImageFromFile

_PATH = re.compile(rf'.*?(?:{"|".join(map(re.escape, PHOTO_SUFFIXES))})(?=\s|$)', re.IGNORECASE)


def listed_path(line: str) -> str:
    """The path in a line of a list; what follows it after a space, such as a class or a size, is ignored.

    The path ends with the suffix of a photo, so that it may hold spaces itself: MMagic reads ``my photo.jpg`` as
    ``my``. Where no suffix is known it ends at the first space.

    Returns:
        Relative to the folder of the photos: a leading slash, as in Places365's lists, is not of the root directory.
    """
    line = line.rstrip('\r\n')
    found = _PATH.match(line)
    return (found[0] if found else line.partition(' ')[0]).lstrip('/')


def can_be_listed(path: str) -> bool:
    """True if a line can hold this path, so that :func:`listed_path` reads it."""
    try:
        path.encode()  # names that are no UTF-8 hold surrogates, which no text file takes
    except UnicodeEncodeError:
        return False
    return len(path.splitlines()) == 1 and path == path.strip() and listed_path(path) == path


_CHECKED_ENTRIES = 1000
_NAMED = 20


class MissingPhotosError(LaunchError, FileNotFoundError):
    """The folder, the list, or a listed file is missing."""


class NoPhotosError(LaunchError, ValueError):
    """There are no photos."""


class NoReadablePhotosError(LaunchError, RuntimeError):
    """All photos, or as many as were tried, are broken."""


@DATASETS.register_module()
class InpaintingDataset(BasicImageDataset):
    """MMagic's ``BasicImageDataset`` in a fixed order, which survives broken photos.

    Layouts, lists and arguments are MMagic's; ``sample_idx`` is the photo's place in the list, whatever
    is left out, so that masks seeded by it stay with their photos. Without a list the photos of the
    folder are sorted by name. A folder ``mask`` in ``data_prefix`` may hold PNG files beside photos of
    another format.

    **Broken photos** are those for which :class:`LoadImageFromFile` raises :class:`UnreadableImageError`.

    - Training: the file is named in the log, another photo is drawn, and the file is not read again.
      :meth:`unreadable_images` counts over all DataLoader workers.
    - ``test_mode``: all photos are decoded once in the beginning, in threads; broken ones are named in the
      log and left out.
    - When none can be read, a ``RuntimeError`` says so.

    **Missing files** are a fault of the layout and raise at once. In training about 1000 entries spread over
    the list are looked up; one that is missing all the same counts as broken when it is drawn.

    Args:
        ann_file: List of photos, one a line, relative to ``data_prefix``; what follows the path after a space is
            ignored. Paths may hold spaces.
        data_prefix: Folder of the photos as ``dict(gt=...)``, relative to ``data_root``.
        scan_images: In ``test_mode``, look for broken photos beforehand. Without it the first one raises.
        **kwargs: As ``BasicImageDataset``.

    Raises:
        FileNotFoundError: The folder, the list, or a listed file is missing.
        ValueError: There are no photos in it.
        RuntimeError: All photos are broken.
    """

    def __init__(self, ann_file: str = '', data_prefix: dict = dict(gt=''), scan_images: bool = True, **kwargs):
        self.scan_images = scan_images
        self._left_out = []
        self._is_unreadable = torch.zeros(0, dtype=torch.uint8)
        # MMagic's default for filename_tmpl is one dict that all its datasets write into.
        kwargs.setdefault('filename_tmpl', {})
        super().__init__(ann_file=ann_file, data_prefix=data_prefix, **kwargs)

    def load_data_list(self) -> list[dict]:
        """The entries of the list or of the folder; each knows its place."""
        self._check_layout()
        data_list = super().load_data_list()
        if not data_list:
            raise NoPhotosError(f'there are no photos in {self._source()}')
        for position, info in enumerate(data_list):
            info['position'] = position
            if self._is_local and 'mask_path' in info and not osp.exists(info['mask_path']):
                info['mask_path'] = osp.splitext(info['mask_path'])[0] + '.png'
        self._check_files(data_list)
        # Shared memory: what one worker finds, the main process and the other workers see.
        self._is_unreadable = torch.zeros(len(data_list), dtype=torch.uint8).share_memory_()
        return data_list

    def filter_data(self) -> list[dict]:
        """The entries without those that ``scan_images`` found broken."""
        if not (self.test_mode and self.scan_images):
            return self.data_list
        loader = next((t for t in self.pipeline.transforms
                       if isinstance(t, LoadImageFromFile) and t.key == self.search_key),
                      LoadImageFromFile(key=self.search_key, backend_args=self.backend_args))
        paths = [info[f'{self.search_key}_path'] for info in self.data_list]
        reasons = _why_unreadable(loader, paths)
        broken = {path: reason for path, reason in zip(paths, reasons) if reason}
        for reason in itertools.islice(broken.values(), _NAMED):
            print_log(f'left out: {reason}', logger='current', level=logging.WARNING)
        if len(broken) == len(paths):
            raise NoReadablePhotosError(f'none of the {len(paths)} photos in {self._source()} can be read: '
                               f'{reasons[0]}')
        if broken:
            print_log(f'{len(broken)} of {len(paths)} photos in {self._source()} cannot be read and are left '
                      'out', logger='current', level=logging.WARNING)
        self._left_out = list(broken)
        return [info for info, reason in zip(self.data_list, reasons) if not reason]

    def get_data_info(self, idx: int) -> dict:
        """The entry of a photo; its ``sample_idx`` is its place in the complete list."""
        info = super().get_data_info(idx)
        info['sample_idx'] = info.pop('position')
        return info

    def __getitem__(self, idx: int) -> dict:
        if not self._fully_initialized:
            self.full_init()
        if self.test_mode:
            return super().__getitem__(idx)
        for _ in range(self.max_refetch + 1):
            data = self.prepare_data(idx)
            if data is not None:
                return data
            idx = self._rand_another()
        raise NoReadablePhotosError(f'{self.max_refetch + 1} photos in a row, drawn at random from {self._source()}, '
                           'cannot be read; the log names them')

    def prepare_data(self, idx: int) -> dict | None:
        """A sample; None in training when its photo is broken."""
        info = self.get_data_info(idx)
        if self.test_mode:
            return self.pipeline(info)
        position = info['sample_idx']
        if not self._is_unreadable[position]:
            try:
                return self.pipeline(info)
            except UnreadableImageError as error:
                self._is_unreadable[position] = 1
                print_log(f'{error}; another one is drawn', logger='current', level=logging.WARNING)
        if int(self._is_unreadable.sum()) >= len(self):
            raise NoReadablePhotosError(f'none of the {len(self)} photos in {self._source()} can be read; '
                               'the log names them')
        return None

    @property
    def unreadable_flags(self) -> torch.Tensor:
        """`(length of the list,)` uint8 in shared memory, 1 = found broken while training."""
        return self._is_unreadable

    def unreadable_images(self) -> list[str]:
        """Paths of the photos found broken so far, in this process and its DataLoader workers."""
        found = set(self._is_unreadable.nonzero().flatten().tolist())
        if not found:
            return list(self._left_out)
        # Without a subset an entry's index is its position, and the list need not be searched.
        direct = [self.get_data_info(p) for p in found if p < len(self)]
        if {info['sample_idx'] for info in direct} != found:
            every = map(self.get_data_info, range(len(self)))
            direct = [info for info in every if info['sample_idx'] in found]
        return self._left_out + sorted(info[f'{self.search_key}_path'] for info in direct)

    @property
    def _is_local(self) -> bool:
        return isinstance(self.file_backend, LocalBackend)

    def _source(self) -> str:
        folder = self.data_prefix[self.search_key].rstrip('/') or '.'
        return f'{folder} (list: {self.ann_file})' if self.use_ann_file else folder

    def _get_path_list_from_ann(self) -> list[str]:
        lines = list_from_file(self.ann_file, backend_args=self.backend_args)
        return [listed_path(line).replace('/', osp.sep) for line in lines if line.strip()]

    def _get_path_list_from_folder(self) -> list[str]:
        return sorted(super()._get_path_list_from_folder())

    def _check_layout(self) -> None:
        if not self._is_local:
            return
        settings = f'data_root={self.data_root!r}, data_prefix={self.data_prefix}'
        if self.use_ann_file and not osp.isfile(self.ann_file):
            raise MissingPhotosError(
                f'there is no list of photos {self.ann_file}; ann_file is a text file with one photo a line, '
                f'relative to the folder in data_prefix ({settings})')
        for key, folder in self.data_prefix.items():
            if folder and not osp.isdir(folder):
                raise MissingPhotosError(
                    f'there is no folder {folder}, where data_prefix looks for the files of {key!r}; put or '
                    f'link the data there, or change data_root ({settings})')

    def _check_files(self, data_list: list[dict]) -> None:
        if not self._is_local:
            return
        everything = self.test_mode and self.scan_images
        step = 1 if everything else max(1, len(data_list) // _CHECKED_ENTRIES)
        paths = [info[f'{key}_path'] for info in data_list[::step] for key in self.data_prefix]
        missing = [path for path in paths if not osp.isfile(path)]
        if missing:
            raise MissingPhotosError(
                f'there is no file {missing[0]} ({len(missing)} of {len(paths)} looked up are missing); each '
                f'entry of {self._source()} is a path relative to the folder in data_prefix')


def _why_unreadable(loader: LoadImageFromFile, paths: list[str]) -> list[str | None]:
    """The error of each file that cannot be decoded, None for the others."""

    def reason(path):
        try:
            loader._load_image(path)
        except UnreadableImageError as error:
            return str(error)

    with ThreadPoolExecutor() as threads:
        reasons = []
        for done, found in enumerate(threads.map(reason, paths), 1):
            reasons.append(found)
            if done % 5000 == 0:
                print_log(f'looked for broken photos: {done} of {len(paths)}', logger='current')
    return reasons
