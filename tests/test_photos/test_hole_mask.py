"""Masks from files, pictures and arrays, and from the photo itself."""
import numpy as np
import pytest
from picture_files import exif, picture
from PIL import Image

from mmpconv.photos import Photo, PhotoError, PhotoWarning, UnreadableImageError, hole_mask

H, W = 60, 90
MASK = np.zeros((H, W), bool)
MASK[10:25, 30:70] = True
WHITE = MASK * np.uint8(255)


@pytest.fixture(scope='module')
def read(photo):
    return Photo.from_array(photo)


def turned(photo, orientation):
    image = Image.fromarray(photo)
    image.info['exif'] = exif(orientation)
    return Photo.from_pil(image)


@pytest.mark.parametrize('source', [
    MASK, WHITE, WHITE[..., None], MASK.astype(np.uint8), MASK.astype(np.int64), WHITE.astype(np.int32),
    MASK.astype(np.float32), MASK * 0.8, WHITE * np.uint16(257), MASK.astype(np.uint16), np.dstack([WHITE] * 3),
    np.dstack([MASK.astype(np.uint8)] * 3), np.where(MASK, 128, 127).astype(np.uint8),
    np.dstack([WHITE, WHITE, WHITE, np.full_like(WHITE, 255)]), np.full((H, W), 1 / 510) + MASK * 0.6,
    Image.fromarray(WHITE), Image.fromarray(MASK), Image.fromarray(MASK.astype(np.uint8)),
    Image.fromarray(WHITE.astype(np.int32)), Image.fromarray(WHITE * np.int32(257)),
    Photo.from_array(WHITE),
])
def test_convention_white_is_the_hole_in_masks_of_all_depths(read, source, recwarn):
    hole = hole_mask(source, read)
    assert hole.dtype == bool and (hole == MASK).all() and not recwarn.list


@pytest.mark.parametrize('name', ['mask.png', 'mask.jpg', 'mask.tif', 'mask.bmp'])
def test_a_mask_file_is_cut_at_mid_grey(read, name, tmp_path):
    Image.fromarray(WHITE).save(tmp_path / name)
    hole = hole_mask(tmp_path / name, read)
    difference = hole != MASK  # JPEG: the noise of compression stays on its side, except at the edge
    assert difference.sum() == 0 if name != 'mask.jpg' else difference.sum() < 20
    with open(tmp_path / name, 'rb') as file:
        assert (hole_mask(file, read) == hole).all()


@pytest.mark.parametrize('palette, indices', [
    ([0, 0, 0, 128, 0, 0], MASK),  # labels as VOC stores them
    ([255, 255, 255, 0, 0, 0], ~MASK),  # a drawing whose white happens to be index 0
    ([0, 0, 0, 255, 255, 255], MASK),
])
def test_a_palette_mask_is_what_it_shows_or_else_its_labels(read, palette, indices):
    mask = Image.frombytes('P', (W, H), indices.astype(np.uint8).tobytes())
    mask.putpalette(palette)
    assert (hole_mask(mask, read) == MASK).all()


@pytest.mark.parametrize('below', [(0, 0, 0), (255, 255, 255), (9, 8, 7)])
@pytest.mark.parametrize('stroke', [(255, 0, 0), (0, 0, 0), (255, 255, 255)])
def test_strokes_on_a_transparent_layer_are_the_hole_in_any_colour(read, stroke, below):
    layer = np.where(MASK[..., None], np.uint8([*stroke, 255]), np.uint8([*below, 0]))
    layer[5, 5] = (*stroke, 100)  # a soft rim
    assert (hole_mask(layer, read) == MASK).all()
    assert (hole_mask(Image.fromarray(layer), read) == MASK).all()


def test_a_layer_of_several_colours_is_cut_at_mid_grey(read):
    layer = np.dstack([WHITE] * 3 + [np.full_like(WHITE, 255)])
    layer[0, 0, 3] = 0
    assert (hole_mask(layer, read) == MASK).all()


@pytest.mark.parametrize('alpha', [0, 255])
def test_an_empty_layer_is_an_empty_mask(read, alpha):
    with pytest.warns(PhotoWarning, match='has no hole'):
        assert not hole_mask(np.full((H, W, 4), [0, 0, 0, alpha], np.uint8), read).any()


