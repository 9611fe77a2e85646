"""The photos, holes and scores of the demo. The whole demo: tests/test_tools."""
import cv2
import numpy as np
import pytest
from mmengine.runner.checkpoint import CheckpointLoader

from mmpconv.apis import DEFAULT_MODEL
from mmpconv.apis.models import shipped_model
from mmpconv.checkpoints import read_safetensors
from mmpconv.checkpoints.loading import file_of
from mmpconv.cli import main
from mmpconv.configs import load_config
from mmpconv.demo import CONFIG, HELD_OUT_PHOTOS, TRAINING_PHOTOS, damaged_photos, draw, table, write_photos


def test_photos_that_are_filled_are_not_trained_on(tmp_path):
    assert not set(HELD_OUT_PHOTOS) & set(TRAINING_PHOTOS)
    write_photos(tmp_path)
    assert {path.stem for path in (tmp_path / 'train').iterdir()} == set(TRAINING_PHOTOS)
    tiles = list((tmp_path / 'val').iterdir())
    assert {path.stem.split('_')[0] for path in tiles} == set(HELD_OUT_PHOTOS)
    assert {cv2.imread(str(path)).shape for path in tiles} == {(256, 256, 3)}


def test_holes_are_of_their_kinds_and_the_same_each_time():
    damaged = damaged_photos()
    for one, again in zip(damaged, damaged_photos(), strict=True):
        assert np.array_equal(one.hole, again.hole)
        assert (one.photo[one.hole] == 255).all() and np.array_equal(one.photo[~one.hole], one.truth[~one.hole])
    deepest = {one.kind: cv2.distanceTransform(one.hole.astype(np.uint8), cv2.DIST_L2, 5).max() for one in damaged}
    parts = {one.kind: cv2.connectedComponents(one.hole.astype(np.uint8))[0] - 1 for one in damaged}
    share = {one.kind: one.hole.mean() for one in damaged}
    assert deepest['scratches'] < 8 and deepest['text'] < 8 and deepest['strokes'] < deepest['object']
    assert parts['object'] == 1 and parts['text'] > 40
    assert all(0.02 < value < 0.3 for value in share.values())


def test_table_has_the_error_of_the_hole():
    damaged = damaged_photos()[:1]
    one, = damaged
    filled = one.truth.copy()
    filled[one.hole] ^= 16  # off by 16 everywhere in the hole
    lines = table(damaged, {'by 16': [filled]}).splitlines()
    expected = 20 * np.log10(255 / 16)
    assert lines[1].split() == ['scratches', f'{expected:.2f}'] and lines[2].split() == ['mean', f'{expected:.2f}']


def test_picture_has_a_row_a_photo_and_a_column_a_filling(tmp_path):
    damaged = damaged_photos()
    shapes = []
    for methods in (1, 3):
        draw(damaged, {str(i): [one.photo for one in damaged] for i in range(methods)}, tmp_path / 'picture.png')
        shapes.append(cv2.imread(str(tmp_path / 'picture.png')).shape)
    assert shapes[1][1] * 3 == shapes[0][1] * 5 and shapes[0][0] == shapes[1][0]


def test_training_starts_from_the_weights_in_the_package():
    weights = CheckpointLoader.load_checkpoint(load_config(CONFIG).load_from)['state_dict']
    shipped = read_safetensors(file_of(shipped_model(DEFAULT_MODEL).weights))['state_dict']
    assert weights.keys() == shipped.keys() and all((weights[key] == shipped[key]).all() for key in shipped)


def test_iterations_that_are_none_are_wrong_usage(capsys):
    with pytest.raises(SystemExit) as end:
        main(['demo', '--iters', '0'])
    assert end.value.code == 2 and '--iters: 0 is not a whole number that is at least 1' in capsys.readouterr().err
