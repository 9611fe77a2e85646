"""Errors that a user has to act on end a program with one sentence; what would end it at once is an interrupt."""
import os
import signal
import time
import weakref
from concurrent.futures import ProcessPoolExecutor

import pytest
from torch.utils.data import DataLoader, Dataset

from mmpconv.checkpoints import CheckpointError
from mmpconv.datasets.frozen_benchmark import BenchmarkError
from mmpconv.errors import LaunchError, termination_as_interrupt, user_errors
from mmpconv.registry import DATASETS
from mmpconv.whole_files import write_text


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


@pytest.mark.parametrize('workers', [0, 1])
def test_photos_of_which_none_can_be_read_are_a_sentence(tmp_path, workers):
    (tmp_path / 'a.png').write_text('no photo')
    with pytest.raises(SystemExit) as end, user_errors():
        dataset = DATASETS.build(dict(type='InpaintingDataset', data_root=str(tmp_path), pipeline=[
            dict(type='LoadImageFromFile', key='gt')]))
        list(DataLoader(dataset, num_workers=workers))
    assert end.value.code == f'error: none of the 1 photos in {tmp_path} can be read; the log names them'


def test_a_folder_of_photos_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(SystemExit) as end, user_errors():
        DATASETS.build(dict(type='InpaintingDataset', data_root=str(tmp_path), data_prefix=dict(gt='no'), pipeline=[]))
    assert end.value.code.startswith(f'error: there is no folder {tmp_path}/no, where data_prefix looks')


class Killed(Dataset):
    """Its process is killed, as for want of memory."""

    def __len__(self):
        return 1

    def __getitem__(self, index):
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_loader_of_data_that_is_killed_is_a_sentence():
    with pytest.raises(SystemExit) as end, user_errors():
        list(DataLoader(Killed(), num_workers=1))
    assert end.value.code.startswith('error: a process that worked for this one was killed from outside')


def test_a_pool_of_which_a_process_is_killed_is_a_sentence():
    with pytest.raises(SystemExit) as end, user_errors(), ProcessPoolExecutor(1) as pool:
        pool.submit(Killed().__getitem__, 0).result()
    assert end.value.code.startswith('error: a process that worked for this one was killed from outside')


@pytest.mark.parametrize('message', [
    '[/pytorch/third_party/gloo/gloo/transport/tcp/pair.cc:534] Connection closed by peer [127.0.0.1]:31337',
    'NCCL communicator was aborted on rank 1.'])
def test_a_process_of_a_distributed_run_that_ended_is_a_sentence(message):
    with pytest.raises(SystemExit) as end, user_errors():
        raise RuntimeError(message)
    assert end.value.code.startswith('error: another process of this run ended or cannot be reached')


def test_other_errors_keep_their_traceback():
    for kind in (ValueError, RuntimeError):
        with pytest.raises(kind, match='bug'), user_errors():
            raise kind('bug')


@pytest.mark.parametrize('make, reason', [
    (lambda path: path.mkdir(), 'is a directory'),
    (lambda path: path.parent.rmdir() or path.parent.touch(), 'file exists'),
])
def test_a_place_that_cannot_be_that_of_a_file_is_a_sentence(tmp_path, make, reason):
    path = tmp_path / 'folder/out.png'
    path.parent.mkdir()
    make(path)
    message = f'^error: .* cannot be read or written: {reason}; .* name another place$'
    with pytest.raises(SystemExit, match=message), user_errors():
        write_text(path, 'text')


@pytest.fixture(params=[signal.SIGTERM, signal.SIGHUP])
def number(request):
    before = signal.getsignal(request.param)
    yield request.param
    signal.signal(request.param, before)


def test_other_ends_are_interrupts_too(number):
    signal.signal(number, signal.SIG_DFL)
    with pytest.raises(KeyboardInterrupt), termination_as_interrupt():
        signal.raise_signal(number)
    assert signal.getsignal(number) == signal.SIG_DFL


def test_what_is_ignored_stays_ignored(number):
    """As SIGHUP is under nohup."""
    signal.signal(number, signal.SIG_IGN)
    with termination_as_interrupt():
        signal.raise_signal(number)
    assert signal.getsignal(number) == signal.SIG_IGN


def test_an_interrupt_is_one_sentence_also_where_other_software_makes_an_error_of_it(capsys):
    for turned in (False, True):
        with pytest.raises(SystemExit) as end, user_errors():
            try:
                raise KeyboardInterrupt
            except BaseException as interrupt:
                if not turned:
                    raise
                raise SyntaxError('of a config') from interrupt
        assert end.value.code == 130 and capsys.readouterr().err == 'interrupted\n'


def test_an_interrupt_in_a_callback_is_not_lost(capsys):
    """Python only prints what is raised there."""
    class Referred:
        pass

    referred = Referred()
    reference = weakref.ref(referred, lambda _: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt), termination_as_interrupt():
        del referred
        time.sleep(600)
    assert reference() is None and capsys.readouterr().err == ''
