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
from mmengine.runner.checkpoint import CheckpointLoader
from skimage import data
from torchvision.models import vgg16

from mmpconv.engine.hooks.checkpoint import SaveMetricsHook
from mmpconv.registry import MODELS

ROOT = Path(__file__).parents[2]
CONFIGS = sorted(path for folder in ('partial_conv', 'unet') for path in (ROOT / 'configs' / folder).glob('*.py'))
MAX_LEAF_LINES = 40


@pytest.fixture(scope='module')
def datasets(tmp_path_factory):
    """The layouts that the configs expect, each with two photos."""
    root = tmp_path_factory.mktemp('data')
    names = ['coffee.png', 'rocket.png']
    for folder in ('Places/data_large', 'Places/val_large', 'CelebA-HQ', 'photos/train', 'photos/val', 'coco/train2017',
                   'coco/val2017'):
        (root / folder).mkdir(parents=True)
        for name in names:
            cv2.imwrite(str(root / folder / name), getattr(data, name[:-4])()[..., ::-1])
    for layout in ('Places', 'coco'):
        (root / layout / 'meta').mkdir()
    for file in ('Places/meta/places365_train_challenge.txt', 'Places/meta/places365_train_standard.txt',
                 'Places/meta/places365_val.txt', 'coco/meta/train2017.txt', 'coco/meta/val2017.txt',
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
        # 8 layers leave one pixel of 256, over which BatchNorm needs more than one sample.
        train_dataloader=dict(batch_size=2 if '_1xb4_' in path.stem else 1, num_workers=0), randomness=dict(seed=0)))
    layouts = dict(photos='photos', places='Places', celeba='CelebA-HQ', coco='coco')
    layout = layouts[path.stem.rsplit('_', 1)[1].split('-')[0]]
    for name in ('train', 'val', 'test'):
        loader = config[f'{name}_dataloader']
        loader.dataset.data_root = str(datasets / layout)
        loader.num_workers, loader.persistent_workers = 0, False
    for part in parts(config.model.encdec):
        part.width = 8
    if '-amp' in path.stem:  # one layer of VGG takes 20 s in bfloat16 on a CPU that has to emulate it
        config.model.update(loss_composed_percep=None, loss_out_percep=False)
    elif config.model.loss_composed_percep is not None:
        config.model.loss_composed_percep.pretrained = str(datasets / 'vgg16.pth')
    return config


def parts(encdec):
    """Where a network's config has its depth and width."""
    return [encdec.encoder, encdec.decoder] if 'encoder' in encdec else [encdec]


# Others differ from one of these in numbers only, or are run by a test of their own.
SAME = ('pconv_pretrain', '224x224', '_schedule_', 'plain-conv_stage1_8xb6')
TRAINED = [path for path in CONFIGS if not any(part in path.stem for part in SAME)]


@pytest.mark.parametrize('path', TRAINED, ids=lambda path: path.stem)
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
    last_stage = 'stage2' in path.stem or 'finetune' in path.stem
    assert bool(frozen) == last_stage, 'the last stage freezes BatchNorm in the encoder'
    assert all('.enc' in name and 'bn' in name for name in frozen)
    metrics = []
    for name in ('first', 'second'):
        runner.register_hook(SaveMetricsHook(str(tmp_path / f'{name}.json')))
        runner.test()
        metrics.append(json.loads((tmp_path / f'{name}.json').read_text()))
    assert metrics[0] == metrics[1], 'testing is deterministic'
    assert set(metrics[0]) == {'MAE', 'PSNR', 'SSIM'} and metrics[0]['MAE'] > 0


