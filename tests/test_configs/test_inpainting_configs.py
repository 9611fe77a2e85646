"""Every inpainting config is built, and takes one training and one test step on small real photos."""
import json
from pathlib import Path

import cv2
import pytest
import torch
import yaml
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from skimage import data
from torchvision.models import vgg16

from mmpconv.engine.checkpoint_hooks import SaveMetricsHook
from mmpconv.registry import MODELS

ROOT = Path(__file__).parents[2]
CONFIGS = sorted((ROOT / 'configs/partial_conv').glob('*.py'))
MAX_LEAF_LINES = 40


@pytest.fixture(scope='module')
def datasets(tmp_path_factory):
    """The layouts that the configs expect, each with two photos."""
    root = tmp_path_factory.mktemp('data')
    names = ['coffee.png', 'rocket.png']
    for folder in ('Places/data_large', 'Places/val_large', 'CelebA-HQ', 'photos/train', 'photos/val'):
        (root / folder).mkdir(parents=True)
        for name in names:
            cv2.imwrite(str(root / folder / name), getattr(data, name[:-4])()[..., ::-1])
    (root / 'Places/meta').mkdir()
    for file in ('Places/meta/places365_train_challenge.txt', 'Places/meta/places365_val.txt',
                 'CelebA-HQ/train_celeba_img_list.txt', 'CelebA-HQ/val_celeba_img_list.txt'):
        (root / file).write_text('\n'.join(names) + '\n')
    torch.manual_seed(0)
    torch.save(vgg16(weights=None).features[:17].state_dict(), root / 'vgg16.pth')
    return root


def small_run(path, datasets, work_dir):
    """The config with its data, batch, length and width replaced; losses and pipelines are as they are."""
    config = Config.fromfile(path)
    config.merge_from_dict(dict(
        work_dir=str(work_dir), load_from=None, train_cfg=dict(max_iters=1, val_interval=1),
        train_dataloader=dict(batch_size=1, num_workers=0), randomness=dict(seed=0)))
    layout = 'photos' if 'photos' in path.stem else 'Places' if 'places' in path.stem else 'CelebA-HQ'
    for name in ('train', 'val', 'test'):
        loader = config[f'{name}_dataloader']
        loader.dataset.data_root = str(datasets / layout)
        loader.num_workers, loader.persistent_workers = 0, False
    config.merge_from_dict(dict(model=dict(encdec=dict(encoder=dict(width=8), decoder=dict(width=8)))))
    if '-amp' in path.stem:  # one layer of VGG takes 20 s in bfloat16 on a CPU that has to emulate it
        config.model.update(loss_composed_percep=None, loss_out_percep=False)
    elif config.model.loss_composed_percep is not None:
        config.model.loss_composed_percep.pretrained = str(datasets / 'vgg16.pth')
    return config


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_config_takes_a_training_and_a_test_step(path, datasets, tmp_path):
    config = small_run(path, datasets, tmp_path)
    if '-amp' in path.stem:
        assert config.optim_wrapper.type == 'AmpOptimWrapper'
    runner = Runner.from_cfg(config)
    before = {name: p.detach().clone() for name, p in runner.model.named_parameters()}
    runner.train()
    trained = {name for name, p in runner.model.named_parameters() if not torch.equal(p, before[name])}
    frozen = {name for name, p in runner.model.named_parameters() if not p.requires_grad}
    assert trained == set(before) - frozen
    assert bool(frozen) == ('stage2' in path.stem), 'the second stage freezes BatchNorm in the encoder'
    assert all('encoder' in name and 'bn' in name for name in frozen)
    metrics = []
    for name in ('first', 'second'):
        runner.register_hook(SaveMetricsHook(str(tmp_path / f'{name}.json')))
        runner.test()
        metrics.append(json.loads((tmp_path / f'{name}.json').read_text()))
    assert metrics[0] == metrics[1], 'testing is deterministic'
    assert set(metrics[0]) == {'MAE', 'PSNR', 'SSIM'} and metrics[0]['MAE'] > 0


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_model_has_the_layers_and_channels_of_the_paper(path):
    config = Config.fromfile(path)
    with DefaultScope.overwrite_default_scope('mmpconv'):
        network = MODELS.build(config.model).generator
    layers, width = {'128x128': (6, 16), '256x256': (7, 64), '512x512': (8, 64)}[path.stem.rsplit('-', 1)[1]]
    assert network.encoder.num_layers == network.decoder.num_layers == layers
    assert network.encoder.enc1.out_channels == width
    assert getattr(network.encoder, f'enc{layers}').out_channels == 8 * width


@pytest.mark.parametrize('path', [p for p in CONFIGS if 'stage2' in p.stem], ids=lambda path: path.stem)
def test_stage_two_starts_from_the_last_checkpoint_of_its_stage_one(path):
    config = Config.fromfile(path)
    work_dir, name = Path(config.load_from).parent, Path(config.load_from).name
    stage_one = Config.fromfile(path.parent / f'{work_dir.name}.py')
    assert name == f'iter_{stage_one.train_cfg.max_iters}.pth'
    assert config.optim_wrapper.optimizer.lr == 5e-5 and stage_one.optim_wrapper.optimizer.lr == 2e-4


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_leaf_configs_are_short_and_named_after_what_they_do(path):
    assert len(path.read_text().splitlines()) <= MAX_LEAF_LINES
    config = Config.fromfile(path)
    assert config.train_dataloader.sampler.shuffle
    gpus, batch = path.stem.split('_')[2].split('-')[0].split('xb')
    assert config.train_dataloader.batch_size == int(batch)
    if 'auto_scale_lr' in config:
        assert config.auto_scale_lr.base_batch_size == int(gpus) * int(batch)


def test_metafile_lists_every_config():
    models = yaml.safe_load((ROOT / 'configs/partial_conv/metafile.yml').read_text())['Models']
    assert {model['Config'] for model in models} == {str(path.relative_to(ROOT)) for path in CONFIGS}
    assert [model['Name'] for model in models] == [Path(model['Config']).stem for model in models]
    readme = (ROOT / 'configs/partial_conv/README.md').read_text()
    assert all(f'({path.name})' in readme for path in CONFIGS)


MMAGIC = [path for path in CONFIGS if '256x256' in path.stem and '-amp' not in path.stem]


@pytest.mark.parametrize('path', MMAGIC, ids=lambda path: path.stem)
def test_mmagics_hyper_parameters_are_kept(path):
    import mmagic
    theirs = Config.fromfile(Path(mmagic.__file__).parent / '.mim/configs/partial_conv' / path.name)
    ours = Config.fromfile(path)
    assert ours.train_cfg == theirs.train_cfg
    assert ours.optim_wrapper == theirs.optim_wrapper
    assert ours.train_dataloader.batch_size == theirs.train_dataloader.batch_size
    assert ours.val_evaluator == theirs.val_evaluator
    for loader in ('train_dataloader', 'val_dataloader'):
        for key in ('data_root', 'data_prefix', 'ann_file'):
            assert ours[loader].dataset[key] == theirs[loader].dataset[key]
        # LoadMask's seed, the random crop and our dataset are the intended differences.
    our_masks, their_masks = (config.train_dataloader.dataset.pipeline[1].mask_config for config in (ours, theirs))
    assert our_masks == their_masks
    for key in ('encdec', 'data_preprocessor', 'loss_composed_percep', 'loss_out_percep', 'loss_l1_hole',
                'loss_l1_valid'):
        assert ours.model[key] == theirs.model[key], key
    assert {**theirs.model.loss_tv, 'region': 'hole'} == ours.model.loss_tv