def test_colours_count_as_bright_as_they_look(read):
    colored = np.where(MASK[..., None], np.uint8([255, 100, 0]), np.uint8([0, 100, 255]))  # orange on blue
    assert (hole_mask(colored, read) == MASK).all()
    assert (hole_mask(Image.fromarray(colored), read) == MASK).all()


@pytest.mark.parametrize('orientation', range(1, 9))
def test_a_mask_is_seen_upright_as_its_photo_is(photo, orientation, recwarn):
    read = turned(photo, orientation)
    seen = np.zeros(read.shape, bool)
    seen[3:20, 5:12] = True
    assert (hole_mask(seen, read) == seen).all()
    stored = Image.fromarray(np.asarray(turned(seen, {6: 8, 8: 6}.get(orientation, orientation)).color()))
    stored.info['exif'] = exif(orientation)
    assert (hole_mask(stored, read) == seen).all() and not recwarn.list


@pytest.mark.parametrize('orientation', [5, 6, 7, 8])
def test_a_mask_of_the_stored_size_is_turned_along_and_this_is_said(photo, orientation):
    read = turned(photo, orientation)
    with pytest.warns(PhotoWarning, match=f'before it is turned upright by its EXIF orientation {orientation}'):
        hole = hole_mask(MASK, read)
    assert (read.filled(np.zeros((W, H, 3), np.uint8), hole).to_array() ==
            np.where(MASK[..., None], 0, photo)).all()


def test_a_mask_of_another_size_is_refused_or_scaled(read):
    small = MASK[::2, ::3]
    with pytest.raises(PhotoError, match='the mask <array> has 30 x 30 pixels but the photo <array> has 90 x 60 '
                       '.*, or set resize_mask=True$'):
        hole_mask(small, read)
    assert (hole_mask(small, read, resize_mask=True) == small.repeat(2, axis=0).repeat(3, axis=1)).all()


def marked(photo, color, dtype=np.uint8):
    array = np.where(MASK[..., None], np.uint8(color), np.clip(photo, 20, 235))
    return array if dtype == np.uint8 else (
        array.astype(np.uint16) * 257 if dtype == np.uint16 else (array / 255).astype(dtype))


