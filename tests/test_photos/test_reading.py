"""Reading of pictures, compared with Pillow, OpenCV and tifffile."""
import contextlib
import io
import os
import warnings

import cv2
import numpy as np
import pytest
import tifffile
from picture_files import PILLOW_MODES, encoded, picture
from PIL import Image, ImageFile

from mmpconv.photos import MAX_PIXELS, Photo, PhotoError, UnreadableImageError
from mmpconv.photos.reading import pillow_settings, unreadable


@pytest.mark.parametrize('fmt, mode, kwargs', [
    ('PNG', 'RGB', {}), ('PNG', '1', {}), ('PNG', 'P', {}), ('PNG', 'LA', {}), ('PNG', 'I;16', {}), ('JPEG', 'RGB', {}),
    ('JPEG', 'L', {}), ('JPEG', 'CMYK', {}), ('JPEG', 'RGB', dict(progressive=True)), ('TIFF', 'RGB', {}),
    ('TIFF', 'RGB', dict(compression='tiff_lzw')), ('TIFF', 'I;16B', {}), ('TIFF', 'F', {}), ('TIFF', 'PA', {}),
    ('WEBP', 'RGBA', {}), ('BMP', 'RGB', {}), ('GIF', 'P', {}), ('PPM', 'RGB', {}), ('PPM', 'I;16', {}),
])
def test_samples_are_those_that_pillow_decodes(photo, fmt, mode, kwargs, tmp_path):
    path = tmp_path / 'picture'
    path.write_bytes(encoded(picture(mode, photo), fmt, **kwargs))
    with Image.open(path) as image:
        expected = np.asarray(image)
    read = Photo.read(path)
    assert read.samples().dtype == expected.dtype and (read.samples() == expected).all()
    assert read.format == fmt and read.name == str(path)


@pytest.mark.parametrize('mode', ['RGB', 'CMYK', '1', 'I;16B'])
def test_tall_pictures_are_taken_in_strips_that_fit_together(photo, mode):
    tall = np.vstack([photo, photo[::-1]] * 5)[:587]  # kept, else its memory lends its pixels to a row left out
    image = picture(mode, tall)
    expected, color = np.asarray(image), np.asarray(image.convert('RGB'))
    read = Photo.from_pil(image)
    assert (read.samples() == expected).all()
    assert mode != 'CMYK' or (read.color() == color).all()


@pytest.mark.parametrize('mode', PILLOW_MODES)
def test_a_picture_of_pillow_is_given_back_as_it_came(photo, mode):
    image = picture(mode, photo)
    again = Photo.from_pil(image).to_pil()
    assert again.mode == mode and again.tobytes() == image.tobytes()
    assert again.getpalette() == image.getpalette()


@pytest.mark.parametrize('mode', [mode for mode in PILLOW_MODES if mode not in ('I;16', 'I;16B', 'I', 'F')])
def test_colours_are_those_that_pillow_converts_to(photo, mode):
    image = picture(mode, photo)
    assert (Photo.from_pil(image).color() == np.asarray(image.convert('RGB'))).all()


@pytest.mark.parametrize('mode, dtype', [('I;16', 'uint16'), ('I;16B', 'uint16'), ('I', 'uint16'), ('F', 'float32')])
def test_deep_grey_is_three_equal_colours_of_its_depth(photo, mode, dtype):
    image = picture(mode, photo)
    color = Photo.from_pil(image).color()
    assert color.dtype == dtype and (color == np.asarray(image)[..., None]).all()


@pytest.mark.parametrize('suffix', ['.png', '.tif'])
@pytest.mark.parametrize('shape, depth, is_told', [((4, 5, 3), 'uint16', True), ((4, 5, 4), 'uint16', True),
                                                   ((4, 5, 3), 'uint8', False), ((4, 5), 'uint16', False)])
