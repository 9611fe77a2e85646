from pathlib import Path

import cv2
import numpy as np
import pytest
from mmagic.datasets.transforms import LoadMask as MMagicLoadMask

from mmpconv.datasets import LoadMask
from mmpconv.registry import TRANSFORMS

DRAWN = dict(
    bbox=dict(img_shape=(64, 80), max_bbox_shape=32, max_bbox_delta=8, min_margin=4),
    irregular=dict(img_shape=[64, 80], num_vertices=[4, 8], max_angle=4., length_range=[10, 30],
                   brush_width=[4, 10], area_ratio_range=[0.15, 0.5]),
    ff=dict(img_shape=(64, 80), num_vertices=(4, 12), mean_angle=1.2, angle_range=0.4, brush_width=(4, 12)))


@pytest.fixture
def mask_set(tmp_path):
    folder = tmp_path / 'masks'
    folder.mkdir()
    for i in range(6):
        mask = np.zeros((60, 60), np.uint8)
        mask[5:15 + 5 * i, 10:20] = 255
        cv2.imwrite(str(folder / f'{i:03}.png'), mask)
    (folder / 'readme.txt').write_text('no mask')
    return folder


@pytest.mark.parametrize('mode', DRAWN)
def test_every_drawn_mode_gives_a_binary_mask(mode):
    results = TRANSFORMS.build(dict(type='LoadMask', mask_mode=mode, mask_config=DRAWN[mode]))({})
    mask = results['mask']
    assert mask.dtype == np.uint8 and mask.shape == (64, 80, 1) and set(np.unique(mask)) == {0, 1}
    if mode == 'bbox':
        top, left, height, width = results['mask_bbox']
        assert mask[top:top + height, left:left + width].all() and mask.sum() == height * width


@pytest.mark.parametrize('mode', DRAWN)
def test_a_seeded_mask_depends_on_the_sample_alone(mode):
    def masks(order, seed=3):
        transform = LoadMask(mode, DRAWN[mode], seed=seed)
        return {i: transform(dict(sample_idx=i))['mask'] for i in order}

    np.random.seed(0)
    forward = masks(range(5))
    np.random.seed(1)
    backward = masks([4, 1, 3, 2, 0])
    assert all((forward[i] == backward[i]).all() for i in forward)
    assert any((forward[0] != forward[i]).any() for i in range(1, 5))
    assert any((forward[i] != mask).any() for i, mask in masks(range(5), seed=4).items())


def test_masks_without_a_seed_follow_numpys_global_state():
    transform = LoadMask('irregular', DRAWN['irregular'])
    np.random.seed(0)
    first, second = (transform({})['mask'] for _ in range(2))
    np.random.seed(0)
    again = transform({})['mask']
    assert (first == again).all() and (first != second).any()


def test_a_seed_without_a_sample_index_is_refused():
    with pytest.raises(ValueError, match="results\\['sample_idx'\\]"):
        LoadMask('bbox', DRAWN['bbox'], seed=0)({})


def test_a_set_needs_no_list(mask_set):
    transform = LoadMask('set', dict(prefix=str(mask_set)), seed=0)
    assert [Path(p).name for p in transform.mask_list] == [f'{i:03}.png' for i in range(6)]
    drawn = [transform(dict(sample_idx=i)) for i in range(60)]
    assert {Path(r['mask_path']).name for r in drawn} == {f'{i:03}.png' for i in range(6)}
    for results in drawn[:6]:
        assert (results['mask'][..., 0] * 255 == cv2.imread(results['mask_path'], cv2.IMREAD_UNCHANGED)).all()


def test_a_set_with_mmagics_config(mask_set, tmp_path):
    (tmp_path / 'list.txt').write_text('001.png\n\n004.png\n')
    config = dict(mask_list_file=str(tmp_path / 'list.txt'), prefix=str(mask_set), io_backend='local',
                  color_type='unchanged', file_client_kwargs=dict())
    ours, theirs = LoadMask('set', config), MMagicLoadMask('set', dict(config))
    assert ours.mask_list == [p for p in theirs.mask_list if p.endswith('.png')]
    path = ours.mask_list[1]
    assert (LoadMask('file')(dict(mask_path=path))['mask'] ==
            MMagicLoadMask('file')(dict(mask_path=path))['mask']).all()


