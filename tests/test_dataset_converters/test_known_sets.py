"""Places365, COCO and CelebA-HQ, with fewer photos than they have."""
import pytest

from mmpconv.cli import main
from mmpconv.dataset_converters import celeba_hq, published

TRAINING = ['a/airfield/00000001.jpg', 'a/airfield/00000002.jpg', 'z/zoo/indoor/00000003.jpg']
OFFICIAL = ''.join(f'/{path} {number}\n' for number, path in enumerate(TRAINING))
VALIDATION = ['Places365_val_00000001.jpg', 'Places365_val_00000002.jpg']


@pytest.fixture(autouse=True)
def small_sets(monkeypatch):
    monkeypatch.setattr(published, 'PLACES_PHOTOS', {'standard': 3, 'challenge': 3, 'val': 2})
    monkeypatch.setattr(published, 'COCO_PHOTOS', {'train2017': 3, 'val2017': 2})
    monkeypatch.setattr(celeba_hq, 'PHOTOS', 10)
    monkeypatch.setattr(celeba_hq, 'VALIDATION_PHOTOS', 2)


@pytest.fixture
def places(put):
    def places(training='data_large', validation='val_large'):
        put(*(f'{training}/{path}' for path in TRAINING))
        return put(*(f'{validation}/{path}' for path in VALIDATION))
    return places


def text(path):
    return path.read_text(encoding='utf-8')


@pytest.mark.parametrize('place', ['meta', '.', 'filelist_places365-challenge'])
def test_places_official_lists_are_taken_with_their_classes(places, place):
    root = places()
    (root / place).mkdir(exist_ok=True)
    (root / place / 'places365_train_challenge.txt').write_text(OFFICIAL)
    main(['prepare-dataset', 'places365', str(root)])
    assert text(root / 'meta/places365_train_challenge.txt') == OFFICIAL
    assert text(root / 'meta/places365_val.txt').splitlines() == VALIDATION


@pytest.mark.parametrize('training, validation, variant', [
    ('data_large_standard', 'val_large', 'standard'), ('data_256_challenge', 'val_256', 'challenge')])
def test_places_without_official_lists_are_listed_and_the_configs_are_told(places, training, validation, variant,
                                                                           capsys):
    root = places(training, validation)
    main(['prepare-dataset', 'places365', str(root)])
    assert text(root / f'meta/places365_train_{variant}.txt').splitlines() == TRAINING
    said = capsys.readouterr().out
    assert f'train_dataloader.dataset.data_prefix.gt={training}' in said
    assert ('train_dataloader.dataset.ann_file=meta/places365_train_standard.txt' in said) == (variant == 'standard')
    assert (f'test_dataloader.dataset.data_prefix.gt={validation}' in said) == (validation != 'val_large')
    assert f'val_dataloader.dataset.data_root={root}' in said


def test_places_has_to_be_told_the_variant_where_nothing_tells(places, fails):
    root = places()
    assert '--variant' in fails('places365', root)
    main(['prepare-dataset', 'places365', str(root), '--variant', 'standard', '--split', 'train'])
    assert [path.name for path in (root / 'meta').iterdir()] == ['places365_train_standard.txt']


def test_of_two_sizes_the_large_photos_are_taken_unless_told(places, capsys):
    places('data_256', 'val_256')
    root = places()
    main(['prepare-dataset', 'places365', str(root), '--variant', 'standard'])
    assert 'data_256' not in capsys.readouterr().out
    main(['prepare-dataset', 'places365', str(root), '--variant', 'standard', '--size', '256'])
    assert 'data_prefix.gt=data_256' in capsys.readouterr().out


def test_missing_places_are_counted_and_named_before_anything_is_written(places, fails):
    root = places()
    (root / 'places365_train_standard.txt').write_text(OFFICIAL)
    (root / 'data_large' / TRAINING[1]).unlink()
    message = fails('places365', root)
    assert f'1 photos of {root}/places365_train_standard.txt are not in {root}/data_large' in message
    assert TRAINING[1] in message and 'places2.csail.mit.edu' in message and not (root / 'meta').exists()
    main(['prepare-dataset', 'places365', str(root), '--subset'])
    written = root / 'meta/places365_train_standard.txt'
    assert text(written) == ''.join(line for line in OFFICIAL.splitlines(True) if TRAINING[1] not in line)
    # What was written for a subset is not taken for the official list later.
    (root / 'places365_train_standard.txt').unlink()
    (root / 'data_large' / TRAINING[1]).write_bytes(b'1')
    main(['prepare-dataset', 'places365', str(root), '--force'])
    assert text(written).splitlines() == TRAINING


