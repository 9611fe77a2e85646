"""Hostile and generated files, in processes of their own, which could crash."""
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from patience import PATIENCE

import mmpconv.registry  # noqa: F401  (puts the loaders in force)

HERE = Path(__file__).parent


def run(program: str, *arguments: str) -> dict:
    done = subprocess.run([sys.executable, '-W', 'ignore', str(HERE / program), *arguments], capture_output=True,
                          text=True, timeout=PATIENCE)
    assert done.stdout, f'{done.returncode}: {done.stderr[-2000:]}'
    return json.loads(done.stdout)


def test_every_hostile_file_is_refused_in_one_sentence_and_bounded_memory():
    found = run('hostile_checkpoints.py')
    assert found['failed'] == {} and found['kinds'] == found['refused'] >= 120


def test_generated_pickles_crash_nothing_and_call_nothing_but_what_is_listed():
    found = run('fuzzed_pickles.py', '--count', '300', '--seed', '3')
    assert found['strange'] == {}
    assert found["this package's: loaded"] > 0 and found["torch's: loaded"] > 0


class Called:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


class Changed(Called):
    """A kind of number that is then told that it is objects."""

    def __reduce__(self):
        return (*self.call, (3, '|', (np.dtype('O'), (2,)), None, None, -1, -1, 0))


@pytest.mark.parametrize('value', [Called(np.ndarray, (2,), 'O', b'A' * 16), Called(np.ndarray, (2,)),
                                   Called(np.dtype, 'O'), Changed(np.dtype, 'f8'), Called(np.dtype, 'V8')])
def test_torch_itself_makes_no_array_over_memory_of_a_files_choosing(tmp_path, value):
    torch.save(value, tmp_path / 'a.pth')
    with pytest.raises(Exception, match='numpy|numbers|Float64DType'):
        torch.load(tmp_path / 'a.pth')


def test_arrays_of_numbers_come_back_from_torch_itself(tmp_path):
    arrays = [np.arange(6, dtype=code).reshape(2, 3) for code in ('f2', '>f4', 'f8', 'i1', '<i8', 'u2', 'c16')]
    torch.save([*arrays, arrays[2].T, np.float32(2), np.array(True)], tmp_path / 'a.pth')
    *read, transposed, scalar, flag = torch.load(tmp_path / 'a.pth')
    for array, expected in zip((*read, transposed), (*arrays, arrays[2].T)):
        np.testing.assert_array_equal(array, expected)
        assert array.dtype == expected.dtype.newbyteorder('=')  # as numpy itself reads it
    assert (scalar, bool(flag)) == (2, True)
    torch.save(read, tmp_path / 'b.pth')  # and are saved as numpy's own
    assert b'mmpconv' not in (tmp_path / 'b.pth').read_bytes()
