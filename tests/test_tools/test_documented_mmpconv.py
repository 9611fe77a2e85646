"""The commands ``mmpconv ...`` in README and docs run as written, in a folder that holds what they name."""
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlparse

import numpy as np
import pytest
import skimage.data
from pages import commands, is_pipe
from PIL import Image
from random_weights import write_random_weights
from tool_runs import ROOT

from mmpconv.analysis.padding_comparison.plan import READY, is_own_config
from mmpconv.apis import DEFAULT_MODEL
from mmpconv.apis.models import shipped_model
from mmpconv.checkpoints.container import package_weights
from mmpconv.cli.main import parse
from mmpconv.configs import load_config

COMMANDS = [command for command in commands() if command.startswith('mmpconv ')]
PIPES = [command for command in commands() if is_pipe(command)]
SIZE = (96, 64)


@pytest.fixture(scope='module')
def home(tmp_path_factory):
    """Photos, masks, trained networks of the names in the pages, and published weights where torch looks for them."""
    home = tmp_path_factory.mktemp('home')
    (home / 'configs').symlink_to(ROOT / 'configs')
    for path in ('photo.jpg', 'photos/a.jpg', 'photos/sub/b.png', 'holiday/sea.jpg', 'work_dirs/demo/damaged/text.png'):
        write_photo(home / path)
    photo = write_photo(home / 'rocket.png')
    photo.paste((0, 0, 0), (30, 20, 50, 35))
    for path in ('rocket.png', 'holiday/sea.jpg'):
        photo.save(home / path)
    mask = Image.new('L', SIZE)
    mask.paste(255, (30, 20, 50, 35))
    for path in ('mask.png', 'masks/a.png', 'masks/b.png', 'work_dirs/demo/masks/text.png'):
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        mask.save(home / path)
    published = shipped_model('pconv_stage2_4xb2_places-256x256')
    weights = home / 'torch/hub/checkpoints' / Path(urlparse(published.weights).path).name
    for config, checkpoint in ((published.config, weights),
                               (shipped_model('pconv_small_1xb8_photos-128x128').config,
                                'work_dirs/pconv_small_1xb8_photos-128x128/iter_2500.pth')):
        write_random_weights(config, home / checkpoint)
    finetuned = home / 'work_dirs/finetuned/finetuned.safetensors'
    finetuned.parent.mkdir()
    shutil.copy(package_weights(f'{DEFAULT_MODEL}.safetensors'), finetuned)
    return home


def write_photo(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    photo = Image.fromarray(skimage.data.rocket()).resize(SIZE)
    photo.save(path)
    return photo


@pytest.mark.parametrize('command', COMMANDS)
def test_command_runs(command, home):
    name, *args = shlex.split(command)[1:]
    if 'work_dirs/my_config' in command:  # test_tutorials.py runs it
        assert command in (ROOT / 'docs/train.md').read_text()
        return
    if name == '--help':  # tests/test_cli runs it
        return
    if name == 'demo':  # test_documented_commands.py runs it
        assert parse('demo', args)
        return
    if name == 'serve':  # tests/test_web runs it
        assert parse('serve', args)
        return
    if name == 'train':  # tests/test_configs runs every config for an iteration
        parsed = parse('train', args)
        assert parsed.photos or load_config(str(ROOT / args[0]))  # test_finetuning.py trains on photos
        return
    if name == 'compare-padding' and args != ['--list']:  # tests/test_analysis runs it
        parsed = parse('compare-padding', args)
        assert is_own_config(parsed.comparison) or parsed.comparison in READY
        return
    assert name in ('compare-padding', 'convert-padding', 'doctor', 'export', 'inpaint', 'models'), (
        f'add a test of mmpconv {name}')
    before = {path for path in home.rglob('*') if path.is_file()}
    done = subprocess.run(
        [sys.executable, '-m', 'mmpconv', name, *args], cwd=home, capture_output=True, text=True,
        env={**os.environ, 'TORCH_HOME': str(home / 'torch'), 'OMP_NUM_THREADS': '1', 'CUDA_VISIBLE_DEVICES': ''})
    assert done.returncode == 0, done.stderr
    if '-o' in args:
        out = home / args[args.index('-o') + 1]
        assert out.is_file() if out.suffix else any(out.rglob('*.*'))
    if name == 'inpaint' and '-o' in args and out.suffix:
        assert_only_the_hole_changed(home / args[0], out)
        assert ('--compare' in args) == ((home / f'{out.stem}.compare.png') in set(home.iterdir()) - before)


@pytest.mark.parametrize('command', PIPES)
def test_pipe_runs(command, home):
    """With the programs of this environment in place of those in the path."""
    programs = {'mmpconv': f'{sys.executable} -m mmpconv', 'torchrun': f'{sys.executable} -m torch.distributed.run'}
    words = [programs.get(word, word) if place != '-m' else word
             for place, word in zip(['', *command.split()], command.split())]
    done = subprocess.run(' '.join(words), shell=True, cwd=home, capture_output=True, text=True, env={
        **os.environ, 'OMP_NUM_THREADS': '1', 'CUDA_VISIBLE_DEVICES': ''})
    assert done.returncode == 0, done.stderr
    if command.startswith('torchrun'):
        assert {path.name for path in (home / words[-1]).rglob('*.png')} == {'a.png', 'b.png'}
        assert '2 of 2 photos filled' in done.stdout
    else:
        assert_only_the_hole_changed(home / 'photo.jpg', home / words[-1])


def assert_only_the_hole_changed(photo, filled):
    before, after = (np.asarray(Image.open(path).convert('RGB')).astype(int) for path in (photo, filled))
    changed = (before != after).any(2)
    assert changed[20:35, 30:50].mean() > 0.9
    changed[20:35, 30:50] = False
    assert not changed.any()


def _without_a_network(home, *options):
    return subprocess.run(
        [sys.executable, '-m', 'mmpconv', 'inpaint', 'photo.jpg', 'mask.png', '-o', 'other.png', *options], cwd=home,
        capture_output=True, text=True,
        env={**os.environ, 'TORCH_HOME': str(home / 'empty'), 'https_proxy': 'http://127.0.0.1:9'})


def test_the_default_network_needs_no_download(home):
    """As the first command of the README takes it."""
    done = _without_a_network(home)
    assert done.returncode == 0, done.stderr
    assert_only_the_hole_changed(home / 'photo.jpg', home / 'other.png')
    (home / 'other.png').unlink()


def test_a_download_that_fails_names_the_way_on(home):
    done = _without_a_network(home, '--model', 'pconv_stage2_4xb2_places-256x256')
    assert done.returncode == 1 and 'cannot be downloaded' in done.stderr and 'without --model' in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1 and not (home / 'other.png').exists()