def test_broken_places_lose_their_lines_in_the_official_list_only_by_force(places, fails):
    root = places()
    (root / 'meta').mkdir()
    (root / 'meta/places365_train_challenge.txt').write_text(OFFICIAL)
    (root / 'data_large' / TRAINING[0]).write_bytes(b'')
    assert '--force' in fails('places365', root, '--verify')
    assert text(root / 'meta/places365_train_challenge.txt') == OFFICIAL
    assert '1 of the photos' in fails('places365', root, '--verify', '--force', '--jobs', 2)
    assert text(root / 'meta/places365_train_challenge.txt') == OFFICIAL.partition('\n')[2]


@pytest.mark.parametrize('name, what', [('places365', 'Places365'), ('coco', 'COCO'), ('celeba-hq', 'CelebA')])
def test_an_absent_data_set_is_told_with_what_is_there_and_where_to_get_it(name, what, put, fails):
    message = fails(name, put('near/1.jpg') / 'far')
    assert what in message and 'far' in message and 'it holds near' in message and 'get it' in message


def test_coco_is_listed_when_it_is_complete(put, fails):
    put('train2017/3.jpg', 'train2017/1.jpg', 'val2017/1.jpg')
    root = put('train2017/2.jpg')
    message = fails('coco', root)
    assert f'there are 1 photos in {root}/val2017, but the data set has 2: 1 are missing' in message
    put('val2017/0.jpg')
    main(['prepare-dataset', 'coco', str(root)])
    assert text(root / 'meta/train2017.txt') == '1.jpg\n2.jpg\n3.jpg\n'
    assert text(root / 'meta/val2017.txt') == '0.jpg\n1.jpg\n'
    put('val2017/copy of 1.jpg')
    assert '1 do not belong to it' in fails('coco', root, '--split', 'val')


def celeba_lists(root):
    return {part: text(root / f'{part}_celeba_img_list.txt').split('\n')[:-1] for part in ('train', 'val', 'test')
            if (root / f'{part}_celeba_img_list.txt').exists()}


def test_celeba_keeps_its_last_photos_by_number_for_validation(put):
    root = put(*(f'{number}.jpg' for number in range(1, 11)))
    main(['prepare-dataset', 'celeba-hq', str(root)])
    parts = celeba_lists(root)
    assert parts == {'train': [f'{number}.jpg' for number in range(1, 9)], 'val': ['10.jpg', '9.jpg']}


@pytest.mark.parametrize('first', [0, 1])
def test_celeba_is_split_as_celeba_with_the_mapping(put, first):
    root = put(*(f'CelebA-HQ-img/{number}.jpg' for number in range(first, first + 10)), 'mask-anno/0/00000_hair.png')
    borders = [1, 162769, 162770, 162771, 5, 182637, 182638, 202599, 7, 8]
    (root / celeba_hq.MAPPING).write_text('idx         orig_idx    orig_file \n' + ''.join(
        f'{index:<12}{number - 1:<12}{number:06}.jpg\n' for index, number in enumerate(borders)))
    main(['prepare-dataset', 'celeba-hq', str(root)])
    expected = {'train': [0, 1, 2, 4, 8, 9], 'val': [3, 5], 'test': [6, 7]}
    assert {part: sorted(int(path[len('CelebA-HQ-img/'):-4]) - first for path in paths)
            for part, paths in celeba_lists(root).items()} == expected


def test_celeba_is_split_as_its_folders_are(put):
    root = put(*(f'train_256/{number}.png' for number in range(7)), *(f'test_256/{number}.png' for number in range(3)))
    main(['prepare-dataset', 'celeba-hq', str(root)])
    assert celeba_lists(root) == {'train': [f'train_256/{number}.png' for number in range(7)],
                                  'val': [f'test_256/{number}.png' for number in range(3)]}


def test_celeba_with_numbers_that_fit_no_mapping_is_refused(put, fails):
    root = put(*(f'{number}.jpg' for number in range(2, 9)))
    (root / celeba_hq.MAPPING).write_text('idx orig_idx orig_file\n0 3 000004.jpg\n')
    assert 'there are 7 photos' in fails('celeba-hq', root)
    assert 'from 0 or from 1' in fails('celeba-hq', root, '--subset')
    put('0.jpg')
    assert 'has no photo 2' in fails('celeba-hq', root, '--subset')
    (root / celeba_hq.MAPPING).write_text('<html>')
    assert 'has no rows' in fails('celeba-hq', root, '--subset')
