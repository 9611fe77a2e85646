"""Files that are there completely or not at all, and a folder that one process at a time works in."""
import errno
import os
import resource
import signal
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from patience import PATIENCE

from mmpconv.errors import LaunchError
from mmpconv.whole_files import (
    append,
    locked,
    read_json,
    remove_unfinished,
    whole_file,
    whole_folder,
    write_json,
    write_text,
)


def test_a_file_appears_when_it_is_complete(tmp_path):
    path = tmp_path / 'new/photo.png'
    with whole_file(path) as unfinished:
        unfinished.write_text('half')
        assert not path.exists() and unfinished.suffix == '.png'
    assert path.read_text() == 'half' and list(path.parent.iterdir()) == [path]


def test_an_interrupted_file_leaves_the_old_one(tmp_path):
    path = tmp_path / 'photo.png'
    path.write_text('old')
    with pytest.raises(KeyboardInterrupt), whole_file(path) as unfinished:
        unfinished.write_text('half')
        raise KeyboardInterrupt
    assert path.read_text() == 'old' and list(tmp_path.iterdir()) == [path]


def test_threads_do_not_write_to_one_unfinished_file(tmp_path):
    together = Barrier(4, timeout=PATIENCE)

    def write(number):
        with whole_file(tmp_path / 'photo.txt') as unfinished:
            unfinished.write_text(str(number))
            together.wait()
            assert unfinished.read_text() == str(number)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(4)))
    assert [path.name for path in tmp_path.iterdir()] == ['photo.txt']


def test_a_name_may_be_as_long_as_the_file_system_allows(tmp_path):
    path = tmp_path / ('x' * 250 + '.json')
    write_json(path, [1])
    assert read_json(path) == [1]


def test_a_durable_file_is_on_the_disk_before_it_gets_its_name_and_its_name_after(tmp_path, monkeypatch):
    path, events, replace, fsync = tmp_path / 'weights.pth', [], os.replace, os.fsync
    monkeypatch.setattr(os, 'replace', lambda *names: events.append('name') or replace(*names))
    monkeypatch.setattr(os, 'fsync', lambda number: events.append(
        os.path.basename(os.readlink(f'/proc/self/fd/{number}'))) or fsync(number))
    with whole_file(path, durable=True) as unfinished:
        unfinished.write_text('weights')
    assert events == [unfinished.name, 'name', tmp_path.name]
    write_json(path, 'not worth waiting for')
    assert events[3:] == ['name']


def test_a_full_disk_names_the_file_and_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / 'weights.txt'
    path.write_text('old')

    def full(number):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, 'fsync', full)
    with pytest.raises(OSError, match=f"No space left on device: '{path}'"):
        write_text(path, 'new', durable=True)
    assert path.read_text() == 'old' and list(tmp_path.iterdir()) == [path]


def test_what_killed_runs_left_is_removed_and_nothing_else(tmp_path):
    kept = [tmp_path / name for name in ('.lock', 'iter_3.pth', 'unfinished.pth')]
    for path in (*kept, tmp_path / '.iter_4.123-0.unfinished.pth', tmp_path / '.last_checkpoint.123-1.unfinished'):
        path.touch()
    remove_unfinished(tmp_path)
    assert sorted(tmp_path.iterdir()) == kept
def left_by_a_kill(folder, write):
    """Have a process killed while it writes; returns what it left."""
    code = f'import os, signal\nfrom pathlib import Path\nfrom mmpconv.whole_files import *\n{write}'
    ended = subprocess.run([sys.executable, '-c', textwrap.dedent(code)], cwd=folder)
    assert ended.returncode == -signal.SIGKILL
    return sorted(path.name for path in folder.iterdir())


KILL_IN_A_FILE = """
with whole_file(Path('photo.png')) as unfinished:
    unfinished.write_text('half')
    os.kill(os.getpid(), signal.SIGKILL)
"""
KILL_IN_A_FOLDER = """
with whole_folder(Path('set')) as unfinished:
    (unfinished / 'masks').mkdir()
    os.kill(os.getpid(), signal.SIGKILL)
"""
KILL_IN_THE_EXCHANGE = """
rename, calls = Path.rename, []
def killed(self, target):
    if calls:
        os.kill(os.getpid(), signal.SIGKILL)
    calls.append(self)
    return rename(self, target)
Path.rename = killed
with whole_folder(Path('set')) as unfinished:
    (unfinished / 'new').touch()
"""