@pytest.mark.parametrize('dtype', [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize('source, color', [('black', (0, 0, 0)), ('white', (255, 255, 255)),
                                           ((255, 0, 255), (255, 0, 255)), ([1, 2, 3], (1, 2, 3))])
def test_a_colour_of_the_photo_marks_the_hole(photo, source, color, dtype):
    assert (hole_mask(source, Photo.from_array(marked(photo, color, dtype))) == MASK).all()


@pytest.mark.parametrize('dtype', [np.uint8, np.uint16, np.float32])
def test_tolerance_is_for_each_channel_in_levels_of_8_bits(photo, dtype):
    read = Photo.from_array(marked(photo, (10, 0, 5), dtype))
    assert (hole_mask('black', read, tolerance=10) == MASK).all()
    with pytest.raises(PhotoError, match=r'no pixel of .* colour \(0, 0, 0\) within tolerance 9, and the nearest is '
                       r'\(10, 0, 5\).*tolerance=10'):
        hole_mask('black', read, tolerance=9)


@pytest.mark.parametrize('row', [3, 590])
def test_the_nearest_colour_is_looked_for_in_all_of_a_tall_photo(row):
    tall = np.full((600, 4, 3), 100, np.uint8)
    tall[row, 2] = (9, 5, 7)
    with pytest.raises(PhotoError, match=r'nearest is \(9, 5, 7\); set tolerance=9'):
        hole_mask('black', Photo.from_array(tall))
    assert np.argwhere(hole_mask((9, 5, 7), Photo.from_array(tall))).tolist() == [[row, 2]]


def test_a_grey_photo_may_be_marked_too():
    assert (hole_mask('white', Photo.from_array(np.where(MASK, 255, 100).astype(np.uint8))) == MASK).all()


def test_jpeg_photos_get_a_hint_at_tolerance(photo, tmp_path):
    Image.fromarray(marked(photo, (255, 255, 255))).save(tmp_path / 'photo.jpg', quality=90)
    read = Photo.read(tmp_path / 'photo.jpg')
    with pytest.warns(PhotoWarning, match='photo.jpg is a JPEG file.*tolerance=30'):
        exact = hole_mask('white', read)
    tolerant = hole_mask('white', read, tolerance=30)
    assert (tolerant != MASK).sum() < (exact != MASK).sum()


@pytest.mark.parametrize('mode', ['LA', 'RGBA'])
def test_transparent_pixels_are_the_hole(photo, mode):
    image = picture(mode, photo)
    alpha = np.where(MASK, 0, 200).astype(np.uint8)
    image.putalpha(Image.fromarray(alpha))
    assert (hole_mask('alpha', Photo.from_pil(image)) == MASK).all()


def test_a_photo_without_alpha_has_no_transparent_pixels(read):
    with pytest.raises(PhotoError, match='has no alpha channel'):
        hole_mask('alpha', read)


def test_inverting_swaps_hole_and_valid(read):
    assert (hole_mask(~MASK, read, invert=True) == MASK).all()


@pytest.mark.parametrize('grow', [1, 2, 7, 100])
def test_growing_takes_all_pixels_within_that_distance(grow):
    hole = np.zeros((31, 43), bool)
    hole[12, 20] = hole[17, 5] = True
    rows, columns = np.mgrid[:31, :43]
    expected = (np.hypot(rows - 12, columns - 20) <= grow) | (np.hypot(rows - 17, columns - 5) <= grow)
    photo = Photo.from_array(np.zeros((31, 43), np.uint8))
    if expected.all():
        with pytest.raises(PhotoError, match='all hole, grown by 100 pixels: nothing is left'):
            hole_mask(hole, photo, grow=grow)
    else:
        assert (hole_mask(hole, photo, grow=grow) == expected).all()


@pytest.mark.parametrize('source, invert, remedy', [(np.ones((H, W), bool), False, 'invert=True'),
                                                    (np.zeros((H, W), bool), True, 'invert=False')])
def test_a_photo_that_is_all_hole_is_refused(read, source, invert, remedy):
    with pytest.raises(PhotoError, match=f'all hole: nothing is left to fill it from; .*, or set {remedy}$'):
        hole_mask(source, read, invert=invert)


def test_an_empty_mask_is_told(read):
    with pytest.warns(PhotoWarning, match='the mask <array> has no hole.*invert=True'):
        assert not hole_mask(np.zeros((H, W), bool), read).any()


def test_a_mask_that_is_probably_inverted_is_told(read, recwarn):
    with pytest.warns(PhotoWarning, match=r'88\.9 % of the mask <array> is hole.*probably inverted.*invert=True'):
        hole_mask(~MASK, read)
    recwarn.clear()
    large = np.zeros((H, W), bool)
    large[4:-4, 4:-4] = True  # off the border: an object that fills the photo
    hole_mask(large, read)
    frame = ~np.pad(np.ones((40, 70), bool), 10)  # a photo to be extended: less than half
    hole_mask(frame & ~np.pad(np.ones((54, 84), bool), 3) | frame & MASK, read)
    assert not recwarn.list


@pytest.mark.parametrize('kwargs, message', [
    (dict(grow=-1), 'grow must be a number of pixels'), (dict(grow=1.5), 'got 1.5'),
    (dict(source=(1, 2), tolerance=0), 'red, green and blue'), (dict(source=(1, 2, 300)), '0 to 255'),
    (dict(source='black', tolerance=256), 'tolerance must be'), (dict(source=np.full((H, W), 300)), 'int64.*300'),
    (dict(source=np.full((H, W), 255.)), r'\[0, 1\]'), (dict(source=np.zeros((H, W), complex)), 'complex'),
])
def test_arguments_are_checked_before_anything_else(read, kwargs, message):
    with pytest.raises(PhotoError, match=message):
        hole_mask(kwargs.pop('source', MASK), read, **kwargs)


def test_a_mask_file_is_held_to_the_limit(read, tmp_path):
    Image.fromarray(WHITE).save(tmp_path / 'mask.png')
    with pytest.raises(UnreadableImageError, match='mask.png.*limit of 100'):
        hole_mask(tmp_path / 'mask.png', read, max_pixels=100)
    with pytest.raises(UnreadableImageError, match='missing.png: there is no such file'):
        hole_mask(str(tmp_path / 'missing.png'), read)
