"""Files that are there completely or not at all."""
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from mmpconv.whole_files import read_json, whole_file, write_json


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
