"""MMagic's inferencer with a config and a checkpoint of this package, in a process of its own."""
import subprocess
import sys

import cv2
import numpy as np
from skimage import data
from tool_runs import ROOT

WEIGHTS = ROOT / 'mmpconv/checkpoints/weights/oriented-unet_1xb4_photos-256x256.safetensors'
PROGRAM = """
import mmpconv
from mmagic.apis import MMagicInferencer

inferencer = MMagicInferencer('partial_conv', model_config='mine.py', model_ckpt={weights!r}, device='cpu')
inferencer.infer(img='photo.png', mask='mask.png', result_out_dir='filled.png')
assert type(inferencer.inferencer.inferencer.model).__module__.startswith('mmpconv.')

from mmpconv.apis import Inpainter

Inpainter(device='cpu')('photo.png', 'mask.png', 'ours.png')
"""


def test_it_fills_as_ours_does(tmp_path):
    (tmp_path / 'mine.py').write_text("_base_ = ['mmpconv::oriented_unet/oriented-unet_1xb4_photos-256x256.py']\n")
    photo = cv2.resize(data.astronaut()[..., ::-1], (128, 128), interpolation=cv2.INTER_AREA)
    mask = np.zeros((128, 128), np.uint8)
    mask[60:66, 20:100] = 255
    cv2.imwrite(str(tmp_path / 'photo.png'), photo)
    cv2.imwrite(str(tmp_path / 'mask.png'), mask)
    subprocess.run([sys.executable, '-W', 'ignore', '-c', PROGRAM.format(weights=str(WEIGHTS))], cwd=tmp_path,
                   check=True)
    theirs, ours = (cv2.imread(str(tmp_path / f'{name}.png')).astype(int) for name in ('filled', 'ours'))
    assert np.array_equal(theirs[mask == 0], photo[mask == 0])
    assert abs(theirs - ours).max() <= 1
