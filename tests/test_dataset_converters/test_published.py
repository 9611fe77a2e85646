import os
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmpconv.dataset_converters.published import missing_files
from mmpconv.datasets.inpainting_dataset import can_be_listed, listed_path


def test_missing_files_are_found_in_any_order(put):
    folder = put('a/1.jpg', 'b/2.jpg', '3.jpg')
    paths = ['b/2.jpg', 'a/1.jpg', 'b/1.jpg', '3.jpg', 'none/4.jpg', 'a', '3.jpg/5.jpg']
    assert list(missing_files(folder, paths)) == ['b/1.jpg', 'none/4.jpg', 'a', '3.jpg/5.jpg']


@pytest.mark.parametrize('line, path', [
    ('/a/airfield/00000001.jpg 0', 'a/airfield/00000001.jpg'), ('Places365_val_00000001.jpg 165\n',
                                                                'Places365_val_00000001.jpg'),
    ('my photo 1.JPG', 'my photo 1.JPG'), ('my photo.png (480,320,3)', 'my photo.png'), ('0001', '0001'),
    ('0001 (480,320,3)', '0001'), ('a.jpg.png', 'a.jpg.png'), ('a.jpgs/b c.webp\r\n', 'a.jpgs/b c.webp'),
])
def test_the_path_of_a_line_ends_with_its_suffix(line, path):
    assert listed_path(line) == path


@pytest.mark.parametrize('name', ['a.jpg b.jpg', 'two\nlines.jpg', ' a.jpg', 'a\u2028b.jpg', os.fsdecode(b'\xff.jpg')])
def test_names_that_a_list_cannot_hold(name):
    assert not can_be_listed(name)


@given(st.text(st.sampled_from(string.ascii_letters + ' .-_äé漢'), min_size=1))
def test_what_can_be_listed_is_read_back_with_a_class_after_it(stem):
    name = f'{stem}.jpg'
    if can_be_listed(name):
        assert listed_path(f'{name} 17\n') == name
