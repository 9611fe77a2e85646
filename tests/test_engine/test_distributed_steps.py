"""A step of 1, 2 and 4 processes is one and the same, as far as numbers of a computer allow.

In float32 it cannot be equal to the last digit: a process first adds the gradients of its own photos, in whatever order
its convolutions do, then those of all processes are added, and the sum of rounded numbers depends on the order. That it
is this alone, and nothing of what is computed, shows float64, in which the difference is 10^9 times smaller. (Batch
normalisation without ``SyncBN`` is another function where a process has fewer photos.)
"""
import json
import subprocess
import sys
from pathlib import Path

import pytest
from patience import PATIENCE


@pytest.mark.slow
def test_processes_take_the_step_of_one_up_to_the_order_of_sums():
    program = Path(__file__).with_name('distributed_steps.py')
    done = subprocess.run([sys.executable, '-W', 'ignore', str(program)], capture_output=True, text=True,
                          timeout=PATIENCE)
    assert done.returncode == 0, done.stderr[-5000:]  # also if processes had different weights after the step
    found = json.loads(done.stdout)
    exact = found.pop('2 processes of one photo and 2 photos one after the other, torch.float32')
    assert exact == 0  # two numbers are added in one way only
    assert len(found) == 6
    for compared, difference in found.items():
        assert difference < (1e-13 if 'float64' in compared else 1e-4), compared
