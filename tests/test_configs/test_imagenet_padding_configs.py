"""The ImageNet configs: NVIDIA's recipe, the padding that their names say, and runs of the tool."""
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
import torchvision
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import PARAM_SCHEDULERS, DefaultScope
from mmpretrain.registry import MODELS, TRANSFORMS
from PIL import Image
from skimage import data
from torch import nn
from torchvision.transforms import functional

from mmpconv import PartialConv2d
from mmpconv.checkpoints.padding_keys import convert_file
from mmpconv.cli import main

IMAGENET = Path(__file__).parents[2] / 'configs/partial_padding/imagenet'
CONFIGS = sorted(IMAGENET.glob('*.py'))
NETWORKS = ('resnet50', 'resnet101', 'resnet152', 'vgg16bn', 'vgg19bn')
PADDINGS = ('zero', 'partial', 'reflect', 'replicate')
MAX_LEAF_LINES = 15

every_config = pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)


def leaf(network, padding):
    return IMAGENET / f'{network}-{padding}_8xb24_in1k.py'


@pytest.fixture(autouse=True)
def mmpretrain_scope():
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        yield


def build(path):
    return MODELS.build(Config.fromfile(path).model)


def test_there_is_a_short_config_for_each_network_and_padding():
    assert set(CONFIGS) == {leaf(network, padding) for network in NETWORKS for padding in PADDINGS}
    assert max(len(path.read_text().splitlines()) for path in CONFIGS) <= MAX_LEAF_LINES


@every_config
def test_every_convolution_pads_as_the_name_says(path, monkeypatch):
    for layer in (nn.Linear, nn.modules.conv._ConvNd):  # only their kinds matter here
        monkeypatch.setattr(layer, 'reset_parameters', lambda self: None)
    network, padding = path.stem.split('_')[0].split('-')
    convolutions = [module for module in build(path).modules() if isinstance(module, nn.Conv2d)]
    with torch.device('meta'):
        theirs = getattr(torchvision.models, network.replace('bn', '_bn'))().modules()
    expected = [module for module in theirs if isinstance(module, nn.Conv2d)]
    assert [(c.kernel_size, c.stride, c.padding, c.in_channels, c.out_channels, c.bias is None)
            for c in convolutions] == [(c.kernel_size, c.stride, c.padding, c.in_channels, c.out_channels,
                                        c.bias is None) for c in expected]
    # NVIDIA replaces all, those of 1x1 too.
    assert {type(c) for c in convolutions} == {PartialConv2d if padding == 'partial' else nn.Conv2d}
    assert {c.padding_mode for c in convolutions} == {padding if padding in ('reflect', 'replicate') else 'zeros'}


