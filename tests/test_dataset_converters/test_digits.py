"""The digits are scikit-learn's, cut between people, and in a folder that is complete or absent."""
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from sklearn.datasets import load_digits

from mmpconv.cli import main
from mmpconv.dataset_converters import digits
from mmpconv.dataset_converters.digits import write_digits

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp('data') / 'new/digits'
    write_digits(folder)
    return folder


def test_images_and_labels_are_those_of_scikit_learn(folder):
    theirs = load_digits()
    paths = sorted(folder.glob('*/*/*.png'), key=lambda path: path.stem)
    assert [path.relative_to(folder).parts for path in paths] == [
        ('train' if number < 1198 else 'val', str(label), f'{number:04}.png')
        for number, label in enumerate(theirs.target)]
    images = np.stack([cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in paths])
    assert images.shape == (1797, 8, 8) and images.dtype == np.uint8
    np.testing.assert_allclose(images, theirs.images / 16 * 255, rtol=0, atol=0.5 + 1e-9)
    assert images.min() == 0 and images.max() == 255


def test_both_parts_have_all_classes(folder):
    for part, count in (('train', 1198), ('val', 599)):
        assert sorted(path.name for path in (folder / part).iterdir()) == [*'0123456789']
        assert len(list(folder.glob(f'{part}/*/*.png'))) == count


def test_others_may_read_the_folder_and_nothing_lies_beside_it(folder):
    assert folder.stat().st_mode & 0o777 == 0o755
    assert list(folder.parent.iterdir()) == [folder]


@pytest.mark.parametrize('empty', [True, False])
def test_an_existing_folder_is_refused_and_left_alone(tmp_path, empty):
    kept = [] if empty else [tmp_path / 'mine.txt']
    for path in kept:
        path.touch()
    with pytest.raises(FileExistsError, match=f'{tmp_path} exists already; remove it first, or name another folder'):
        write_digits(tmp_path)
    assert list(tmp_path.iterdir()) == kept


@pytest.mark.parametrize('error', [OSError, KeyboardInterrupt])
def test_nothing_is_left_of_an_attempt_that_fails(tmp_path, monkeypatch, error):
    written = []

    def encode(image):
        if len(written) == 100:
            raise error
        written.append(image)
        return b'image'

    monkeypatch.setattr(digits, 'encode_png', encode)
    with pytest.raises(error):
        write_digits(tmp_path / 'digits')
    assert list(tmp_path.iterdir()) == []


def test_the_tool_writes_them_and_refuses_to_do_so_twice(tmp_path, monkeypatch):
    done = subprocess.run([sys.executable, str(ROOT / 'tools/dataset_converters/digits.py')], cwd=tmp_path,
                          capture_output=True, text=True, env={**os.environ, 'PYTHONPATH': str(ROOT)})
    assert (done.returncode, done.stdout) == (0, 'written: data/digits\n')
    assert len(list(tmp_path.glob('data/digits/*/*/*.png'))) == 1797
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match='error: data/digits exists already; remove it first, or name another folder'):
        main(['prepare-dataset', 'digits', '--out', 'data/digits'])