def test_jpeg_noise_is_no_hole(tmp_path):
    mask = np.zeros((64, 64), np.uint8)
    cv2.circle(mask, (32, 32), 15, 255, -1)
    path = str(tmp_path / 'mask.jpg')
    cv2.imwrite(path, mask, [cv2.IMWRITE_JPEG_QUALITY, 60])
    assert MMagicLoadMask('file')(dict(mask_path=path))['mask'].sum() > 1.1 * (mask > 0).sum()
    assert (LoadMask('file')(dict(mask_path=path))['mask'][..., 0] == mask // 255).mean() > 0.995


def test_files_are_resized_on_request(mask_set):
    path = str(mask_set / '002.png')
    assert LoadMask('file')(dict(mask_path=path))['mask'].shape == (60, 60, 1)
    half = LoadMask('file', dict(img_shape=(30, 30)))(dict(mask_path=path))['mask']
    assert half.shape == (30, 30, 1) and set(np.unique(half)) == {0, 1}
    assert half.mean() == pytest.approx(10 * 20 / 60**2, rel=0.2)


def test_convention_black_holes_need_invert(mask_set):
    path = str(mask_set / '002.png')
    white, black = (LoadMask('file', invert=i)(dict(mask_path=path))['mask'] for i in (False, True))
    assert (white == 1 - black).all() and white.mean() < 0.5


def test_an_all_hole_file_is_refused_by_name(tmp_path):
    cv2.imwrite(str(tmp_path / 'white.png'), np.full((8, 8), 255, np.uint8))
    with pytest.raises(ValueError, match='white.png is all hole.*invert=True'):
        LoadMask('file')(dict(mask_path=str(tmp_path / 'white.png')))


@pytest.mark.parametrize('content', [b'', b'nothing'])
def test_a_broken_file_is_named(tmp_path, content):
    (tmp_path / 'broken.png').write_bytes(content)
    with pytest.raises(ValueError, match='cannot read the mask .*broken.png'):
        LoadMask('file')(dict(mask_path=str(tmp_path / 'broken.png')))


@pytest.mark.parametrize('args, error, message', [
    (dict(mask_mode='circle'), ValueError, "one of .*'circle'"),
    (dict(mask_mode='set'), ValueError, 'needs a prefix'),
    (dict(mask_mode='set', mask_config=dict(prefix='/no/folder')), FileNotFoundError, '/no/folder'),
    (dict(mask_mode='set', mask_config=dict(mask_list_file='/no/list')), FileNotFoundError, '/no/list'),
    (dict(mask_mode='set', mask_config=dict(folder='x')), TypeError, 'folder'),
    (dict(mask_mode='file', mask_config=dict(prefix='x')), TypeError, 'neither prefix'),
    (dict(mask_mode='irregular', mask_config=dict(img_shape=(64, 64), colour=1)), TypeError, 'colour'),
    (dict(mask_mode='ff', mask_config=dict(img_shape=(64, 64), area_ratio_range=(0.6, 0.5))), ValueError,
     'min <= max'),
    (dict(mask_mode='file', threshold=255), ValueError, 'threshold'),
    (dict(mask_mode='file', seed=-1), ValueError, 'seed'),
])
def test_wrong_settings_are_refused_when_built(args, error, message):
    with pytest.raises(error, match=message):
        LoadMask(**args)


def test_an_empty_set_and_a_missing_file_are_named(tmp_path):
    with pytest.raises(ValueError, match='there are no masks in'):
        LoadMask('set', dict(prefix=str(tmp_path)))
    with pytest.raises(FileNotFoundError, match='gone.png'):
        LoadMask('file')(dict(mask_path=str(tmp_path / 'gone.png')))
    with pytest.raises(ValueError, match='mask_path'):
        LoadMask('file')({})


NVIDIA = Path(__file__).parents[3].parent / 'shared/data/masks'


@pytest.mark.skipif(not NVIDIA.is_dir(), reason=f'needs a sample of NVIDIA\'s test masks in {NVIDIA}')
def test_nvidias_masks_are_in_their_bins():
    transform = LoadMask('file')
    for path in sorted(NVIDIA.glob('*.png')):
        group = int(path.stem) // 1000
        ratio = transform(dict(mask_path=str(path)))['mask'].mean()
        low = max(0.01, group // 2 / 10)
        assert low <= ratio <= (group // 2 + 1) / 10