@every_config
def test_optimizer_schedule_and_score_are_nvidias(path):
    config = Config.fromfile(path)
    gpus, batch = map(int, path.stem.split('_')[1].split('xb'))
    assert gpus * batch == gpus * config.train_dataloader.batch_size == config.auto_scale_lr.base_batch_size == 192
    assert config.train_dataloader.sampler.shuffle and not config.train_dataloader.get('drop_last')
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 2))
    optimizer = build_optim_wrapper(model, config.optim_wrapper).optimizer
    expected = torch.optim.SGD(model.parameters(), .1, momentum=.9, weight_decay=1e-4)
    assert type(optimizer) is torch.optim.SGD
    assert all(all(group[key] == value for key, value in expected.defaults.items()) for group in optimizer.param_groups)
    assert {id(p) for group in optimizer.param_groups for p in group['params']} == {id(p) for p in model.parameters()}
    scheduler = PARAM_SCHEDULERS.build({**config.param_scheduler, 'optimizer': optimizer})
    rates = []
    for _ in range(config.train_cfg.max_epochs):
        rates.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        scheduler.step()
    np.testing.assert_allclose(rates, [.1 * .1 ** (epoch // 30) for epoch in range(100)])
    assert config.train_cfg.val_interval == 1
    assert config.default_hooks.checkpoint.save_best == 'accuracy/top1' and config.val_evaluator.topk == (1, 5)


@pytest.fixture(scope='module')
def pictures(tmp_path_factory):
    """A wide and a high photo, as files that lose nothing."""
    folder = tmp_path_factory.mktemp('pictures')
    for name, photo in (('wide', data.chelsea()), ('high', data.rocket().swapaxes(0, 1))):
        Image.fromarray(photo).save(folder / f'{name}.png')
    return folder


@pytest.mark.parametrize('picture', ['wide', 'high'])
@pytest.mark.parametrize('path', [leaf('resnet50', 'zero'), leaf('vgg16bn', 'zero')], ids=lambda path: path.stem)
def test_images_are_prepared_as_nvidia_does(path, picture, pictures):
    config = Config.fromfile(path)
    image = Image.open(pictures / f'{picture}.png')
    normalise = torchvision.transforms.Normalize([.485, .456, .406], [.229, .224, .225])

    def prepared(pipeline):
        sample = TRANSFORMS.build(dict(type='Compose', transforms=pipeline))(
            dict(img_path=str(pictures / f'{picture}.png'), gt_label=0))
        preprocessor = MODELS.build(dict(type='ClsDataPreprocessor', **config.data_preprocessor))
        return preprocessor(dict(inputs=[sample['inputs']], data_samples=[sample['data_samples']]))['inputs'][0]

    theirs = functional.to_tensor(functional.center_crop(functional.resize(image, 256), 224))
    validated = prepared(config.val_dataloader.dataset.pipeline)
    torch.testing.assert_close(validated, normalise(theirs), rtol=0, atol=1e-5)
    torch.testing.assert_close(prepared(config.test_dataloader.dataset.pipeline), validated)

    pipeline = config.train_dataloader.dataset.pipeline
    crop, flip = (TRANSFORMS.build(pipeline[number]) for number in (1, 2))
    reference = torchvision.transforms.RandomResizedCrop(224)
    assert (crop.crop_ratio_range, crop.aspect_ratio_range) == (reference.scale, reference.ratio)
    assert (flip.prob, flip.direction) == (.5, 'horizontal')
    pipeline[2].prob = 1.
    np.random.seed(0)
    theirs = functional.hflip(functional.resized_crop(image, *crop.rand_crop_params(np.asarray(image)), [224, 224]))
    np.random.seed(0)
    torch.testing.assert_close(prepared(pipeline), normalise(functional.to_tensor(theirs)), rtol=0, atol=1e-5)


def initialised(path):
    torch.manual_seed(0)
    model = build(path)
    model.init_weights()
    return model


@pytest.mark.parametrize('network', ['resnet50', 'vgg16bn'])
def test_initialisation_is_nvidias_and_the_same_for_each_padding(network):
    model = initialised(leaf(network, 'zero'))
    for name, module in model.named_modules():
        if isinstance(module, nn.Conv2d):
            fan_out = module.out_channels * module.kernel_size[0] ** 2
            assert module.weight.std().item() == pytest.approx((2 / fan_out) ** .5, rel=.1), name
            assert module.bias is None or not module.bias.any()
        elif isinstance(module, nn.BatchNorm2d):
            assert (module.weight == 1).all() and not module.bias.any(), name
    if network == 'resnet50':  # torch's own, for pdresnet does not touch it
        bound = 2048 ** -.5
        for value in (model.head.fc.weight, model.head.fc.bias):
            assert .9 * bound < value.abs().max() <= bound
    else:
        for layer in (model.backbone.classifier[number] for number in (0, 3, 6)):
            assert layer.weight.std().item() == pytest.approx(.01, rel=.01) and not layer.bias.any()
    padded = initialised(leaf(network, 'partial'))
    assert any(isinstance(module, PartialConv2d) for module in padded.modules())
    assert padded.state_dict().keys() == model.state_dict().keys()
    assert all(torch.equal(value, model.state_dict()[name]) for name, value in padded.state_dict().items())


@pytest.fixture(scope='module')
def imagenet(tmp_path_factory):
    """A thousand classes in the folders of NVIDIA's command lines; four photos."""
    root = tmp_path_factory.mktemp('ILSVRC')
    for split in ('train', 'perfolder_val'):
        for number in range(1000):
            (root / split / f'n{number:08}').mkdir(parents=True)
        for number, photo in ((3, 'astronaut'), (3, 'coffee'), (987, 'chelsea'), (999, 'rocket')):
            image = cv2.resize(getattr(data, photo)(), (300, 260))[..., ::-1]
            cv2.imwrite(str(root / split / f'n{number:08}' / f'{photo}.JPEG'), image)
    return root


def run(path, imagenet, work_dir, *options):
    main(['train', str(path), '--work-dir', str(work_dir), '--cfg-options', 'train_cfg.max_epochs=1',
           'randomness.seed=0', 'default_hooks.logger.interval=1', 'train_dataloader.batch_size=2',
           'val_dataloader.batch_size=2',
           'train_dataloader.num_workers=0', 'val_dataloader.num_workers=0',
           *(f'{loader}_dataloader.dataset.data_root={imagenet}' for loader in ('train', 'val')),
           'val_dataloader.dataset.data_prefix=perfolder_val', *options])
    log, = work_dir.glob('*/vis_data/scalars.json')
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    return [line for line in lines if 'loss' in line], lines[-1]


@pytest.mark.slow
def test_a_resnet_trains_keeps_its_best_epoch_and_loads_in_torchvision(imagenet, tmp_path):
    steps, score = run(leaf('resnet50', 'partial'), imagenet, tmp_path, 'train_dataloader.dataset.pipeline.1.scale=64')
    assert [step['lr'] for step in steps] == [.1, .1] and all(np.isfinite(step['loss']) for step in steps)
    assert set(score) >= {'accuracy/top1', 'accuracy/top5'} and 0 <= score['accuracy/top1'] <= 100
    assert (tmp_path / 'best_accuracy_top1_epoch_1.pth').is_file()
    count = convert_file(tmp_path / 'epoch_1.pth', tmp_path / 'theirs.pth', 'torchvision')
    model = torchvision.models.resnet50()
    model.load_state_dict(torch.load(tmp_path / 'theirs.pth', weights_only=True))
    assert count == len(model.state_dict()) and model.bn1.num_batches_tracked == 2


@pytest.mark.slow
def test_a_vgg_trains(imagenet, tmp_path):
    """Its checkpoint of a gigabyte is not written."""
    steps, score = run(leaf('vgg16bn', 'partial'), imagenet, tmp_path, 'default_hooks.checkpoint=None',
                       'train_dataloader.dataset.indices=2', 'val_dataloader.dataset.indices=2')
    assert [step['lr'] for step in steps] == [.1] and np.isfinite(steps[0]['loss'])
    assert 0 <= score['accuracy/top1'] <= 100
