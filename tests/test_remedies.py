"""Errors and warnings that name the argument which mends them."""
import inspect
import pickle

import numpy as np
import pytest

from mmpconv.apis import Inpainter
from mmpconv.batch.report import in_options
from mmpconv.checkpoints import CheckpointError, DownloadError
from mmpconv.cli.main import parser_of
from mmpconv.errors import LaunchError
from mmpconv.photos import Photo, PhotoError, PhotoWarning, UnreadableImageError, hole_mask


@pytest.mark.parametrize('remedy, in_python, on_the_command_line', [
    ({'invert': True}, '; set invert=True', '; give --invert'),
    ({'invert': False}, '; set invert=False', '; leave out --invert'),
    ({'checkpoint': None}, '; leave out checkpoint', '; leave out --checkpoint'),
    ({'tile_size': 64, 'batch_size': 2}, '; set tile_size=64 or set batch_size=2', '; give --tile-size 64'),
    ({'coarse_to_fine': True}, '; set coarse_to_fine=True', ''),
    (None, '', '')])
def test_each_way_in_says_it_in_its_words(remedy, in_python, on_the_command_line):
    for kind in (LaunchError, PhotoError, PhotoWarning, CheckpointError, DownloadError):
        error = kind('it is so', remedy)
        assert str(error) == f'it is so{in_python}'
        assert error.sentence(in_options) == f'it is so{on_the_command_line}'
        assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_advice_that_is_there_already_comes_first():
    error = UnreadableImageError('a.png', 'it has 9 pixels; scale it down', {'max_pixels': 9})
    assert str(error) == 'cannot read the image a.png: it has 9 pixels; scale it down, or set max_pixels=9'
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def remedies():
    """What is raised and warned of photos and masks, by all ways that have a remedy."""
    photo = Photo.from_array(np.full((8, 9, 3), 7, np.uint8))
    for mask, options in ((np.zeros((4, 4), bool), {}), (np.ones((8, 9), bool), {}), ('red', {})):
        with pytest.raises(PhotoError) as error:
            hole_mask(mask, photo, **options)
        yield error.value.remedy
    with pytest.warns(PhotoWarning) as warned:
        hole_mask(np.zeros((8, 9), bool), photo)
    yield warned[0].message.remedy


def test_remedies_are_arguments_of_the_inpainter_and_options_of_the_command():
    arguments = {*inspect.signature(Inpainter).parameters, *inspect.signature(Inpainter.__call__).parameters}
    options = parser_of('inpaint').format_help()
    found = [argument for remedy in remedies() for argument in remedy]
    assert set(found) == {'resize_mask', 'invert', 'tolerance'} and arguments >= set(found)
    for argument in found:
        assert in_options(argument, True).split()[-1 if argument != 'tolerance' else 1] in options


def test_a_remedy_mends_it():
    photo = Photo.from_array(np.full((8, 9, 3), 7, np.uint8))
    with pytest.raises(PhotoError) as error:
        hole_mask((0, 0, 0), photo)
    with pytest.raises(PhotoError, match='all hole'):  # the photo has one colour
        hole_mask((0, 0, 0), photo, **error.value.remedy)
