import copy
import multiprocessing
import pickle

import cv2
import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate
from mmengine.logging import MMLogger
from torch.utils.data import DataLoader

from mmpconv.datasets import InpaintingDataset, UnreadableImageError
from mmpconv.datasets.transforms import LoadImageFromFile
from mmpconv.registry import DATASETS

PIPELINE = [
    dict(type='LoadImageFromFile', key='gt'),
    dict(type='LoadMask', mask_mode='irregular', seed=0,
         mask_config=dict(img_shape=(32, 32), length_range=(5, 12), brush_width=(3, 8))),
    dict(type='Crop', keys=['gt'], crop_size=(64, 64), random_crop=False),
    dict(type='Resize', keys=['gt'], scale=(32, 32), keep_ratio=False),
    dict(type='GetMaskedImage'),
    dict(type='PackInputs'),
]


def dataset(folder, pipeline=PIPELINE, **kwargs):
    return DATASETS.build(dict(type='InpaintingDataset', data_root=str(folder), pipeline=pipeline, **kwargs))


def masks(data, **kwargs):
    loader = DataLoader(data, collate_fn=pseudo_collate, **kwargs)
    samples = [sample for batch in loader for sample in batch['data_samples']]
    return {sample.gt_path: sample.mask.data.numpy() for sample in samples}


@pytest.fixture
def log(monkeypatch, caplog):
    """The messages that go to MMEngine's current logger."""
    monkeypatch.setattr(MMLogger.get_current_instance(), 'handlers', [caplog.handler])
    return lambda: [record.getMessage() for record in caplog.records]


