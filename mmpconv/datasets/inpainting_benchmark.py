"""A frozen benchmark as a dataset of any config."""
from collections.abc import Callable, Sequence

from mmagic.datasets.transforms import PackInputs
from mmengine.dataset import BaseDataset

from mmpconv.registry import DATASETS

from .frozen_benchmark import FrozenBenchmark
from .transforms import GetMaskedImage


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

    def __init__(self,
                 benchmark: str,
                 image_root: str | None = None,
                 pipeline: Sequence[dict | Callable] | None = None,
                 test_mode: bool = True,
                 **kwargs):
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
