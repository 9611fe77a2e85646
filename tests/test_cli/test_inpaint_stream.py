"""``mmpconv inpaint -``: a photo from standard input, a picture to standard output."""
import io
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from small_photos import assert_filled, everything_below, write_mask, write_photo

from mmpconv.cli import main


@pytest.fixture
def pipe(monkeypatch, capsysbinary):
    """Run the command with bytes on standard input: gives status, bytes on standard output, what was complained of."""

    def pipe(content, *arguments):
        monkeypatch.setattr(sys, 'stdin', SimpleNamespace(buffer=io.BytesIO(content)))
        try:
            status, said = main(['inpaint', *map(str, arguments)]), ''
        except SystemExit as end:
            status, said = (1, end.code) if isinstance(end.code, str) else (end.code, '')
        output = capsysbinary.readouterr()
        return status, output.out, said or output.err.decode()

    return pipe


@pytest.fixture
def photo(folder):
    return write_photo(folder / 'photo.png'), write_mask(folder / 'mask.png')


def test_a_photo_goes_through_a_pipe(folder, pipe, network, photo):
    status, out, err = pipe((folder / 'photo.png').read_bytes(), '-', 'mask.png')
    assert status == 0 and err.startswith('standard output.png: ') and err.count('\n') == 1
    (folder / 'result.png').write_bytes(out)
    assert_filled(folder / 'result.png', *photo)
    assert everything_below(folder) == {'photo.png', 'mask.png', 'result.png'}


def test_the_format_is_that_of_the_photo_or_as_said(folder, pipe, network, photo):
    content = (folder / 'photo.png').read_bytes()
    for options, kind in (((), 'PNG'), (('--format', 'tif'), 'TIFF'), (('--format', 'jpg', '-o', '-'), 'JPEG')):
        _, out, _ = pipe(content, '-', '--mask', 'mask.png', '--quiet', *options)
        assert Image.open(io.BytesIO(out)).format == kind


def test_from_a_pipe_to_a_file_and_from_a_file_to_a_pipe(folder, pipe, network, photo):
    assert pipe((folder / 'photo.png').read_bytes(), '-', 'mask.png', '-o', 'new/a.png')[:2] == (0, b'')
    assert_filled(folder / 'new/a.png', *photo)
    status, out, _ = pipe(b'', 'photo.png', 'mask.png', '-o', '-')
    assert status == 0 and out == (folder / 'new/a.png').read_bytes()


def test_a_colour_of_the_photo_is_its_mask(folder, pipe, network):
    Image.fromarray(np.uint8([[[255, 0, 255], [9, 9, 9], [9, 9, 9]]] * 3)).save(folder / 'a.png')
    status, out, _ = pipe((folder / 'a.png').read_bytes(), '-', 'magenta')
    assert status == 0 and np.asarray(Image.open(io.BytesIO(out)))[:, 0].tolist() == [[51, 102, 153]] * 3


@pytest.mark.parametrize('content, arguments, status, words', [
    (b'nothing', ['-', 'mask.png'], 1, 'error: cannot read the image standard input: it is no picture'),
    (b'', ['-', 'mask.png'], 1, 'cannot read the image standard input: the file is empty'),
    (None, ['-', 'small.png'], 1, 'the photo standard input has 60 x 40 (width x height); give a mask of that size, or '
                                  'give --resize-mask'),
    (None, ['-', 'mask.png', '-o', 'mask.png'], 1, 'would replace mask.png'),
    (None, ['-', 'mask.png', '--format', 'webp', '--max-pixels', '9'], 1, 'or give --max-pixels 2400'),
    (None, ['-', 'mask.png', '-o', 'new/a.png', '--format', 'jpg'], 1, '-o is new/a.png and --format is jpg'),
    (None, ['-', 'none.png', '-o', 'new/a.png'], 1, 'there is no mask none.png'),
    (None, ['-', '.'], 1, '. is a folder; give the file of the mask'),
    (None, ['-', 'photo.png', '--mask', 'mask.png'], 2, '2 are named'),
    (None, ['-', 'mask.png', '-o', 'new/'], 2, 'new/ is a folder'),
    (None, ['-', 'mask.png', '--compare'], 2, '--compare is for photos in files')])
def test_what_the_user_has_to_act_on_is_said(folder, pipe, network, photo, content, arguments, status, words):
    write_mask(folder / 'small.png', size=(30, 20))
    before = everything_below(folder)
    got, out, err = pipe((folder / 'photo.png').read_bytes() if content is None else content, *arguments)
    assert (got, out) == (status, b'') and words in err and 'Traceback' not in err
    assert everything_below(folder) == before and network.calls == 0