def test_a_picture_of_which_pillow_drops_bits_is_told(suffix, shape, depth, is_told, tmp_path, recwarn):
    cv2.imwrite(str(tmp_path / f'deep{suffix}'), np.zeros(shape, depth))
    with Image.open(tmp_path / f'deep{suffix}') as image:
        Photo.from_pil(image)
    assert [str(warning.message).partition(' have ')[0] for warning in recwarn] == (
        [f'the colours of deep{suffix}'] if is_told else [])


@pytest.mark.parametrize('channels', [3, 4])
@pytest.mark.parametrize('suffix', ['.png', '.tif'])
def test_deep_colour_is_read_as_opencv_reads_it(channels, suffix, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 65536, (30, 41, channels), dtype=np.uint16)
    cv2.imwrite(str(tmp_path / f'deep{suffix}'), pixels[..., [2, 1, 0, 3][:channels]])  # TIFF: with LZW
    read = Photo.read(tmp_path / f'deep{suffix}')
    assert (read.to_array() == pixels).all() and read.color().dtype == np.uint16
    assert (read.color() == pixels[..., :3]).all()
    assert (read.alpha() == pixels[..., 3]).all() if channels == 4 else read.alpha() is None


@pytest.mark.parametrize('dtype', [np.uint16, np.float32])
@pytest.mark.parametrize('kwargs', [{}, dict(compression='zlib'), dict(planarconfig='separate'), dict(byteorder='>'),
                                    dict(tile=(16, 16))])
def test_deep_tiff_files_of_all_layouts_are_read(dtype, kwargs, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 65536, (30, 41, 3), dtype=np.uint16)
    pixels = pixels if dtype == np.uint16 else (pixels / np.float32(65535))
    stored = pixels.transpose(2, 0, 1) if 'planarconfig' in kwargs else pixels
    tifffile.imwrite(tmp_path / 'deep.tif', stored, photometric='rgb', **kwargs)
    read = Photo.read(tmp_path / 'deep.tif').to_array()
    assert read.dtype == dtype and read.dtype.isnative and (read == pixels).all()


def save_frames(path, fmt):
    Image.new('L', (9, 9), 0).save(path, fmt, save_all=True, append_images=[Image.new('L', (9, 9), 99)])


def save_deep(path, shape, dtype='uint16', **kwargs):
    tifffile.imwrite(path, np.zeros(shape, dtype), **kwargs)


@pytest.mark.parametrize('write, reason', [
    (lambda path: save_deep(path, (9, 9, 4), photometric='separated'), 'TIFF.*SEPARATED.*16'),
    (lambda path: save_deep(path, (9, 9, 3), 'uint32', photometric='rgb'), 'TIFF.*32 bits'),
    (lambda path: save_deep(path, (9, 9, 4), photometric='rgb', extrasamples=['assocalpha']), 'straight'),
    (lambda path: save_deep(path, (2, 9, 9, 3), photometric='rgb'), '2 frames or pages'),
    (lambda path: save_deep(path, (2, 9, 9, 3), 'float32', photometric='rgb'), '2 frames or pages'),
    (lambda path: save_frames(path, 'TIFF'), '2 frames or pages'),
    (lambda path: save_frames(path, 'GIF'), '2 frames or pages'),
    (lambda path: save_frames(path, 'PNG'), '2 frames or pages'),
    (lambda path: save_frames(path, 'WEBP'), '2 frames or pages'),
    (lambda path: path.write_bytes(b'P6 2 1 1023\n' + bytes(12)), 'levels up to 1023'),
    (lambda path: path.write_bytes(b'P6 2 1 65535\n' + bytes(12)), 'levels up to 65535'),
    (lambda path: Image.fromarray(np.full((9, 9), 255, np.float32)).save(path, 'TIFF'), r'\[255, 255\].*\[0, 1\]'),
    (lambda path: Image.fromarray(np.full((9, 9), -1, np.int32)).save(path, 'TIFF'), r'\[-1, -1\].*\[0, 65535\]'),
    (lambda path: path.write_bytes(b''), 'empty'),
    (lambda path: path.mkdir(), 'it is a folder'),
    (lambda path: os.mkfifo(path), 'no file that can be read again'),
    (lambda path: None, 'there is no such file'),
])
def test_what_cannot_be_used_is_refused_with_the_reason(write, reason, tmp_path):
    write(tmp_path / 'picture')
    with pytest.raises(UnreadableImageError, match=f'picture: .*{reason}'):
        Photo.read(tmp_path / 'picture')


