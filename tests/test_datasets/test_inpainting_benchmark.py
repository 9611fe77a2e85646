import json
from pathlib import Path

import numpy as np
import pytest
import torch
from benchmark_folders import write_benchmark, write_photos
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from torch.utils.data import DataLoader

from mmpconv.cli import main
from mmpconv.datasets import BenchmarkError, InpaintingBenchmark
from mmpconv.registry import DATASETS, MODELS

CONFIG = Path(__file__).parents[2] / 'configs/partial_conv/pconv_demo_1xb8_photos-128x128.py'
BOXES = [(10, 20, 64, 96), (7, 9, 64, 64), (0, 0, 80, 80), (0, 40, 70, 70), (30, 50, 64, 64)]


@pytest.fixture
def folder(tmp_path, photo):
    """Five samples of 64 x 64."""
    plain, upright = write_photos(tmp_path / 'photos', photo)
    write_benchmark(tmp_path / 'benchmark', [plain, upright, plain, upright, plain], BOXES, size=(64, 64))
    return tmp_path / 'benchmark'


def build(folder, **kwargs):
    return DATASETS.build(dict(type='InpaintingBenchmark', benchmark=str(folder), **kwargs))


def test_a_sample_is_what_the_model_takes(folder):
    data = build(folder)
    assert len(data) == 5
    for i in range(5):
        item, benchmark = data[i], data.benchmark
        sample = item['data_samples']
        photo = torch.from_numpy(benchmark.image(benchmark.samples[i])).permute(2, 0, 1)
        mask = torch.from_numpy(benchmark.mask(benchmark.samples[i])).permute(2, 0, 1)
        assert torch.equal(sample.gt_img, photo) and torch.equal(sample.mask.to(torch.uint8), mask)
        assert torch.equal(item['inputs'], torch.where(mask > 0, torch.tensor(127.5), photo.float()))
        assert sample.benchmark_id == f'{i:05}' and sample.sample_idx == i
        assert sample.gt_path.endswith(('plain.png', 'upright.jpg')[i % 2])
        assert sample.mask_path.endswith(f'{i:05}.png')


def test_a_pipeline_of_ones_own_gets_the_sample(folder):
    data = build(folder, pipeline=[dict(type='GetMaskedImage', zero_value=0), dict(type='PackInputs')])
    sample = data[1]
    assert (sample['inputs'][:, sample['data_samples'].mask[0] > 0] == 0).all()
    results = build(folder, pipeline=[])[2]
    assert results['gt'].shape == (64, 64, 3) and results['mask'].shape == (64, 64, 1)
    assert results['sample_idx'] == 2 and results['benchmark_id'] == '00002'


def test_subsets_keep_the_names_of_their_samples(folder):
    assert [item['data_samples'].benchmark_id for item in build(folder, indices=[3, 1])] == ['00003', '00001']


def test_samples_do_not_depend_on_workers_and_batches(folder):
    data = build(folder)

    def inputs(**kwargs):
        return torch.stack([x for batch in DataLoader(data, collate_fn=pseudo_collate, **kwargs)
                            for x in batch['inputs']])

    reference = inputs(num_workers=0)
    assert torch.equal(inputs(num_workers=2, batch_size=2), reference)


def test_photos_may_lie_elsewhere(folder, tmp_path):
    (tmp_path / 'photos').rename(tmp_path / 'moved')
    assert len(build(folder, image_root=str(tmp_path / 'moved'))) == 5
    with pytest.raises(BenchmarkError, match='there is no folder'):
        build(folder)


def test_a_replaced_photo_stops_the_test_and_is_not_skipped(folder):
    data = build(folder)
    path = folder.parent / 'photos/plain.png'
    path.write_bytes(path.read_bytes() + b'0')
    data[1]
    with pytest.raises(BenchmarkError, match='plain.png is not the one'):
        data[0]


def test_a_missing_benchmark_is_named(tmp_path):
    with pytest.raises(BenchmarkError, match='nowhere is no benchmark'):
        InpaintingBenchmark(str(tmp_path / 'nowhere'))


@pytest.fixture
def tested(folder, tmp_path):
    """Test the model of `make demo`, narrow and untrained, with one dataset entry; returns the metrics."""
    config = tmp_path / 'config.py'
    config.write_text(f'_base_ = [{str(CONFIG)!r}]\n'
                      'model = dict(encdec=dict(encoder=dict(width=4), decoder=dict(width=4)))\n'
                      'test_dataloader = dict(dataset=dict(_delete_=True, type="InpaintingBenchmark", '
                      f'benchmark={str(folder)!r}))\n')
    torch.manual_seed(0)
    model = MODELS.build(Config.fromfile(config).model)
    torch.save(dict(state_dict=model.state_dict(), meta={}), tmp_path / 'model.pth')

    def run(workers, batch):
        out = tmp_path / f'metrics-{workers}-{batch}.json'
        main(['test', str(config), str(tmp_path / 'model.pth'), '--work-dir', str(tmp_path / 'work'), '--out', str(out),
                     '--cfg-options', f'test_dataloader.num_workers={workers}',
                     f'test_dataloader.batch_size={batch}', f'experiment_name=run{workers}{batch}'])
        return json.loads(out.read_text())

    return run


def test_one_entry_in_a_config_tests_on_a_benchmark_with_the_same_numbers_always(tested):
    reference = tested(workers=0, batch=1)
    assert reference['PSNR'] > 5 and 0 < reference['SSIM'] < 1 and reference['MAE'] > 0
    for workers, batch in ((2, 1), (0, 4)):
        other = tested(workers, batch)
        assert other.keys() == reference.keys()
        assert all(np.isclose(other[name], reference[name], rtol=1e-5) for name in reference)
