"""The programs of docs/export.md, run as they stand there."""
import re
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data

from mmpconv.apis import Inpainter

PAGE = Path(__file__).resolve().parents[3] / 'docs/export.md'
PROGRAMS = re.findall(r'^```py\n(.*?)^```', PAGE.read_text(encoding='utf-8'), re.MULTILINE | re.DOTALL)
WITH_MMPCONV, WITHOUT, OF_TORCH = PROGRAMS
BLOCKED = "import sys\nfor name in ('mmpconv', 'torch', 'mmengine', 'mmagic', 'PIL'):\n    sys.modules[name] = None\n"


@pytest.fixture
def folder(tmp_path, exported, program):
    shutil.copy(exported('pconv'), tmp_path / 'pconv.onnx')
    shutil.copy(program[0], tmp_path / 'pconv.pt2')
    photo = cv2.resize(skimage.data.chelsea(), (90, 61))
    cv2.imwrite(str(tmp_path / 'photo.jpg'), photo[..., ::-1])
    mask = np.zeros((61, 90), np.uint8)
    mask[20:30, 40:55] = 255
    cv2.imwrite(str(tmp_path / 'mask.png'), mask)
    return tmp_path


def run(code, folder):
    done = subprocess.run([sys.executable, '-W', 'ignore', '-c', code], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_program_without_this_package_fills_as_the_inpainter_does(folder, monkeypatch):
    run(BLOCKED + WITHOUT, folder)
    monkeypatch.chdir(folder)
    variables = {}
    exec(WITH_MMPCONV, variables)
    filled = cv2.imread('filled.png')[..., ::-1]
    np.testing.assert_array_equal(filled, np.asarray(variables['filled']))
    np.testing.assert_array_equal(filled, Inpainter('pconv.onnx')(cv2.imread('photo.jpg')[..., ::-1], 'mask.png'))
    hole = cv2.imread('mask.png')[..., 0] > 0
    assert ((filled != cv2.imread('photo.jpg')[..., ::-1]).any(-1) == hole).mean() > 0.99


def test_the_program_of_torch_runs_where_this_package_is_not(folder):
    unchanged = '''
same = (filled == image).all(1, keepdim=True)
assert same[hole == 0].all() and not same[(hole == 1) & (reached == 1)].any() and reached.mean() > 0.9
'''
    run(BLOCKED.replace("'torch', ", '') + OF_TORCH + unchanged, folder)
