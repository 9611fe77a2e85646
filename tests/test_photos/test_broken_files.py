"""Whatever a file holds, it is read or refused by one sentence."""
import io
import subprocess
import sys
from pathlib import Path

import broken_files
import cv2
import pytest

from mmpconv.photos import Photo, UnreadableImageError

MEGABYTE = 2**20
linux = pytest.mark.skipif(not sys.platform.startswith('linux'), reason='peak memory is read from /proc')


def refusals(files):
    """Names of all files, and what was said of those that were refused."""
    names, refused = [], {}
    for name, content in files:
        names.append(name)
        try:
            Photo.read(io.BytesIO(content)).color()
        except UnreadableImageError as error:
            refused[name] = str(error)
    return names, refused


@pytest.mark.parametrize('kind, at_least', [('cut_off', 180), ('no_pictures', 60), ('huge', 9)])
def test_files_that_are_no_complete_pictures_are_refused_in_one_line(photo, kind, at_least, recwarn):
    names, refused = refusals(getattr(broken_files, kind)(photo))
    assert len(names) >= at_least and [name for name in names if name not in refused] == []
    assert all('\n' not in line and len(line) < 300 for line in refused.values())
    assert not recwarn.list


def test_damaged_files_are_read_or_refused_in_one_line(photo, recwarn):
    names, refused = refusals(broken_files.damaged(photo))
    assert len(names) >= 260 and len(names) / 3 < len(refused) < len(names)
    assert all('\n' not in line and len(line) < 300 for line in refused.values())
    assert not recwarn.list


@pytest.mark.parametrize('name', ['huge.png', 'huge.gif', 'huge.bmp', 'huge.ppm', 'huge.jpg', 'huge.tif',
                                  'huge-deep.tif', 'huge-float.tif'])
def test_a_huge_header_is_told_as_such(photo, name):
    content = dict(broken_files.huge(photo))[name]
    told = r'than the limit of 89478485; scale it down(, or set max_pixels=\d+)?$'
    with pytest.raises(UnreadableImageError, match=told):
        Photo.read(io.BytesIO(content))
    with pytest.raises(UnreadableImageError):  # what a user gets who believes the header
        Photo.read(io.BytesIO(content[:200]), max_pixels=10**6)


@linux
def test_huge_headers_take_no_memory_and_no_decoder_talks(photo, tmp_path):
    talked_of = [file for file in broken_files.no_pictures(photo) if file[0].endswith('tif')]
    for name, content in [*broken_files.huge(photo), *talked_of]:
        (tmp_path / name).write_bytes(content)
    assert _peak_of_reading(*tmp_path.iterdir()) < 40 * MEGABYTE


@linux
def test_a_photo_of_12_megapixels_takes_little_more_than_pillow_and_its_own_pixels(photo, tmp_path):
    cv2.imwrite(str(tmp_path / 'photo.jpg'), cv2.resize(photo, (4000, 3000)))
    pixels = 3 * 12_000_000
    assert pixels < _peak_of_reading(tmp_path / 'photo.jpg') < pixels * (1 + 4 / 3) + 24 * MEGABYTE


def _peak_of_reading(*paths: Path) -> int:
    """Bytes by which the peak memory of a process grows when it reads pictures."""
    program = '''
import re, sys
from mmpconv.photos import Photo, UnreadableImageError
import tifffile
def peak():  # of getrusage's the child of a large process begins with that process's
    return 1024 * int(re.search(r'VmHWM:\\s+(\\d+) kB', open('/proc/self/status').read())[1])
before = peak()
for path in sys.argv[1:]:
    try:
        photo = Photo.read(path)
    except UnreadableImageError:
        pass
print(peak() - before)
'''
    command = [sys.executable, '-c', program, *map(str, paths)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert not result.stderr
    return int(result.stdout)
