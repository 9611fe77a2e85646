import csv

import pytest

from mmpconv.dataset_converters import lists
from mmpconv.dataset_converters.lists import PhotoList, write_lists
from mmpconv.errors import LaunchError
from mmpconv.photos.folders import photo_files


@pytest.fixture
def wanted(put):
    """The list of a folder of three photos, one of them cut off, and one that is grey."""
    folder = put('photos/a.jpg', 'photos/b c.jpg', 'photos/d.jpg').joinpath('photos')
    (folder / 'b c.jpg').write_bytes((folder / 'a.jpg').read_bytes()[:-200])
    return PhotoList(folder.parent / 'meta/list.txt', folder, lambda: photo_files(folder))


def rows(file):
    with open(file, encoding='utf-8', newline='') as opened:
        return list(csv.DictReader(opened))


def test_without_verifying_all_names_are_listed_and_no_photo_is_opened(wanted, monkeypatch):
    monkeypatch.setattr(lists, 'inspect_photo', None)
    write_lists([wanted])
    assert wanted.file.read_text() == 'a.jpg\nb c.jpg\nd.jpg\n'
    assert [path.name for path in wanted.file.parent.iterdir()] == ['list.txt']


def test_broken_photos_are_left_out_named_and_make_it_fail(wanted):
    before = {path: path.read_bytes() for path in wanted.folder.iterdir()}
    with pytest.raises(LaunchError, match='^1 of the photos cannot be used .*list_report.csv$'):
        write_lists([wanted], verify=True)
    assert wanted.file.read_text() == 'a.jpg\nd.jpg\n'
    row, = rows(wanted.report)
    assert (row['file'], row['found'], row['treatment']) == ('b c.jpg', 'cut off or damaged', 'left out')
    assert {path: path.read_bytes() for path in wanted.folder.iterdir()} == before


def test_the_same_list_is_left_alone_and_another_one_is_not_replaced_unasked(wanted):
    write_lists([wanted])
    written = wanted.file.stat().st_mtime_ns
    write_lists([wanted])
    assert wanted.file.stat().st_mtime_ns == written
    (wanted.folder / 'e.jpg').write_bytes(b'1')
    with pytest.raises(LaunchError, match="it ends before 'e.jpg'; .*--force"):
        write_lists([wanted])
    assert 'e.jpg' not in wanted.file.read_text()
    write_lists([wanted], force=True)
    assert wanted.file.read_text().endswith('d.jpg\ne.jpg\n')


@pytest.mark.parametrize('there, difference', [
    ('a.jpg\nx.jpg\nd.jpg\n', "line 2 is 'x.jpg' there and 'b c.jpg' here"),
    ('a.jpg\nb c.jpg\nd.jpg\ne.jpg\n', "it goes on with 'e.jpg'"), ('', "it ends before 'a.jpg'")])
def test_the_first_difference_is_told(wanted, there, difference):
    wanted.file.parent.mkdir()
    wanted.file.write_text(there)
    with pytest.raises(LaunchError, match=difference):
        write_lists([wanted])
    assert wanted.file.read_text() == there


def test_a_list_in_the_way_is_noticed_before_photos_are_decoded_or_another_list_is_written(wanted, monkeypatch):
    monkeypatch.setattr(lists, 'inspect_photo', None)
    write_lists([wanted])
    other = PhotoList(wanted.file.with_name('other.txt'), wanted.folder, wanted.lines)
    with pytest.raises(LaunchError, match='--verify may have to take photos out of it'):
        write_lists([other, wanted], verify=True)
    assert not other.file.exists()


def test_an_interrupted_run_leaves_no_list(wanted, monkeypatch):
    def interrupted(folder, path):
        if path == 'd.jpg':
            raise KeyboardInterrupt
        return []

    monkeypatch.setattr(lists, 'inspect_photo', interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_lists([wanted], verify=True, jobs=1)
    assert list(wanted.file.parent.iterdir()) == []


def test_when_no_photo_can_be_used_there_is_a_report_and_no_list(put):
    folder = put('photos/a.jpg', content=b'').joinpath('photos')
    wanted = PhotoList(folder.parent / 'list.txt', folder, lambda: photo_files(folder))
    with pytest.raises(LaunchError, match='none of the 1 photos'):
        write_lists([wanted], verify=True)
    assert not wanted.file.exists()
    assert rows(wanted.report)[0]['found'] == 'empty file'
    with pytest.raises(LaunchError, match='there are no photos for'):
        write_lists([PhotoList(wanted.file, folder, list)])


def test_names_that_a_list_cannot_hold_are_left_out_and_named(put, fails):
    folder = put('a.jpg', 'b.jpg', 'c.jpg d.jpg')
    assert '1 of the photos cannot be used' in fails('image-folder', folder)
    listed = (folder / 'train.txt').read_text() + (folder / 'val.txt').read_text()
    assert sorted(listed.splitlines()) == ['a.jpg', 'b.jpg']
    reported = [row for report in folder.glob('*_report.csv') for row in rows(report)]
    assert [row['file'] for row in reported] == ['c.jpg d.jpg']
