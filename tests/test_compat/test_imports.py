"""What can be imported, from what, and how fast, in fresh processes: seconds are those of the CPU, not of the clock."""
import subprocess
import sys

from patience import PATIENCE

LIGHT = """
import importlib.abc, sys, time
import torch

class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] in {'mmagic', 'mmcv', 'mmengine'}:
            raise ModuleNotFoundError(f'No module named {name!r}', name=name)

sys.meta_path.insert(0, Absent())
start = time.process_time()
import mmpconv.ops
seconds = time.process_time() - start
import mmpconv.layers
layer = mmpconv.layers.PartialConv2d(1, 1, 3, padding=1)
assert layer(torch.ones(1, 1, 4, 4)).shape == (1, 1, 4, 4)
print(seconds)
"""

WITH_MMENGINE = """
import sys, time
import torch
start = time.process_time()
import mmpconv
print(time.process_time() - start)
assert not {'mmagic', 'mmcv'} & set(sys.modules)
import mmagic.models
import mmseg.models
"""


def output(code):
    result = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, timeout=PATIENCE)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_the_operation_needs_torch_only_and_adds_less_than_a_second_to_it():
    assert float(output(LIGHT)) < 1


def test_mmagic_and_mmseg_import_after_mmpconv_which_stays_light():
    """Without the compat module `import mmagic.models` fails on mmcv-lite."""
    assert float(output(WITH_MMENGINE)) < 3