@pytest.mark.parametrize('path', sorted((ROOT / 'configs/oriented_unet').glob('*.py')), ids=lambda path: path.stem)
def test_oriented_unet_takes_a_training_and_a_test_step(path, datasets, tmp_path):
    config = Config.fromfile(path)
    shipped = config.load_from and str(config.load_from).startswith('mmpconv://')
    assert bool(shipped) == any(part in path.stem for part in ('_demo_', '_finetune_', '_perceptual_'))
    if config.model.get('loss_composed_percep'):
        config.model.loss_composed_percep.pretrained = str(datasets / 'vgg16.pth')
    if not shipped:
        config.model.encdec.update(widths=(4, 8), blocks=(1, 1))
    config.merge_from_dict(dict(work_dir=str(tmp_path), train_cfg=dict(max_iters=1, val_interval=1),
                                train_dataloader=dict(batch_size=2)))
    for name in ('train', 'val', 'test'):
        loader = config[f'{name}_dataloader']
        loader.dataset.data_root = str(datasets / 'photos')
        loader.num_workers, loader.persistent_workers = 0, False
    runner = Runner.from_cfg(config)
    before = {name: p.detach().clone() for name, p in runner.model.named_parameters()}
    if shipped:
        before = CheckpointLoader.load_checkpoint(config.load_from)['state_dict']
    runner.train()
    runner.register_hook(SaveMetricsHook(str(tmp_path / 'metrics.json')))
    runner.test()
    # At first the last layer is zero and nothing before it learns; weights of the package are trained in all layers.
    trained = {name for name, p in runner.model.named_parameters() if not torch.equal(p, before[name])}
    assert trained == set(before) if shipped else {'generator.out.weight', 'generator.out.bias'} <= trained
    metrics = json.loads((tmp_path / 'metrics.json').read_text())
    assert set(metrics) == {'MAE', 'PSNR', 'SSIM'} and metrics['PSNR'] > 20


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_model_has_the_layers_and_channels_of_the_paper(path):
    config = Config.fromfile(path)
    with DefaultScope.overwrite_default_scope('mmpconv'):
        network = MODELS.build(config.model).generator
    sizes = {'128x128': (6, 16), '224x224': (8, 64), '256x256': (7, 64), '512x512': (8, 64)}
    layers, width = sizes[path.stem.rsplit('-', 1)[1]]
    if '_1xb4_' in path.stem:  # of SunnerLi/P-Conv, as deep at 256 pixels
        layers = 8
    encoder, decoder = getattr(network, 'encoder', network), getattr(network, 'decoder', network)
    assert encoder.num_layers == decoder.num_layers == layers
    assert encoder.enc1.out_channels == width and decoder.dec2.out_channels == width
    assert getattr(encoder, f'enc{layers}').out_channels == 8 * width


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


@pytest.mark.parametrize('folder', ['partial_conv', 'unet'])
def test_metafile_lists_every_config(folder):
    configs = [path for path in CONFIGS if path.parent.name == folder]
    metafile = f'configs/{folder}/metafile.yml'
    models = yaml.safe_load((ROOT / metafile).read_text())['Models']
    assert {model['Config'] for model in models} == {str(path.relative_to(ROOT)) for path in configs}
    assert [model['Name'] for model in models] == [Path(model['Config']).stem for model in models]
    readme = (ROOT / 'configs' / folder / 'README.md').read_text()
    assert all(f'({path.name})' in readme for path in configs)
    assert metafile in yaml.safe_load((ROOT / 'model-index.yml').read_text())['Import']


MMAGIC = [path for path in CONFIGS if '256x256' in path.stem and path.stem.startswith('pconv_stage')
          and '-amp' not in path.stem]


@pytest.mark.parametrize('path', MMAGIC, ids=lambda path: path.stem)
def test_mmagics_hyper_parameters_are_kept(path):
    import mmagic
    theirs = Config.fromfile(Path(mmagic.__file__).parent / '.mim/configs/partial_conv' / path.name)
    ours = Config.fromfile(path)
    assert ours.train_cfg == theirs.train_cfg
    assert ours.optim_wrapper.optimizer.pop('fused')  # the same numbers by fewer kernels
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
    assert theirs.model.loss_tv == ours.model.loss_tv


STAGES = [path for path in CONFIGS if path.stem.startswith(('pconv_pretrain-style120', 'pconv_finetune_', 'unet_fine'))]