@pytest.mark.parametrize('write', [KILL_IN_A_FILE, KILL_IN_A_FOLDER])
def test_what_a_killed_process_left_is_removed_by_the_next_writer(tmp_path, write):
    left, = left_by_a_kill(tmp_path, write)
    assert '.unfinished' in left
    write_text(tmp_path / 'other.txt', 'x')
    assert [path.name for path in tmp_path.iterdir()] == ['other.txt']


def test_a_folder_that_was_being_replaced_is_put_back(tmp_path):
    (tmp_path / 'set').mkdir()
    (tmp_path / 'set/precious').touch()
    assert not any(name == 'set' for name in left_by_a_kill(tmp_path, KILL_IN_THE_EXCHANGE))
    write_text(tmp_path / 'other.txt', 'x')
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob('*')) == [
        'other.txt', 'set', 'set/precious']


def test_what_a_living_process_is_writing_is_not_removed(tmp_path):
    code = 'from pathlib import Path\nfrom mmpconv.whole_files import whole_file, whole_folder\n' \
           'with whole_file(Path("a.txt")) as unfinished, whole_folder(Path("b")) as folder:\n' \
           '    unfinished.write_text("whole"), (folder / "c").touch()\n    print("writing", flush=True)\n    input()\n'
    with subprocess.Popen([sys.executable, '-c', code], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as process:
        assert process.stdout.readline() == 'writing\n'
        with whole_file(tmp_path / 'mine.txt') as unfinished:
            remove_unfinished(tmp_path)
            assert unfinished.exists() and len(list(tmp_path.iterdir())) == 3
        process.communicate('\n')
    assert (tmp_path / 'a.txt').read_text() == 'whole' and (tmp_path / 'b/c').exists()
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize('name', ['.photo.unfinished.png', 'photo.1-2.unfinished.png', '.x.1-2.older', '.hidden'])
def test_what_is_not_of_this_package_is_left_alone(tmp_path, name):
    (tmp_path / name).touch()
    remove_unfinished(tmp_path)
    assert (tmp_path / name).exists()


def test_links_are_not_followed_when_cleaning(tmp_path):
    (tmp_path / 'elsewhere').mkdir()
    (tmp_path / 'elsewhere/file').touch()
    link = tmp_path / '.x.1-2.unfinished'
    link.symlink_to(tmp_path / 'elsewhere')
    remove_unfinished(tmp_path)
    assert (tmp_path / 'elsewhere/file').exists()


@pytest.mark.parametrize('old', [False, True])
def test_an_interrupted_folder_leaves_the_old_one(tmp_path, old):
    if old:
        (tmp_path / 'set').mkdir()
        (tmp_path / 'set/file').touch()
    with pytest.raises(KeyboardInterrupt), whole_folder(tmp_path / 'set') as unfinished:
        (unfinished / 'half').touch()
        raise KeyboardInterrupt
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob('*')] == (['set', 'set/file'] * old)
    with whole_folder(tmp_path / 'set') as unfinished:
        (unfinished / 'new').touch()
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob('*')) == ['set', 'set/new']


def test_a_line_that_does_not_fit_is_taken_back(tmp_path):
    path = tmp_path / 'scores.csv'
    append(path, 'first\n')
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (9, limit[1]))  # a full disk, as far as this process can see
    try:
        with pytest.raises(OSError):
            append(path, 'second\n')
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_text() == 'first\n'
    append(path, b'second\n')
    assert path.read_text() == 'first\nsecond\n'


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
        training = subprocess.Popen(['sleep', '3600'], pass_fds=[lock])
    try:
        with pytest.raises(LaunchError, match='another is running in'), locked(tmp_path, 'another'):
            pass
    finally:
        training.kill()
        training.wait()
    with locked(tmp_path, 'another'):
        pass
