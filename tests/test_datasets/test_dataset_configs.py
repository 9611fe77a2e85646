"""The files in configs/_base_/datasets, on the layouts that they describe."""
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.config import Config
from mmengine.runner import Runner

BASES = Path(__file__).parents[2] / 'configs/_base_/datasets'
CROPS = {'places': 384, 'celeba': 384, 'places_512': 512, 'celeba_512': 512, 'image_folder': 256}
SIZES = {'places': 256, 'celeba': 256, 'places_512': 512, 'celeba_512': 512, 'image_folder': 128}


def lay_out(name, root, photo):
    """Write a few photos and lists where the config looks for them."""

    def write(path, size):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(root / path), cv2.resize(photo, size))

    if name.startswith('places'):
        # Lines as in Places365's own lists: a leading slash in the training list, a class at the end.
        for place in ('a/airfield/00000001', 'b/bar/00000002', 'z/zoo/00000003'):
            write(f'data_large/{place}.jpg', (680, 512))
        for i in (1, 2):
            write(f'val_large/Places365_val_0000000{i}.jpg', (512, 683))
        (root / 'meta').mkdir()
        (root / 'meta/places365_train_challenge.txt').write_text(
            '/a/airfield/00000001.jpg 0\n/b/bar/00000002.jpg 1\n/z/zoo/00000003.jpg 2\n')
        (root / 'meta/places365_val.txt').write_text(
            'Places365_val_00000001.jpg 165\nPlaces365_val_00000002.jpg 358\n')
    elif name.startswith('celeba'):
        for i in range(5):
            write(f'{i:06}.png', (600, 600))
        (root / 'train_celeba_img_list.txt').write_text('000000.png\n000001.png\n000002.png\n')
        (root / 'val_celeba_img_list.txt').write_text('000003.png\n000004.png\n')
    else:
        for path, size in {'train/a/1.jpg': (300, 200), 'train/2.jpg': (90, 140), 'train/3.png': (640, 480),
                           'val/1.jpg': (150, 70), 'val/2.jpg': (300, 280)}.items():
            write(path, size)


@pytest.fixture(scope='module', params=CROPS)
def laid_out(request, tmp_path_factory, photo):
    """Name and folder of a data set."""
    folder = tmp_path_factory.mktemp(request.param)
    lay_out(request.param, folder, photo)
    return request.param, folder


@pytest.fixture
def config(laid_out):
    name, folder = laid_out
    config = Config.fromfile(BASES / f'{name}.py')
    for loader in (config.train_dataloader, config.val_dataloader, config.test_dataloader):
        loader.update(num_workers=0, batch_size=2)
        loader.dataset.data_root = str(folder)
    config.name = name
    return config


def test_the_layouts_give_batches(config):
    size = SIZES[config.name]
    for name, length in (('train', 3), ('val', 2), ('test', 2)):
        loader = Runner.build_dataloader(config[f'{name}_dataloader'], seed=0)
        assert len(loader.dataset) == length
        batch = next(iter(loader))
        for image, sample in zip(batch['inputs'], batch['data_samples']):
            assert image.shape == (3, size, size)
            assert 0.15 <= sample.mask.float().mean() <= 0.65


def test_testing_is_the_same_every_time_and_training_is_not(config):

    def batch(loader):
        return next(iter(Runner.build_dataloader(loader, seed=0)))

    for seed, loader in enumerate((config.val_dataloader, config.test_dataloader)):
        np.random.seed(seed)
        first, second = batch(config.val_dataloader), batch(loader)
        assert all((a == b).all() for a, b in zip(first['inputs'], second['inputs']))
    dataset = Runner.build_dataloader(config.train_dataloader, seed=0).dataset
    assert (dataset[0]['data_samples'].mask != dataset[0]['data_samples'].mask).any()


def test_testing_takes_the_centre_window(config):
    dataset = Runner.build_dataloader(config.val_dataloader, seed=0).dataset
    photo = cv2.imread(dataset.get_data_info(0)['gt_path'])
    h, w = photo.shape[:2]
    window = min(h, w, CROPS[config.name])
    top, left = (h - window) // 2, (w - window) // 2
    size = SIZES[config.name]
    expected = cv2.resize(photo[top:top + window, left:left + window], (size, size))
    assert np.array_equal(dataset[0]['data_samples'].gt_img.permute(1, 2, 0).numpy(), expected)


def test_the_training_sampler_shuffles(config):
    assert config.train_dataloader.sampler == dict(type='InfiniteSampler', shuffle=True)
    assert config.val_dataloader.sampler == dict(type='DefaultSampler', shuffle=False)


def test_hyper_parameters_are_mmagics(config):
    """At 256; strokes scale with the size."""
    scale = SIZES[config.name] / 256
    for pipeline in (config.train_pipeline, config.test_pipeline):
        mask = pipeline[1].mask_config
        assert (mask.num_vertices, mask.max_angle, mask.area_ratio_range) == ((4, 10), 6.0, (0.15, 0.65))
        assert mask.length_range == (20 * scale, 128 * scale)
        assert mask.brush_width == (10 * scale // 1, -(-45 * scale // 1))
    assert [metric.type for metric in config.val_evaluator] == ['MAE', 'PSNR', 'SSIM']
    assert config.val_evaluator[0] == dict(type='MAE', mask_key='mask', scaling=100)
    assert config.test_evaluator == config.val_evaluator