@pytest.mark.parametrize('path', STAGES, ids=lambda path: path.stem)
def test_a_later_stage_starts_from_the_last_checkpoint_of_the_one_before_at_a_tenth_of_its_rate(path):
    config = Config.fromfile(path)
    work_dir, name = Path(config.load_from).parent, Path(config.load_from).name
    before = Config.fromfile(path.parent / f'{work_dir.name}.py')
    assert name == f'iter_{before.train_cfg.max_iters}.pth'
    assert config.image_size == before.image_size and config.model.loss_composed_percep.style_weight == 120
    rates = [before.optim_wrapper.optimizer.lr, config.optim_wrapper.optimizer.lr]
    if 'param_scheduler' in before:
        rates[0] *= before.param_scheduler.gamma
    assert rates[1] == pytest.approx(rates[0] / 10)


def test_the_single_run_has_the_stages_of_the_two():
    first, second, single = (Config.fromfile(ROOT / f'configs/partial_conv/pconv_{name}_1xb4_places-256x256.py')
                             for name in ('pretrain-style1', 'pretrain-style120', 'schedule'))
    end = first.train_cfg.max_iters
    assert single.train_cfg.max_iters == end + second.train_cfg.max_iters == 20 * 1803460 // 4
    hook = single.custom_hooks[-1]
    assert hook.weights == {'loss_percep.style_weight': [(0, 1), (end, 120)]}
    assert [config.model.loss_composed_percep.style_weight for config in (first, second)] == [1, 120]
    assert single.optim_wrapper.optimizer.lr == first.optim_wrapper.optimizer.lr == 0.02
    assert single.param_scheduler.milestones == [end]
    assert second.optim_wrapper.optimizer.lr == pytest.approx(0.02 * single.param_scheduler.gamma)


@pytest.mark.parametrize('name', ['pconv', 'unet'])
def test_a_single_run_changes_the_weight_of_the_style_loss_and_writes_what_the_log_has(name, datasets, tmp_path):
    """The schedule in six iterations: the fourth, and all after it, see the other weight."""
    folder = 'unet' if name == 'unet' else 'partial_conv'
    config = small_run(ROOT / f'configs/{folder}/{name}_schedule_1xb4_places-256x256.py', datasets, tmp_path)
    config.merge_from_dict({'train_cfg.max_iters': 6, 'train_cfg.val_interval': 100, 'param_scheduler.milestones': [3],
                            'default_hooks.logger.interval': 1, 'log_processor.window_size': 1,
                            'default_hooks.checkpoint.interval': 100})
    config.custom_hooks[-1].weights = {'loss_percep.style_weight': [(0, 1), (3, 120)]}
    config.custom_hooks[-2].interval = 2
    for image_size in (config.train_pipeline[1].mask_config, config.train_pipeline[3]):
        image_size['img_shape' if 'img_shape' in image_size else 'scale'] = (64, 64)
    config.train_dataloader.batch_size = 2
    config.train_dataloader.dataset.pipeline = config.train_pipeline
    runner = Runner.from_cfg(config)
    unweighted = []
    style_loss = type(runner.model.loss_percep)._compare

    def recorded(loss, images, gt):
        terms = style_loss(loss, images, gt)
        unweighted.append((loss.style_weight, terms[0][1].item()))
        return terms

    runner.model.loss_percep._compare = recorded.__get__(runner.model.loss_percep)
    runner.train()
    assert [weight for weight, _ in unweighted] == [1, 1, 1, 120, 120, 120]
    log = [json.loads(line) for line in next(tmp_path.glob('*/vis_data/scalars.json')).read_text().splitlines()]
    log = [line for line in log if 'loss' in line]
    assert [line['loss_out_style'] for line in log] == pytest.approx([term for _, term in unweighted])
    assert [line['lr'] for line in log] == pytest.approx([0.02] * 3 + [0.002] * 3)
    header, *rows = [line.split(',') for line in (tmp_path / 'losses.csv').read_text().splitlines()]
    assert header[:2] == ['iter', 'loss'] and set(header[2:]) == {key for key in log[0] if key.startswith('loss_')}
    for number, row in enumerate(rows, 1):
        for term, cell in list(zip(header, row))[1:]:
            pair = [line[term] for line in log[2 * number - 2:2 * number]]
            assert float(cell) == pytest.approx(sum(pair) / 2), term
    assert [row[0] for row in rows] == ['2', '4', '6']
