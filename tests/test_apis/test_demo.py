"""The demo's photo: filled where a line was drawn, and nowhere else. The whole demo: tests/test_tools."""
import cv2
import pytest
import skimage.data
from mmengine.config import Config
from test_benchmark_network import save_checkpoint

from mmpconv.apis.demo import main
from mmpconv.apis.demo.command_line import CONFIG
from mmpconv.apis.demo.one_photo import fill_one_photo
from mmpconv.apis.demo.photos import HELD_OUT_PHOTOS, TRAINING_PHOTOS
from mmpconv.engine.files import load_config


def test_the_photo_was_not_trained_on_and_is_filled_where_the_line_is(tmp_path):
    config = load_config(CONFIG)
    assert isinstance(config, Config) and not set(HELD_OUT_PHOTOS) & set(TRAINING_PHOTOS)
    fill_one_photo(tmp_path, CONFIG, save_checkpoint(config, tmp_path / 'random.pth'))
    photo, mask, filled = (cv2.imread(str(tmp_path / f'{name}.png')) for name in ('photo', 'mask', 'filled'))
    assert (photo[..., ::-1] == skimage.data.chelsea()).all()
    hole = mask[..., 0] > 0
    assert 0.02 < hole.mean() < 0.2
    assert (filled[~hole] == photo[~hole]).all() and (filled[hole] != photo[hole]).any(1).mean() > 0.9


def test_iterations_that_are_none_are_wrong_usage(capsys):
    with pytest.raises(SystemExit) as end:
        main(['--iters', '0'], 'mmpconv demo')
    assert end.value.code == 2 and 'mmpconv demo: error: --iters is 0' in capsys.readouterr().err
