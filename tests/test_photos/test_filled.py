"""Filling: new colours in the hole, the same bits everywhere else."""
import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from picture_files import PILLOW_MODES, encoded, picture
from PIL import Image

from mmpconv.photos import Photo
from mmpconv.photos.structure import write_deep_png

RED = (200, 30, 40)


def hole_of(photo):
    hole = np.zeros(photo.shape, bool)
    hole[10:30, 20:70] = True
    hole[40, ::2] = True
    return hole


def painted(photo, color=RED):
    """Colours as of the photo, all of them one of 8 bits."""
    shown = photo.color()
    scale = {'uint8': 1, 'uint16': 257, 'float32': 1 / 255}[shown.dtype.name]
    return np.broadcast_to((np.array(color) * scale).astype(shown.dtype), shown.shape)


@pytest.mark.parametrize('mode', PILLOW_MODES)
def test_only_the_hole_changes_and_shows_the_new_colour(photo, mode):
    image = picture(mode, photo)
    before = image.tobytes()
    read = Photo.from_pil(image)
    hole = hole_of(read)
    filled = read.filled(painted(read), hole).to_pil()
    assert filled.mode == mode and filled.getpalette() == image.getpalette()
    old, new = np.asarray(image), np.asarray(filled)
    assert old.dtype == new.dtype and (new[~hole] == old[~hole]).all()
    luma = round(0.299 * 200 + 0.587 * 30 + 0.114 * 40)
    if mode in ('1', 'L', 'LA'):
        assert (new[hole].reshape(hole.sum(), -1)[:, 0] == (luma > 127 if mode == '1' else luma)).all()
    elif mode in ('I', 'I;16', 'I;16B'):
        assert np.abs(new[hole] - 257 * (0.299 * 200 + 0.587 * 30 + 0.114 * 40)).max() <= 1
    elif mode == 'F':
        assert np.abs(new[hole] * 255 - (0.299 * 200 + 0.587 * 30 + 0.114 * 40)).max() < 1e-3
    elif mode in ('P', 'PA'):
        colors = np.array(image.getpalette()).reshape(-1, 3)
        assert (new[hole].reshape(hole.sum(), -1)[:, 0] == ((colors - RED)**2).sum(1).argmin()).all()
    else:
        shown = np.asarray(filled.convert('RGB'))[hole].astype(int)
        assert np.abs(shown - RED).max() <= (2 if mode == 'YCbCr' else 0)
    if mode in ('LA', 'PA', 'RGBA'):
        assert (new[..., -1] == old[..., -1]).all()
    assert image.tobytes() == before


@pytest.mark.parametrize('mode', ['LA', 'PA', 'RGBA'])
def test_filled_pixels_become_opaque_on_request_and_others_do_not(photo, mode):
    read = Photo.from_pil(picture(mode, photo))
    hole = hole_of(read)
    assert (read.hidden() == (np.asarray(read.to_pil())[..., -1] == 0)).all() and read.hidden().any()
    alpha = read.filled(painted(read), hole, opaque=True).alpha()
    assert (alpha[hole] == 255).all() and (alpha[~hole] == read.alpha()[~hole]).all()


@pytest.mark.parametrize('dtype, full', [('uint16', 65535), ('float32', 1), ('bool', True)])
def test_opaque_is_the_largest_alpha_of_the_depth(dtype, full):
    photo = Photo.from_array(np.zeros((3, 4, 4), dtype))
    hole = np.eye(3, 4, dtype=bool)
    filled = photo.filled(painted(photo), hole, opaque=True).to_array()
    assert (filled[hole][:, 3] == full).all() and not filled[~hole].any()


def test_a_palette_gives_opaque_colours_to_opaque_pixels():
    # The exact red is transparent; the nearest opaque entry is orange.
    indices = np.array([[0, 1, 2, 3]] * 2, np.uint8)
    image = Image.frombytes('P', (4, 2), indices.tobytes())
    image.putpalette([*RED, 0, 0, 0, 220, 90, 10, 0, 0, 255])
    image.info['transparency'] = 0
    read = Photo.from_pil(image)
    assert read.hidden().tolist() == [[True, False, False, False]] * 2
    hole = np.array([[True] * 4, [False] * 4])
    assert np.asarray(read.filled(painted(read), hole).to_pil()).tolist() == [[0, 2, 2, 2], [0, 1, 2, 3]]
    assert np.asarray(read.filled(painted(read), hole, opaque=True).to_pil()).tolist() == [[2] * 4, [0, 1, 2, 3]]


def test_a_palette_with_alpha_keeps_the_alpha_of_each_pixel(tmp_path):
    image = Image.frombytes('P', (4, 1), bytes([0, 1, 2, 3]))
    image.putpalette([*RED, 0, 0, 0, 220, 90, 10, 0, 0, 0, *RED])
    image.info['transparency'] = bytes([255, 100, 100, 0, 0])
    image.save(tmp_path / 'photo.png')
    read = Photo.read(tmp_path / 'photo.png')
    assert read.alpha().tolist() == [[255, 100, 100, 0]]
    filled = read.filled(painted(read), np.ones((1, 4), bool))
    filled.save(tmp_path / 'result.png')
    assert np.asarray(Image.open(tmp_path / 'result.png')).tolist() == [[0, 2, 2, 3]]
    assert Photo.read(tmp_path / 'result.png').alpha().tolist() == [[255, 100, 100, 0]]


