"""The tutorials, from their first command to the last, on a few photos and for a few iterations."""
import re
import shutil
import subprocess
import sys
from pathlib import Path

import mmagic
import numpy as np
import pytest
import skimage.data
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from pages import commands_of, config_of
from PIL import Image
from tool_runs import ROOT

import mmpconv.registry  # noqa: F401
from mmpconv.datasets import InpaintingDataset, LoadMask
from mmpconv.registry import DATASETS

SHORT = ['train_cfg.max_iters=2', 'train_cfg.val_interval=2', 'default_hooks.checkpoint.interval=2',
         'default_hooks.logger.interval=1', 'train_dataloader.num_workers=0', 'train_dataloader.batch_size=1']
# Runs command lines one after the other in one process: imports take longer than what is done here. What would take
# longest is left out: the layout by yapf of the config that is logged.
RUNS = '''
import runpy, shlex, sys
import yapf.yapflib.yapf_api
yapf.yapflib.yapf_api.FormatCode = lambda code, **options: (code, True)
for line in sys.stdin.read().splitlines():
    program, *arguments = shlex.split(line)
    sys.argv = arguments if program == 'python' else [program, *arguments]
    try:
        (runpy.run_path if program == 'python' else runpy.run_module)(sys.argv[0], run_name='__main__')
    except SystemExit as end:
        if end.code:
            sys.exit(f'{line}: exit status {end.code}')
'''


@pytest.fixture
def clone(tmp_path):
    """A folder with what a tutorial finds in a clone, and photos of one's own."""
    for name in ('configs', 'tools'):
        (tmp_path / name).symlink_to(ROOT / name)
    for folder in ('data/photos', 'data/paintings'):
        for split, names in (('train', ('astronaut', 'coffee')), ('val', ('chelsea', 'rocket'))):
            (tmp_path / folder / split).mkdir(parents=True)
            for name in names:
                Image.fromarray(getattr(skimage.data, name)()).resize((160, 150)).save(
                    tmp_path / folder / split / f'{name}.jpg')
    Image.open(tmp_path / 'data/photos/val/chelsea.jpg').save(tmp_path / 'photo.jpg')
    mask = Image.new('L', (160, 150))
    mask.paste(255, (30, 20, 50, 35))
    mask.save(tmp_path / 'mask.png')
    return tmp_path


def run(lines, folder):
    done = subprocess.run([sys.executable, '-W', 'ignore', '-c', RUNS], input='\n'.join(lines), cwd=folder, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout[-5000:]
    return done.stdout


def test_train_on_my_photos(clone):
    page = ROOT / 'docs/train.md'
    (clone / 'my_config.py').write_text(config_of(page))
    lines = [line for line in commands_of(page) if 'my_config' in line]
    assert lines[0] == 'python tools/train.py my_config.py' and len(lines) == 8

    output = run([f'{lines[0]} --cfg-options {" ".join(SHORT)}'], clone)
    assert '58 of 58 weights were taken from mmpconv://oriented-unet' in output
    checkpoints = clone / 'work_dirs/my_config'
    assert list((checkpoints).glob('*/vis_data/vis_image/validation_sheet_*.png'))
    shutil.copy(checkpoints / 'iter_2.pth', checkpoints / 'iter_1000.pth')
    lines = [f'{line} --cfg-options {" ".join(SHORT)} train_cfg.max_iters=3' if '--resume' in line else line
             for line in lines[1:]]
    output = run(lines, clone)
    assert 'resumed' in output.lower() and 'Iter(train) [3/3]' in output
    for picture in ('losses.png', 'samples.png', 'filled.png'):
        assert (clone / picture).is_file(), picture
    photo, filled = (np.asarray(Image.open(clone / name)) for name in ('photo.jpg', 'filled.png'))
    changed = (photo != filled).any(-1)
    assert changed[20:35, 30:50].mean() > 0.9 and changed.sum() == changed[20:35, 30:50].sum()
    assert (clone / 'my_network.safetensors').stat().st_size > 10e6


def test_add_a_dataset(clone, monkeypatch):
    page = ROOT / 'docs/add_a_dataset.md'
    (clone / 'my_paintings.py').write_text(config_of(page))
    output = run(commands_of(page), clone)
    assert 'data/paintings' in output and (clone / 'data/paintings/train.txt').is_file()
    assert (clone / 'work_dirs/paintings.png').is_file()

    _, listed, holes, code = re.findall(r'^```py\n(.*?)^```', page.read_text(), re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(clone)
    (clone / 'data/masks/lists').mkdir(parents=True)
    shutil.copy(clone / 'mask.png', clone / 'data/masks')
    (clone / 'data/masks/lists/all.txt').write_text('mask.png\n')
    loaded = LoadMask(**{key: value for key, value in eval(holes).items() if key != 'type'}).transform({})
    assert loaded['mask'].shape == (128, 128, 1) and loaded['mask'].any()
    exec(listed, options := {})
    arguments = dict(data_root='data/paintings', metainfo=dict(dataset_type='photos', task_name='inpainting'))
    assert len(InpaintingDataset(**arguments, **options['train_dataloader']['dataset'])) == 2
    (clone / 'data/paintings/train/a portrait.jpg').write_bytes((clone / 'photo.jpg').read_bytes())
    try:
        exec(code, {})
        arguments['data_prefix'] = dict(gt='train')
        assert len(DATASETS.build(dict(type='Paintings', **arguments))) == 2
        assert len(InpaintingDataset(**arguments)) == 3
    finally:
        DATASETS.module_dict.pop('Paintings', None)


def test_a_copy_of_mmagics_config_with_another_scope_builds_the_classes_of_this_package(tmp_path):
    """And one that inherits from it by the name of its package does not, as the page says."""
    configs = Path(mmagic.__file__).parent / '.mim/configs'
    shutil.copytree(configs / 'partial_conv', tmp_path / 'partial_conv')
    shutil.copytree(configs / '_base_', tmp_path / '_base_')
    snippet = config_of(ROOT / 'docs/mmagic.md')
    (tmp_path / 'partial_conv/mine.py').write_text(snippet)
    (tmp_path / 'named.py').write_text("_base_ = 'mmagic::partial_conv/pconv_stage2_4xb2_places-256x256.py'\n"
                                       "default_scope = 'mmpconv'\n")
    assert modules_of(tmp_path / 'partial_conv/mine.py') == {'mmpconv'}
    assert modules_of(tmp_path / 'named.py') == {'mmagic'}


def modules_of(config):
    config = Config.fromfile(config)
    config.model.update(loss_composed_percep=None, loss_out_percep=False)
    with DefaultScope.overwrite_default_scope(config.default_scope):
        model = MODELS.build(config.model)
    parts = [model, model.generator, model.generator.encoder, model.generator.decoder, model.generator.encoder.enc1]
    return {type(part).__module__.partition('.')[0] for part in parts}
