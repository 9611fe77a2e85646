"""Files that are there completely or not at all."""
import errno
import os
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from mmpconv.whole_files import read_json, remove_unfinished, whole_file, write_json, write_text


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
    together = Barrier(4, timeout=20)

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