@pytest.mark.parametrize('fmt', ['EPS', 'ICO', 'PCX', 'TGA'])
def test_formats_that_run_programs_or_are_no_photos_are_not_even_tried(photo, fmt):
    with pytest.raises(UnreadableImageError, match=r'no picture of a known format \(PNG, JPEG, TIFF, WEBP'):
        Photo.read(io.BytesIO(encoded(photo, fmt)))


def test_what_a_decoder_raises_becomes_one_line():
    with pytest.raises(UnreadableImageError) as info, unreadable('photo.png'):
        raise cv2.error('OpenCV(4.11.0)\n  error: (-215) in function imdecode\n' + 'x' * 1000)
    assert str(info.value).startswith('cannot read the image photo.png: OpenCV(4.11.0) error: (-215) in function')
    assert len(str(info.value)) < 300


def test_a_file_that_may_not_be_read_is_told(tmp_path, monkeypatch):
    (tmp_path / 'photo.png').write_bytes(b'x')
    monkeypatch.setattr('builtins.open', lambda *_: (_ for _ in ()).throw(PermissionError(13, 'Permission denied')))
    with pytest.raises(UnreadableImageError, match=r'photo\.png: Permission denied$'):
        Photo.read(tmp_path / 'photo.png')


def test_an_open_file_is_read_from_its_beginning_and_stays_open(photo):
    file = io.BytesIO(encoded(photo, 'PNG'))
    file.seek(0, io.SEEK_END)
    assert (Photo.read(file).to_array() == photo).all()
    assert not file.closed


def test_a_name_that_is_no_utf8_is_told_in_a_way_that_can_be_printed(tmp_path):
    path = os.path.join(os.fsencode(tmp_path), b'caf\xe9.png')
    with pytest.raises(UnreadableImageError) as info:
        Photo.read(os.fsdecode(path))
    assert 'caf\N{REPLACEMENT CHARACTER}.png' in str(info.value)


def test_pictures_behind_a_photo_are_left_alone(photo):
    image = Image.fromarray(photo)
    content = encoded(image, 'MPO', save_all=True, append_images=[image.resize((10, 10))])
    read = Photo.read(io.BytesIO(content))
    assert read.format == 'JPEG' and read.shape == photo.shape[:2]


def test_the_limit_is_held_and_can_be_raised_above_pillows(photo, monkeypatch):
    content = io.BytesIO(encoded(photo, 'PNG'))
    with pytest.raises(UnreadableImageError, match='90 x 60 pixels, more than the limit of 5399'):
        Photo.read(content, max_pixels=5399)
    monkeypatch.setattr(Image, 'MAX_IMAGE_PIXELS', 1000)
    assert Photo.read(content, max_pixels=5400).shape == (60, 90)
    assert Image.MAX_IMAGE_PIXELS == 5400
    Photo.read(content, max_pixels=5401 - 1)
    assert Image.MAX_IMAGE_PIXELS == 5400


def test_convention_the_limit_is_that_of_pillow_itself():
    assert MAX_PIXELS == 1024**3 // 4 // 3


def test_a_cut_off_photo_is_not_completed_because_another_program_says_so(photo, monkeypatch):
    monkeypatch.setattr(ImageFile, 'LOAD_TRUNCATED_IMAGES', True)
    for fmt in ('PNG', 'BMP', 'JPEG'):
        with pytest.raises(UnreadableImageError):
            Photo.read(io.BytesIO(encoded(photo, fmt)[:-700]))
    assert ImageFile.LOAD_TRUNCATED_IMAGES is True


