"""A folder that one process at a time works in."""
import subprocess

import pytest

from mmpconv.errors import LaunchError
from mmpconv.whole_files import locked


def test_who_comes_second_is_told_and_may_come_again_later(tmp_path):
    folder = tmp_path / 'new/runs'
    message = f'^another comparison is running in {folder}; wait until it ends, or give another --work-dir$'
    with locked(folder, 'another comparison'):
        with pytest.raises(LaunchError, match=message), locked(folder, 'another comparison'):
            pass
        with locked(tmp_path / 'others', 'another'):
            pass
    with locked(folder, 'another comparison'):
        pass


def test_a_process_that_was_left_behind_keeps_the_folder(tmp_path):
    """As when the comparison was ended by SIGKILL: its trainings go on and write there."""
    with locked(tmp_path, 'another') as lock:
        training = subprocess.Popen(['sleep', '30'], pass_fds=[lock])
    try:
        with pytest.raises(LaunchError, match='another is running in'), locked(tmp_path, 'another'):
            pass
    finally:
        training.kill()
        training.wait()
    with locked(tmp_path, 'another'):
        pass
