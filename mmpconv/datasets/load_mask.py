"""The transform that gives a sample its hole."""
import os
import os.path as osp

import numpy as np
from mmcv.transforms import BaseTransform
from mmengine import fileio

from mmpconv.photos import UnreadableImageError
from mmpconv.photos.decoding import decode
from mmpconv.photos.folders import PHOTO_SUFFIXES
from mmpconv.registry import TRANSFORMS

from .masks import (
    bbox_mask,
    binarise_mask,
    boxes_mask,
    check_polarity,
    free_form_mask,
    irregular_mask,
    lama_mask,
    occlusion_mask,
    random_bbox,
    resize_mask,
)
from .masks.arguments import image_size

_DRAWN = dict(bbox=random_bbox, irregular=irregular_mask, ff=free_form_mask, occlusion=occlusion_mask, lama=lama_mask,
              boxes=boxes_mask)


class MaskModeError(ValueError, NotImplementedError):
    """There is no such mode. A NotImplementedError too, which is what MMagic's transform raises."""


@TRANSFORMS.register_module()
class LoadMask(BaseTransform):
    """Draw a mask, or read one from a file.

    Modes and their configs are MMagic's (``LoadMask`` there), and three more:

    - ``bbox``, ``irregular``, ``ff``: arguments of :func:`~mmpconv.datasets.masks.random_bbox`,
      :func:`~mmpconv.datasets.masks.irregular_mask`, :func:`~mmpconv.datasets.masks.free_form_mask`.
    - ``occlusion``, ``lama``, ``boxes``: arguments of :func:`~mmpconv.datasets.masks.occlusion_mask` (as the paper's
      masks), :func:`~mmpconv.datasets.masks.lama_mask` (``kind='thin'``, ``'medium'`` or ``'thick'``),
      :func:`~mmpconv.datasets.masks.boxes_mask`.
    - ``set``: a random file of a set: ``prefix`` (folder), ``mask_list_file`` (names relative to it, one a
      line; without it all pictures in the folder), ``img_shape`` (size to which files are brought, nearest
      neighbour; without it they stay as they are), ``io_backend``, ``file_client_kwargs``, ``color_type``.
    - ``file``: the file ``results['mask_path']``; ``img_shape``, ``io_backend``, ``file_client_kwargs``,
      ``color_type`` as above.

    Convention: 1 / white = hole.

    Adds ``mask``, `(h, w, 1)` uint8 in {0, 1}; ``mask_bbox`` (top, left, height, width) in mode ``bbox``;
    ``mask_path`` in mode ``set``.

    Args:
        mask_mode: One of the modes.
        mask_config: Arguments of the mode.
        seed: The mask is then a function of this seed, at least 0, and of ``results['sample_idx']`` alone,
            whatever the number of workers and processes, the batch size and the order. None: a new mask each
            time, drawn from numpy's global state, which MMEngine seeds per worker.
        threshold: Grey level in [0, 255); brighter pixels of a file are hole.
        invert: Holes are black in the files.

    Raises:
        TypeError: ``mask_config`` has an argument that the mode lacks.
        ValueError: Unknown mode, a config that allows no mask, or a file that is all hole.
        FileNotFoundError: There is no such folder or list.
    """

    def __init__(self,
                 mask_mode: str = 'bbox',
                 mask_config: dict | None = None,
                 seed: int | None = None,
                 threshold: float = 127,
                 invert: bool = False):
        if seed is not None and seed < 0:
            raise ValueError(f'seed must be at least 0, or None for new masks each time, got {seed}')
        if not 0 <= threshold < 255:
            raise ValueError(f'threshold must be a grey level in [0, 255), got {threshold}')
        self.mask_mode = mask_mode
        self.mask_config = dict(mask_config or {})
        self.seed, self.threshold, self.invert = seed, threshold, invert
        if mask_mode in _DRAWN:
            # A config that allows no mask is refused here and not in a worker.
            _DRAWN[mask_mode](np.random.default_rng(0), **self.mask_config)
        elif mask_mode == 'set':
            self._read_options(**self.mask_config)
            self.mask_list = self._list_masks(**self.mask_config)
        elif mask_mode == 'file':
            if {'prefix', 'mask_list_file'} & set(self.mask_config):
                raise TypeError("mask_mode='file' reads results['mask_path'] and takes neither prefix nor "
                                "mask_list_file; they are of mask_mode='set'")
            self._read_options(**self.mask_config)
        else:
            raise MaskModeError(f"mask_mode must be one of {[*_DRAWN, 'set', 'file']}, got {mask_mode!r}")

    def _read_options(self, prefix=None, mask_list_file=None, img_shape=None, io_backend='local',
                      color_type='unchanged', file_client_kwargs=None):
        self._img_shape, self._color_type = img_shape, color_type
        self._backend_args = dict(file_client_kwargs or {}, backend=io_backend)

    def _list_masks(self, prefix: str = '', mask_list_file: str = '', **_) -> list[str]:
        if mask_list_file:
            if self._backend_args['backend'] == 'local' and not osp.isfile(mask_list_file):
                raise FileNotFoundError(
                    f'there is no mask list {mask_list_file}; mask_list_file is a text file with the name of '
                    'one mask a line, relative to prefix')
            lines = fileio.list_from_file(mask_list_file, backend_args=self._backend_args)
            paths = [osp.join(prefix, line.strip()) for line in lines if line.strip()]
        elif prefix:
            if not osp.isdir(prefix):
                raise FileNotFoundError(f'there is no folder {prefix}; prefix is the folder of the masks')
            paths = sorted(entry.path for entry in os.scandir(prefix)
                           if entry.name.lower().endswith(PHOTO_SUFFIXES))
        else:
            raise ValueError("mask_mode='set' needs a prefix (folder), a mask_list_file, or both")
        if not paths:
            raise ValueError(f'there are no masks in {mask_list_file or prefix}')
        return paths

    def transform(self, results: dict) -> dict:
        """Add the mask.

        Args:
            results: With ``sample_idx`` if there is a seed, and ``mask_path`` in mode ``file``.

        Returns:
            The same with ``mask``.
        """
        rng = self._rng(results)
        if self.mask_mode == 'bbox':
            results['mask_bbox'] = random_bbox(rng, **self.mask_config)
            results['mask'] = bbox_mask(self.mask_config['img_shape'], results['mask_bbox'])
        elif self.mask_mode in _DRAWN:
            results['mask'] = _DRAWN[self.mask_mode](rng, **self.mask_config)
        else:
            if self.mask_mode == 'set':
                results['mask_path'] = self.mask_list[rng.integers(len(self.mask_list))]
            elif 'mask_path' not in results:
                raise ValueError("mask_mode='file' needs results['mask_path']; give the dataset a folder of "
                                 'masks: data_prefix=dict(gt=..., mask=...)')
            results['mask'] = self._load(results['mask_path'])
        return results

    def _rng(self, results: dict) -> np.random.Generator:
        if self.seed is None:
            return np.random.default_rng(np.random.randint(2**31, size=4))
        if 'sample_idx' not in results:
            raise ValueError(f"LoadMask with seed={self.seed} needs results['sample_idx'], which datasets of "
                             'MMEngine give; set it, or use seed=None')
        return np.random.default_rng([self.seed, results['sample_idx']])

    def _load(self, path: str) -> np.ndarray:
        try:
            picture = decode(fileio.get(path, backend_args=self._backend_args), path, self._color_type)
        except FileNotFoundError:
            raise FileNotFoundError(f'there is no mask file {path}') from None
        except (OSError, UnreadableImageError) as error:
            raise ValueError(f'cannot read the mask {path}: {getattr(error, "reason", error)}') from error
        mask = binarise_mask(picture, self.threshold, self.invert)
        check_polarity(mask, path)
        return mask if self._img_shape is None else resize_mask(mask, image_size(self._img_shape))

    def __repr__(self):
        return (f'{type(self).__name__}(mask_mode={self.mask_mode!r}, mask_config={self.mask_config}, '
                f'seed={self.seed}, threshold={self.threshold}, invert={self.invert})')
