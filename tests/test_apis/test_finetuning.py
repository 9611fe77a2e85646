"""Training on, on a folder of photos, without a config of the user's."""
import subprocess
import sys

import cv2
import pytest
from mmengine.config import Config
from skimage import data

from mmpconv.apis import Inpainter, finetune
from mmpconv.apis.models import write_config
from mmpconv.checkpoints import read_safetensors
from mmpconv.cli.main import main
from mmpconv.errors import LaunchError
from mmpconv.photos.folders import photo_files


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / 'my photos'
    (folder / 'more').mkdir(parents=True)
    photo = cv2.resize(data.astronaut()[..., ::-1], (96, 80), interpolation=cv2.INTER_AREA)
    for name in ('a.jpg', 'b.png', 'more/c.jpg', 'more/d.webp', 'e.jpg'):
        cv2.imwrite(str(folder / name), photo)
    return folder


def test_a_tenth_of_the_photos_is_held_out_and_the_config_says_all(photos, tmp_path):
    config = write_config(photos, [*photo_files(photos)], tmp_path / 'work', iterations=50, batch_size=2)
    train, val = ((tmp_path / f'work/{name}.txt').read_text().splitlines() for name in ('train', 'val'))
    assert sorted(train + val) == ['a.jpg', 'b.png', 'e.jpg', 'more/c.jpg', 'more/d.webp'] and len(val) == 1
    made = Config.fromfile(config)
    assert made.load_from == 'mmpconv://oriented-unet_1xb4_photos-256x256.safetensors'
    assert (made.train_cfg.max_iters, made.train_cfg.val_interval, made.train_dataloader.batch_size) == (50, 10, 2)
    assert made.train_dataloader.dataset.data_root == str(photos)


def test_what_comes_out_is_a_network_near_that_of_the_package(photos, tmp_path, capfd):
    result = finetune(photos, tmp_path / 'work', iterations=1, batch_size=1)
    own = Inpainter(checkpoint=result).network
    assert own.size == 256
    trained = read_safetensors(result)['state_dict']
    before = Inpainter().network._network.generator.state_dict()
    differences = [(trained[f'generator.{key}'] - value).abs().max() for key, value in before.items()]
    assert 0 < max(differences) < 1e-2
    told = capfd.readouterr()
    assert len((told.out + told.err).splitlines()) < 40, 'more than a screen'
    log = next((tmp_path / 'work').glob('*/*.log')).read_text()
    assert 'Config:' in log and 'System environment:' in log
    assert finetune(photos, tmp_path / 'work', iterations=1, batch_size=1, resume=True) == result


HOLD = """
import sys
from pathlib import Path
from mmpconv.whole_files import locked
with locked(Path(sys.argv[1]), '', inherited=False):
    print('ready', flush=True)
    sys.stdin.read()
"""


def test_a_training_that_runs_keeps_its_config(photos, tmp_path):
    """Another command for the same work dir is refused before it writes anything there."""
    program = [sys.executable, '-c', HOLD, str(tmp_path / 'work')]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as run:
        run.stdout.readline()
        with pytest.raises(LaunchError, match='another training is running in'):
            finetune(photos, tmp_path / 'work', iterations=7)
        assert [path.name for path in (tmp_path / 'work').iterdir()] == ['.lock']
        run.stdin.close()


@pytest.mark.parametrize('arguments, message', [
    (dict(photos='nowhere'), 'there is no folder nowhere'), (dict(iterations=0), 'iterations is 0'),
    (dict(photos='.'), '. has 0 photos, but at least 4'),
])
def test_what_cannot_be_trained_on_is_refused_at_once(arguments, message, photos, tmp_path, monkeypatch):
    (tmp_path / 'empty').mkdir()
    monkeypatch.chdir(tmp_path / 'empty')
    with pytest.raises(LaunchError, match=message):
        finetune(**{'photos': photos, **arguments})


@pytest.mark.parametrize('arguments, message', [
    ([], 'say what to train: a CONFIG, or --photos FOLDER'), (['a.py', '--photos', 'b'], 'both a config and --photos'),
    (['--photos', 'nowhere'], 'there is no folder nowhere'),
    (['--photos', 'b', '--amp'], '--amp is for a CONFIG, which --photos writes itself'),
])
def test_the_command_says_what_is_wrong_with_it(arguments, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        raise SystemExit(main(['train', *arguments]))
    assert ended.value.code == 1 or message in str(ended.value.code)
    assert message in capsys.readouterr().err + str(ended.value.code)
