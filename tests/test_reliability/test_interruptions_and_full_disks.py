"""Each command a few times; the programs do it more often, and export too, which takes seconds."""
import subprocess
import sys
from pathlib import Path

import pytest
from patience import PATIENCE

HERE = Path(__file__).parent
COMMANDS = ['inpaint', 'make-benchmark', 'benchmark', 'compare-padding', 'train']


def run(program: str, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, '-W', 'ignore', str(HERE / program), *arguments, '--commands', *COMMANDS],
                          capture_output=True, text=True, timeout=PATIENCE)


@pytest.mark.slow
def test_interrupted_commands_leave_nothing_half_written_and_are_completed_by_the_next():
    done = run('interruptions.py', '--trials', '1')
    assert done.returncode == 0, done.stderr[-5000:]
    assert all(f'{name}, of ' in done.stdout for name in COMMANDS)


@pytest.mark.slow
def test_full_and_read_only_disks_end_commands_with_a_sentence():
    done = run('full_disks.py', '--sizes', '2')
    if done.returncode == 77:
        pytest.skip(done.stderr)
    assert done.returncode == 0, done.stderr[-5000:]
    assert all(f'{name}, ro: ' in done.stdout for name in COMMANDS)