def break_photo(folder, *numbers):
    for number in numbers:
        path = folder / f'{number:02}.jpg'
        content = path.read_bytes()
        path.write_bytes(content[:len(content) // 2] if number % 2 else b'<html>404</html>')


def test_photos_of_a_folder_are_sorted(photos):
    keys = [dataset(photos).get_data_info(i)['key'] for i in range(5)]
    assert keys == ['00', '01', '02', '03', '04']


def test_a_sample_is_what_the_model_takes(photos, photo):
    sample = dataset(photos)[0]
    assert sample['inputs'].shape == (3, 32, 32) and sample['inputs'].dtype == torch.float32
    mask, gt = sample['data_samples'].mask, sample['data_samples'].gt_img
    assert mask.shape == (1, 32, 32) and gt.shape == (3, 32, 32)
    assert torch.equal(sample['inputs'], torch.where(mask.bool(), torch.tensor(127.5), gt.float()))
    centre = cv2.resize(cv2.imread(str(photos / '00.jpg'))[43:107, 80:144], (32, 32))
    assert np.array_equal(gt.permute(1, 2, 0).numpy(), centre)


def test_seeded_masks_do_not_depend_on_workers_batches_and_order(photos):
    data = dataset(photos, test_mode=True)
    reference = masks(data, num_workers=0, batch_size=1)
    torch.manual_seed(0)
    for kwargs in (dict(num_workers=2, batch_size=1), dict(num_workers=2, batch_size=3),
                   dict(num_workers=0, batch_size=4, shuffle=True)):
        others = masks(data, **kwargs)
        assert others.keys() == reference.keys()
        assert all((others[path] == reference[path]).all() for path in reference)


def test_seeded_masks_stay_with_their_photos_when_others_are_left_out(photos):
    reference = masks(dataset(photos, test_mode=True))
    subset = masks(dataset(photos, test_mode=True, indices=[3, 1]))
    break_photo(photos, 0, 2)
    rest = masks(dataset(photos, test_mode=True))
    assert len(rest) == 3 and len(subset) == 2
    assert all((mask == reference[path]).all() for path, mask in [*rest.items(), *subset.items()])


def test_training_goes_on_without_broken_photos(photos, log):
    break_photo(photos, 1, 2)
    data = dataset(photos)
    np.random.seed(0)
    drawn = [data[i]['data_samples'].gt_path[-6:] for i in list(range(5)) * 4]
    assert set(drawn) == {'00.jpg', '03.jpg', '04.jpg'}
    assert [path[-6:] for path in data.unreadable_images()] == ['01.jpg', '02.jpg']
    assert sum('01.jpg: it is cut off' in m for m in log()) == 1
    assert sum('02.jpg: it is no picture of a known format' in m for m in log()) == 1


def test_broken_photos_are_not_read_again(photos, monkeypatch):
    break_photo(photos, 1)
    data = dataset(photos)
    reads = []
    read = LoadImageFromFile._read
    monkeypatch.setattr(LoadImageFromFile, '_read', lambda self, name: reads.append(name) or read(self, name))
    for _ in range(5):
        data[1]
    assert sum(name.endswith('01.jpg') for name in reads) == 1


@pytest.mark.parametrize('method', ['fork', pytest.param('spawn', marks=pytest.mark.slow)])
def test_the_main_process_knows_what_workers_found(photos, method):
    break_photo(photos, 1, 4)
    data = dataset(photos)
    loader = DataLoader(data, num_workers=2 if method == 'fork' else 1, collate_fn=pseudo_collate,
                        multiprocessing_context=multiprocessing.get_context(method))
    assert len(list(loader)) == 5
    assert [path[-6:] for path in data.unreadable_images()] == ['01.jpg', '04.jpg']


def test_datasets_can_be_pickled_and_copied(photos):
    data = dataset(photos)
    for other in (pickle.loads(pickle.dumps(data)), copy.deepcopy(data)):
        assert torch.equal(other[2]['inputs'], data[2]['inputs'])


def test_subsets_report_their_photos(photos):
    break_photo(photos, 3)
    data = dataset(photos).get_subset([4, 3])
    data[1]
    assert [path[-6:] for path in data.unreadable_images()] == ['03.jpg']


@pytest.mark.parametrize('kwargs', [dict(), dict(indices=[1, 2])])
def test_training_stops_when_all_photos_are_broken(photos, kwargs):
    break_photo(photos, *range(5))
    data = dataset(photos, **kwargs)
    with pytest.raises(RuntimeError, match=f'none of the {len(data)} photos in .*photos can be read'):
        data[0]


def test_training_stops_after_a_bounded_number_of_broken_photos(photos):
    break_photo(photos, 0, 1, 2, 3)
    data = dataset(photos, max_refetch=1)
    np.random.seed(1)
    with pytest.raises(RuntimeError, match='2 photos in a row'):
        for _ in range(50):
            data[0]


def test_testing_names_and_leaves_out_broken_photos(photos, log):
    break_photo(photos, 1, 2)
    data = dataset(photos, test_mode=True)
    assert [data[i]['data_samples'].gt_path[-6:] for i in range(len(data))] == ['00.jpg', '03.jpg', '04.jpg']
    assert [path[-6:] for path in data.unreadable_images()] == ['01.jpg', '02.jpg']
    messages = '\n'.join(log())
    assert '01.jpg: it is cut off' in messages
    assert '02.jpg' in messages and '2 of 5 photos' in messages


def test_testing_stops_when_all_photos_are_broken(photos):
    break_photo(photos, *range(5))
    with pytest.raises(RuntimeError, match='none of the 5 photos .* can be read: .*00.jpg'):
        dataset(photos, test_mode=True)


def test_without_the_scan_the_first_broken_photo_raises(photos):
    break_photo(photos, 1)
    data = dataset(photos, test_mode=True, scan_images=False)
    assert len(data) == 5
    data[0]
    with pytest.raises(UnreadableImageError, match='01.jpg'):
        data[1]


def test_a_broken_mask_is_no_broken_photo(photos, tmp_path):
    (tmp_path / 'masks').mkdir()
    for i in range(5):
        (tmp_path / 'masks' / f'{i:02}.png').write_bytes(b'nothing')
    pipeline = [PIPELINE[0], dict(type='LoadMask', mask_mode='file')]
    data = dataset(tmp_path, pipeline, data_prefix=dict(gt='photos', mask='masks'))
    with pytest.raises(ValueError, match='cannot read the mask .*00.png'):
        data[0]
    assert data.unreadable_images() == []


def test_masks_may_be_png_beside_other_photos(photos, tmp_path):
    (tmp_path / 'masks').mkdir()
    expected = np.zeros((5, 32, 32, 1), np.uint8)
    for i in range(5):
        expected[i, i:3 * i + 3] = 1
        cv2.imwrite(str(tmp_path / 'masks' / f'{i:02}.png'), expected[i] * 255)
    pipeline = [PIPELINE[0], dict(type='LoadMask', mask_mode='file'), *PIPELINE[2:-1]]
    data = dataset(tmp_path, pipeline, data_prefix=dict(gt='photos', mask='masks'))
    assert all((data[i]['mask'] == expected[i]).all() for i in range(5))


@pytest.mark.parametrize('test_mode', [True, False])
def test_faults_of_the_layout_are_named(photos, tmp_path, test_mode):
    (tmp_path / 'missing.txt').write_text('00.jpg\ngone.jpg 7\n')
    (tmp_path / 'empty.txt').write_text('\n \n')
    photo_folder = dict(gt='photos')
    for kwargs, error, message in [
        (dict(data_prefix=dict(gt='pictures')), FileNotFoundError, 'no folder .*pictures.*data_prefix'),
        (dict(data_prefix=dict(gt='photos', mask='m')), FileNotFoundError, "no folder .*m, .*'mask'"),
        (dict(data_prefix=photo_folder, ann_file='no.txt'), FileNotFoundError, 'no list of photos .*no.txt'),
        (dict(data_prefix=photo_folder, ann_file='missing.txt'), FileNotFoundError,
         r'gone.jpg \(1 of 2 looked up'),
        (dict(data_prefix=photo_folder, ann_file='empty.txt'), ValueError, 'no photos in .*empty.txt'),
    ]:
        with pytest.raises(error, match=message):
            dataset(tmp_path, test_mode=test_mode, **kwargs)


def test_an_empty_folder_is_named(tmp_path):
    (tmp_path / 'photos').mkdir()
    with pytest.raises(ValueError, match='no photos in .*photos'):
        dataset(tmp_path, data_prefix=dict(gt='photos'))


def test_a_photo_that_vanishes_while_training_counts_as_broken(photos):
    data = dataset(photos)
    (photos / '02.jpg').unlink()
    data[2]
    assert [path[-6:] for path in data.unreadable_images()] == ['02.jpg']


def test_datasets_do_not_share_file_templates(photos):
    dataset(photos, data_prefix=dict(gt='', mask=''))
    assert 'mask' not in InpaintingDataset(data_root=str(photos)).filename_tmpl
