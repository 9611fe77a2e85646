import pytest
from picture_files import encoded

from mmpconv.photos.structure import is_cut_off_jpeg


@pytest.mark.parametrize('kwargs', [dict(), dict(progressive=True), dict(subsampling=0, quality=100),
                                    dict(restart_marker_blocks=4)])
def test_the_end_of_a_jpeg_is_found_wherever_it_is(photo, kwargs):
    thumbnail = encoded(photo[:16, :16], 'JPEG')
    exif = b'Exif\0\0' + thumbnail  # a thumbnail has an end marker of its own
    complete = encoded(photo, 'JPEG', exif=exif, **kwargs)
    assert not is_cut_off_jpeg(complete)
    assert not is_cut_off_jpeg(complete + b'\xff\xda trailing data of a phone' * 9)
    body = complete.rindex(b'\xff\xda')
    for cut in (1, 2, 3, 50, len(complete) - body - 20, len(complete) - body, len(complete) - 40):
        assert is_cut_off_jpeg(complete[:-cut]), cut


def test_other_formats_are_not_taken_for_jpeg(photo):
    assert not is_cut_off_jpeg(encoded(photo, 'PNG')[:100]) and not is_cut_off_jpeg(b'')
