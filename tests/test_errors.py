"""Errors that a user has to act on end a program with one sentence."""
import pytest
from torch.utils.data import DataLoader, Dataset

from mmpconv.checkpoints import CheckpointError
from mmpconv.datasets.frozen_benchmark import BenchmarkError
from mmpconv.errors import LaunchError, user_errors


class Replaced(Dataset):
    """A benchmark of which a photo was replaced."""

    def __len__(self):
        return 1

    def __getitem__(self, index):
        raise BenchmarkError('the photo a.png: b is not the one that was hashed; put the original back')


@pytest.mark.parametrize('kind', [LaunchError, CheckpointError, BenchmarkError])
def test_the_message_is_all_that_is_said(kind):
    with pytest.raises(SystemExit) as end, user_errors():
        raise kind('there is no such file; give another one')
    assert end.value.code == 'error: there is no such file; give another one'


def test_so_it_is_when_another_process_loads_the_data():
    with pytest.raises(SystemExit) as end, user_errors():
        list(DataLoader(Replaced(), num_workers=1))
    assert end.value.code == 'error: the photo a.png: b is not the one that was hashed; put the original back'


def test_other_errors_keep_their_traceback():
    with pytest.raises(ValueError, match='bug'), user_errors():
        raise ValueError('bug')
