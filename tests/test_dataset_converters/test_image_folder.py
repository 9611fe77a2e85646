import pytest
from mmengine.config import Config

from mmpconv.cli import main
from mmpconv.registry import DATASETS


def split(root, *argv):
    main(['prepare-dataset', 'image-folder', str(root), '--force', *argv])
    return [(root / f'{part}.txt').read_text().splitlines() for part in ('train', 'val')]


def test_folders_train_and_val_are_the_split(put, fails):
    root = put('train/a/1.jpg', 'train/2.jpg', 'val/3.jpg', 'test/4.jpg')
    assert split(root) == [['train/2.jpg', 'train/a/1.jpg'], ['val/3.jpg']]
    assert '--val-share' in fails('image-folder', root, '--val-share', 0.5)


def test_a_seed_draws_the_share_and_every_photo_is_in_one_part(put):
    names = sorted(f'{number} x/{number}.jpg' for number in range(40))
    root = put(*names)
    train, val = split(root, '--val-share', '0.25')
    assert len(val) == 10 and sorted(train + val) == names
    assert train == sorted(train) and val == sorted(val)
    assert split(root, '--val-share', '0.25') == [train, val]
    assert split(root, '--val-share', '0.25', '--seed', '1') != [train, val]
    assert len(split(root)[1]) == 4


def test_photos_that_are_added_leave_the_others_where_they_are(put):
    root = put(*(f'{number}.jpg' for number in range(50)))
    _, before = split(root, '--val-share', '0.2')
    put(*(f'more/{number}.jpg' for number in range(50)))
    _, after = split(root, '--val-share', '0.2')
    assert len(set(before) - set(after)) <= 4, 'a new draw would keep two of ten'


@pytest.mark.parametrize('share', [0, 1, -0.1, 2])
def test_a_share_that_leaves_a_part_empty_is_refused(share, put, fails):
    assert 'between 0 and 1' in fails('image-folder', put('a.jpg', 'b.jpg'), '--val-share', share)


def test_one_photo_is_too_few_and_two_are_enough(put, fails):
    assert 'too few' in fails('image-folder', put('a.jpg'))
    assert sorted(map(len, split(put('b.jpg')))) == [1, 1]


def test_jobs_must_be_a_number_of_threads(put, fails):
    assert '--jobs is 0' in fails('image-folder', put('a.jpg', 'b.jpg'), '--jobs', 0)


def test_the_printed_options_make_configs_read_the_lists_names_with_spaces_too(put, capsys):
    root = put('my photos/photo 1.jpg', 'my photos/photo 2.JPG', 'ä/3.jpg')
    split(root)
    options = capsys.readouterr().out.partition('--cfg-options ')[2].split()
    config = Config(dict(train_dataloader=dict(dataset=dict(
        type='InpaintingDataset', data_root='data/photos', data_prefix=dict(gt='train'), pipeline=[], recursive=True))))
    config.merge_from_dict(dict(option.split('=') for option in options if option.startswith('train')))
    dataset = DATASETS.build(config.train_dataloader.dataset)
    listed = (root / 'train.txt').read_text().splitlines()
    assert [dataset.get_data_info(index)['gt_path'] for index in range(2)] == [str(root / path) for path in listed]