def test_what_pillow_warns_of_is_silent_and_filters_stay_as_they_were(photo, monkeypatch, recwarn):
    before = list(warnings.filters)
    monkeypatch.setattr(Image, 'MAX_IMAGE_PIXELS', 5000)  # of 5400 Pillow warns
    with pytest.raises(UnreadableImageError, match='limit of 4000'):
        Photo.read(io.BytesIO(encoded(photo, 'PNG')), max_pixels=4000)
    assert not recwarn.list and warnings.filters == before


@pytest.mark.parametrize('is_reading_first', [True, False])
def test_another_thread_may_catch_warnings_meanwhile(is_reading_first):
    before = list(warnings.filters)
    reading, catching = contextlib.ExitStack(), contextlib.ExitStack()
    if is_reading_first:
        reading.enter_context(pillow_settings(1))
    caught = catching.enter_context(warnings.catch_warnings(record=True))
    warnings.simplefilter('always')
    if is_reading_first:
        reading.close()
    else:
        reading.enter_context(pillow_settings(1))
    warnings.warn('something', UserWarning, stacklevel=1)
    catching.close()
    reading.close()
    assert [str(warning.message) for warning in caught] == ['something']
    warnings.filters[:] = before  # a filter of Pillow's warnings may have stayed


@pytest.mark.parametrize('mode', ['HSV', 'LAB', 'RGBa', 'La', 'RGBX'])
def test_modes_without_a_fixed_way_to_rgb_are_refused(mode):
    with pytest.raises(PhotoError, match=f'mode {mode} .*convert it'):
        Photo.from_pil(Image.new(mode, (4, 3)))


@pytest.mark.parametrize('shape', [(5, 7), (5, 7, 1), (5, 7, 2), (5, 7, 3), (5, 7, 4)])
@pytest.mark.parametrize('dtype', ['bool', 'uint8', 'uint16', 'float32', 'float64'])
@pytest.mark.parametrize('channel_order', ['rgb', 'bgr'])
def test_an_array_is_given_back_as_it_came(shape, dtype, channel_order):
    levels = np.random.default_rng(0).random(shape)
    largest = {'bool': 1, 'uint8': 255, 'uint16': 65535}.get(dtype)
    array = np.round(levels * largest).astype(dtype) if largest else levels.astype(dtype)
    photo = Photo.from_array(array, channel_order)
    again = photo.to_array()
    assert again.shape == shape and again.dtype == dtype and (again == array).all()
    color = array[..., :3] if shape[2:] in ((3,), (4,)) else array.reshape(5, 7, -1)[..., :1].repeat(3, axis=2)
    color = color[..., ::-1] if channel_order == 'bgr' else color
    expected = {'bool': 255 * color.astype(np.uint8), 'float64': color.astype(np.float32)}.get(dtype, color)
    assert photo.color().dtype == expected.dtype and (photo.color() == expected).all()


@pytest.mark.parametrize('array, message', [
    (np.zeros((4, 4, 3), np.int64), 'int64.*uint8'), (np.zeros((3, 4, 5), np.uint8), r'\(3, 4, 5\); channels.* last'),
    (np.zeros((0, 4), np.uint8), r'\(0, 4\)'), (np.zeros(4, np.uint8), r'\(4,\)'), ([[1]], 'got list'),
    (np.full((4, 4), 255.), r'\[255, 255\]'), (np.full((4, 4, 3), -1, np.float32), r'\[-1, -1\]'),
])
def test_other_arrays_are_refused_with_the_remedy(array, message):
    with pytest.raises(PhotoError, match=message):
        Photo.from_array(array)


def test_what_is_shown_of_a_photo_cannot_be_written_to(photo):
    for image in (photo, photo[..., 0], photo / 255):
        with pytest.raises(ValueError, match='read-only'):
            Photo.from_array(image).color()[0] = 0
        with pytest.raises(ValueError, match='read-only'):
            Photo.from_array(image).samples()[0] = 0
    assert photo.flags.writeable
