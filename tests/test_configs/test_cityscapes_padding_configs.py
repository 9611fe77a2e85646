"""The Cityscapes configs train and evaluate on photos, and pad everywhere as their names say."""
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from skimage import data
from torch import nn

import mmpconv
from mmpconv.cli import main

assert mmpconv  # its import makes MMSegmentation importable
import mmpretrain.models  # noqa: E402
from mmseg.registry import MODELS  # noqa: E402
from mmseg.utils import register_all_modules  # noqa: E402

CITYSCAPES = Path(__file__).parents[2] / 'configs/partial_padding/cityscapes'
CONFIGS = sorted(CITYSCAPES.glob('*.py'))
NETWORKS = ('deeplabv3plus', 'pspnet')
IGNORED, CROP = 255, (64, 128)


@pytest.fixture(autouse=True)
def mmseg_scope():
    register_all_modules(init_default_scope=False)
    with DefaultScope.overwrite_default_scope('mmseg'):
        yield


def leaf(network, padding):
    return CITYSCAPES / f'{network}_r50-d8-{padding}_4xb2-80k_cityscapes-512x1024.py'


def inner(path):
    """Where the options of the network itself are."""
    return 'model.model' if '-partial' in path.stem else 'model'


def build(path, **options):
    """The network as it is when training begins, without the downloaded weights."""
    config = Config.fromfile(path)
    config.merge_from_dict({f'{inner(path)}.{key}': value for key, value in dict(pretrained=None, **options).items()})
    torch.manual_seed(0)
    model = MODELS.build(config.model)
    model.init_weights()
    return model


def drawn_labels(height, width):
    """Sky over road, a building, two cars and a frame that does not count."""
    labels = np.full((height, width), 10, np.uint8)
    labels[height // 2:] = 0
    cv2.rectangle(labels, (width // 8, height // 5), (width // 3, height // 2), 2, -1)
    for place in (width // 2, 3 * width // 4):
        cv2.ellipse(labels, (place, 3 * height // 5), (width // 12, height // 10), 0, 0, 360, 13, -1)
    return cv2.rectangle(labels, (0, 0), (width - 1, height - 1), IGNORED, 5)


@pytest.fixture(scope='module')
def cityscapes(tmp_path_factory):
    """Photos in the folders of Cityscapes, a split of which has two."""
    root = tmp_path_factory.mktemp('cityscapes')
    for split, city, photos in (
            ('train', 'aachen', ('coffee', 'astronaut')), ('val', 'munster', ('chelsea', 'rocket'))):
        for kind in ('leftImg8bit', 'gtFine'):
            (root / kind / split / city).mkdir(parents=True)
        for number, photo in enumerate(photos):
            name = f'{split}/{city}/{city}_{number:06}_000019'
            image = cv2.resize(getattr(data, photo)(), (512, 256))[..., ::-1]
            cv2.imwrite(str(root / f'leftImg8bit/{name}_leftImg8bit.png'), image)
            cv2.imwrite(str(root / f'gtFine/{name}_gtFine_labelTrainIds.png'), drawn_labels(256, 512))
    return root


@pytest.mark.slow
@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_config_trains_and_evaluates(path, cityscapes, tmp_path):
    crop = str(CROP)
    main(['train', str(path), '--work-dir', str(tmp_path), '--cfg-options', 'randomness.seed=0',
           f'visualizer.name={path.stem}',  # made once a name in a process, with its folder
           f'{inner(path)}.pretrained=None', f'{inner(path)}.data_preprocessor.size={crop}',
           'train_dataloader.dataset.pipeline.2.scale=(256,128)',
           f'train_dataloader.dataset.pipeline.3.crop_size={crop}', 'val_dataloader.dataset.pipeline.1.scale=(256,128)',
           *(f'{loader}_dataloader.dataset.data_root={cityscapes}' for loader in ('train', 'val')),
           *(f'{loader}_dataloader.{key}' for loader in ('train', 'val')
             for key in ('num_workers=0', 'persistent_workers=False')),
           'train_cfg.max_iters=2', 'train_cfg.val_interval=2', 'default_hooks.logger.interval=1',
           'default_hooks.checkpoint=None'])
    log, = tmp_path.glob('*/vis_data/scalars.json')
    *steps, score = map(json.loads, log.read_text().splitlines())
    assert len(steps) == 2 and all(np.isfinite(step[loss]) for step in steps
                                   for loss in ('decode.loss_ce', 'aux.loss_ce'))
    assert 0 <= score['mIoU'] <= 100


def test_there_is_a_short_config_for_each_network_and_padding():
    assert set(CONFIGS) == {leaf(network, padding) for network in NETWORKS for padding in ('zero', 'partial')}
    assert max(len(path.read_text().splitlines()) for path in CONFIGS) <= 15
    for path in CONFIGS:
        config = Config.fromfile(path)
        assert (config.train_dataloader.batch_size, config.train_cfg.max_iters) == (2, 80000)
        assert config.train_dataloader.dataset.pipeline[3].crop_size == (512, 1024)


@pytest.mark.parametrize('network', NETWORKS)
def test_partial_padding_is_everywhere_and_changes_nothing_else(network):
    zero, partial = build(leaf(network, 'zero')), build(leaf(network, 'partial'))
    assert type(partial) is type(zero)
    assert partial.state_dict().keys() == zero.state_dict().keys()
    assert all(torch.equal(value, zero.state_dict()[name]) for name, value in partial.state_dict().items())
    padded = {name for name, module in zero.named_modules() if isinstance(module, nn.Conv2d) and any(module.padding)}
    converted = {name for name, module in partial.named_modules() if isinstance(module, mmpconv.PartialConv2d)}
    assert converted == padded
    assert not any(isinstance(module, mmpconv.PartialConv2d) for module in zero.modules())
    # The stem of three, a 3x3 in each of 16 blocks, and the heads.
    heads = {name for name in padded if not name.startswith('backbone.')}
    assert len(padded - heads) == 3 + 16
    separable = {f'aspp_modules.{number}.depthwise_conv' for number in (1, 2, 3)} | {
        f'sep_bottleneck.{number}.depthwise_conv' for number in (0, 1)}
    assert heads == {'auxiliary_head.convs.0.conv', 'decode_head.bottleneck.conv'} | {
        f'decode_head.{name}.conv' for name in separable if network == 'deeplabv3plus'}
    image = torch.randn(1, 3, *CROP)
    zero.eval(), partial.eval()
    with torch.inference_mode():
        assert not torch.equal(zero(image), partial(image))


def test_the_backbone_can_start_from_an_imagenet_run_with_partial_padding(tmp_path):
    imagenet = Config.fromfile(CITYSCAPES.parent / 'imagenet/resnet50-partial_8xb24_in1k.py').model
    classifier = mmpretrain.models.build_classifier(imagenet)
    torch.save(dict(state_dict=classifier.state_dict()), tmp_path / 'best.pth')
    model = build(leaf('deeplabv3plus', 'partial'), **{
        'backbone.type': 'ResNet', 'backbone.init_cfg.type': 'Pretrained', 'backbone.init_cfg.prefix': 'backbone.',
        'backbone.init_cfg.checkpoint': str(tmp_path / 'best.pth')})
    expected = classifier.backbone.state_dict()
    given = model.backbone.state_dict()
    assert given.keys() == expected.keys()
    assert all(torch.equal(given[name], expected[name]) for name in expected)