def test_an_index_above_the_palette_is_kept(tmp_path):
    image = Image.frombytes('P', (3, 1), bytes([0, 1, 7]))
    image.putpalette([0, 0, 0, 255, 255, 255])
    Photo.from_pil(image).filled(np.full((1, 3, 3), 250, np.uint8), np.array([[True, False, False]])).save(
        tmp_path / 'result.png')
    assert Photo.read(tmp_path / 'result.png').samples().tolist() == [[1, 1, 7]]


@pytest.mark.parametrize('mode, transparent, level', [('L', 7, 7), ('RGB', (7, 7, 7), 7), ('L', 0, 0)])
def test_filled_pixels_are_not_taken_for_the_transparent_colour(mode, transparent, level, tmp_path):
    image = Image.new(mode, (4, 1), 50 if mode == 'L' else (50, 50, 50))
    image.putpixel((0, 0), transparent)
    image.save(tmp_path / 'photo.png', transparency=transparent)
    read = Photo.read(tmp_path / 'photo.png')
    assert read.hidden().tolist() == [[True, False, False, False]]
    hole = np.array([[True, True, False, False]])
    color = np.full((1, 4, 3), level, np.uint8)
    for opaque, hidden in ((False, [True, False, False, False]), (True, [False] * 4)):
        read.filled(color, hole, opaque).save(tmp_path / 'result.png')
        result = Photo.read(tmp_path / 'result.png')
        assert result.hidden().tolist() == [hidden]
        assert np.abs(result.color()[hole].astype(int) - level).max() <= 1
        assert (result.samples()[~hole] == read.samples()[~hole]).all()


def test_the_transparent_level_of_few_bits_is_spread_with_the_others(tmp_path):
    # 4-bit grey of the levels 1 and 3, 3 is transparent: hand-made, as no writer of Pillow makes it.
    content = encoded(Image.new('L', (2, 1)), 'PNG')
    def chunk(kind, data):
        return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))

    content = content[:8] + chunk(b'IHDR', struct.pack('>IIBBBBB', 2, 1, 4, 0, 0, 0, 0)) + chunk(
        b'tRNS', b'\0\3') + chunk(b'IDAT', zlib.compress(b'\0\x13')) + chunk(b'IEND', b'')
    read = Photo.read(io.BytesIO(content))
    assert read.samples().tolist() == [[17, 51]] and read.hidden().tolist() == [[False, True]]
    read.save(tmp_path / 'result.png')
    assert Photo.read(tmp_path / 'result.png').hidden().tolist() == [[False, True]]


def test_transparent_16_bit_colours_of_png_are_kept(tmp_path):
    pixels = np.array([[[1, 2, 3], [1, 2, 4], [256, 512, 768]]], np.uint16)
    with open(tmp_path / 'photo.png', 'wb') as file:
        write_deep_png(file, pixels, [(b'tRNS', pixels[0, 0].astype('>u2').tobytes())])
    read = Photo.read(tmp_path / 'photo.png')
    assert (read.to_array() == pixels).all() and read.hidden().tolist() == [[True, False, False]]
    read.save(tmp_path / 'result.png')
    assert Photo.read(tmp_path / 'result.png').hidden().tolist() == [[True, False, False]]


def test_nan_is_a_pixel_that_is_not_known():
    array = np.full((3, 4), 0.5, np.float32)
    array[1, 1:3] = np.nan
    photo = Photo.from_array(array)
    assert (photo.hidden() == np.isnan(array)).all() and (photo.color()[1, 1:3] == 0).all()
    hole = np.zeros((3, 4), bool)
    hole[1, 1] = True
    filled = photo.filled(np.full((3, 4, 3), 0.25, np.float32), hole).to_array()
    assert filled[1, 1] == pytest.approx(0.25) and np.isnan(filled[1, 2])


@given(st.data())
def test_an_array_of_any_kind_is_the_same_outside_the_hole(data):
    shape = (data.draw(st.integers(1, 5)), data.draw(st.integers(1, 5)), data.draw(st.integers(1, 4)))
    dtype = data.draw(st.sampled_from(['bool', 'uint8', 'uint16', 'float32', 'float64']))
    random = np.random.default_rng(data.draw(st.integers(0, 99)))
    largest = {'uint8': 255, 'uint16': 65535}.get(dtype, 1)
    array = (random.random(shape) * largest).round(0 if largest > 1 or dtype == 'bool' else 9).astype(dtype)
    hole = random.random(shape[:2]) < 0.5
    order = data.draw(st.sampled_from(['rgb', 'bgr']))
    photo = Photo.from_array(array, order)
    color = painted(photo)
    before = array.copy()
    filled = photo.filled(color, hole).to_array()
    assert (array == before).all()
    assert filled.dtype == array.dtype and filled.shape == array.shape and (filled[~hole] == array[~hole]).all()
    if shape[2] > 2 and dtype != 'bool':
        expected = color[hole] if order == 'rgb' else color[hole][:, ::-1]
        assert (filled[hole][:, :3] == expected.astype(dtype)).all()


@pytest.mark.parametrize('color, hole, message', [
    (np.zeros((60, 90, 3), np.float32), np.zeros((60, 90), bool), 'color must be uint8'),
    (np.zeros((90, 60, 3), np.uint8), np.zeros((60, 90), bool), r'color must be uint8 \(60, 90, 3\)'),
    (np.zeros((60, 90, 3), np.uint8), np.zeros((60, 90), np.uint8), 'hole must be bool'),
    (np.zeros((60, 90, 3), np.uint8), np.zeros((90, 60), bool), r'hole must be bool \(60, 90\)'),
])
def test_arrays_of_another_photo_are_refused(photo, color, hole, message):
    with pytest.raises(ValueError, match=message):
        Photo.from_array(photo).filled(color, hole)
