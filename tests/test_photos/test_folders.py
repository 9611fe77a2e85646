"""Photos in folders are found in one order, by their suffixes."""
import os

import pytest

from mmpconv.photos.folders import photo_files


@pytest.fixture
def put(tmp_path):
    """Makes files in a folder, which it returns."""
    def put(*names):
        for name in names:
            (tmp_path / 'photos' / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / 'photos' / name).write_bytes(b'1')
        return tmp_path / 'photos'

    return put


def test_photos_come_as_sorted_gives_whole_paths(put):
    names = ['a/x.jpg', 'a-b/x.jpg', 'a.jpg', 'a b.JPG', 'B/ü.Png', 'a/b/c/d.tiff', 'é.webp', 'a/x.jpeg', 'Z.bmp']
    assert list(photo_files(put(*names))) == sorted(names)


def test_what_is_no_photo_is_passed_over(put):
    folder = put('1.jpg', '.2.jpg', '.git/3.jpg', '__MACOSX/4.jpg', '5.txt', '6', 'in/.7.png', 'folder.jpg/8.png')
    (folder / 'nowhere.jpg').symlink_to(folder / 'gone.jpg')
    assert list(photo_files(folder)) == ['1.jpg', 'folder.jpg/8.png']


def test_links_are_followed_but_not_in_circles(put, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp('elsewhere')
    (elsewhere / 'far.jpg').write_bytes(b'1')
    folder = put('a/1.jpg')
    (folder / 'link').symlink_to(elsewhere)
    (folder / 'a/up').symlink_to(folder)
    assert list(photo_files(folder)) == ['a/1.jpg', 'link/far.jpg']


def test_only_one_folder_is_held_at_a_time(put, monkeypatch):
    """The first photo is there before the second folder is looked into."""
    folder, opened = put('a/1.jpg', 'b/2.jpg'), []
    scandir = os.scandir
    monkeypatch.setattr(os, 'scandir', lambda path: opened.append(os.path.basename(path)) or scandir(path))
    assert next(photo_files(folder)) == 'a/1.jpg'
    assert 'b' not in opened
