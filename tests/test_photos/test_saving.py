"""Every mode in every format that holds it, read back by this package, by Pillow, and by others."""
import io
import os

import cv2
import numpy as np
import pytest
import tifffile
from picture_files import ICC_PROFILE, PILLOW_MODES, encoded, exif, picture
from PIL import Image

from mmpconv.photos import Photo, PhotoError, PhotoWarning

# Formats that hold a mode without loss, as their own documents say.
LOSSLESS = {
    '.png': ['1', 'L', 'LA', 'P', 'RGB', 'RGBA', 'I;16', 'I;16B', 'I'],
    '.tif': ['1', 'L', 'LA', 'P', 'PA', 'RGB', 'RGBA', 'CMYK', 'I;16', 'I;16B', 'I', 'F'],
    '.webp': ['RGB', 'RGBA'],
    '.bmp': ['1', 'L', 'P', 'RGB'],
    '.gif': ['P'],
    '.ppm': ['RGB'],
    '.pgm': ['L', 'I;16', 'I;16B', 'I'],
    '.pbm': ['1'],
}
LOSSY = {'.jpg': ['L', 'RGB', 'CMYK', 'YCbCr']}
PAIRS = [(suffix, mode) for suffix, modes in LOSSLESS.items() for mode in modes]
WITH_DETAILS = ('.png', '.tif', '.webp')


@pytest.mark.parametrize('suffix, mode', PAIRS)
def test_samples_are_read_back_bit_for_bit(photo, suffix, mode, tmp_path, recwarn):
    image = picture(mode, photo)
    path = tmp_path / f'result{suffix}'
    Photo.from_pil(image).save(path)
    with Image.open(path) as read:
        samples = np.asarray(read)
        assert read.mode.rstrip('B;16') == mode.rstrip('B;16') or {read.mode, mode} <= {'I', 'I;16', 'I;16B'}
        if mode in ('P', 'PA'):
            assert read.getpalette()[:180] == image.getpalette()[:180]
    assert (samples == np.asarray(image)).all() and (Photo.read(path).samples() == samples).all()
    assert not recwarn.list and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize('suffix', [*LOSSLESS, *LOSSY])
@pytest.mark.parametrize('mode', PILLOW_MODES)
def test_a_format_that_cannot_hold_the_mode_is_refused_with_those_that_can(photo, suffix, mode, tmp_path):
    if mode in {**LOSSLESS, **LOSSY}[suffix]:
        return
    with pytest.raises(PhotoError, match=r'result\.\w+ cannot be written.*cannot hold.*; take ') as info:
        Photo.from_pil(picture(mode, photo)).save(tmp_path / f'result{suffix}')
    named = str(info.value).partition('; take ')[2].split(' or ')
    assert named == [able for able in ('.png', '.tif', '.jpg', '.webp', '.bmp', '.gif', '.ppm', '.pgm', '.pbm')
                     if mode in {**LOSSLESS, **LOSSY}[able]]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize('suffix, mode', [pair for pair in PAIRS if pair[0] in WITH_DETAILS] + [('.jpg', 'RGB')])
@pytest.mark.filterwarnings('ignore:.*JPEG changes')
def test_colour_profile_exif_and_resolution_go_along(photo, suffix, mode, tmp_path):
    image = picture(mode, photo)
    image.info.update(icc_profile=ICC_PROFILE, exif=exif(6), dpi=(300, 150))
    Photo.from_pil(image).save(tmp_path / f'result{suffix}')
    _check_details(tmp_path / f'result{suffix}')


@pytest.mark.parametrize('suffix', ['.png', '.tif'])
@pytest.mark.parametrize('channels', [2, 3, 4])
def test_deep_colour_keeps_bits_and_details_through_a_file_and_a_fill(suffix, channels, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 65536, (70, 41, channels), dtype=np.uint16)
    _deep_file(pixels, tmp_path / 'photo.png')
    Photo.read(tmp_path / 'photo.png').save(tmp_path / f'photo{suffix}')
    photo = Photo.read(tmp_path / f'photo{suffix}')
    assert (photo.to_array() == pixels).all() and photo.shape == (41, 70)
    hole = np.zeros((41, 70), bool)
    hole[3:9, 5:30] = True
    result = tmp_path / f'result{suffix}'
    photo.filled(np.full((41, 70, 3), 257, np.uint16), hole).save(result)
    filled = Photo.read(result).samples()
    levels = slice(0, -1 if channels in (2, 4) else None)
    assert (filled[hole][:, levels] == 257).all() and (filled[~hole] == photo.samples()[~hole]).all()
    if channels != 3:
        assert (filled[..., -1] == photo.samples()[..., -1]).all()
    if suffix == '.tif':
        assert (tifffile.imread(result) == Photo.read(result).to_array()).all()
        page = tifffile.TiffFile(result).pages[0]
        assert [sample.name for sample in page.extrasamples] == ([] if channels == 3 else ['UNASSALPHA'])
        tags = page.tags
        assert tags['ExifTag'].value['DateTimeOriginal'] == '2024:05:06 07:08:09'
        assert tags[34675].value == ICC_PROFILE and tags['Orientation'].value == 6
        assert [round(n / d) for n, d in (tags['XResolution'].value, tags['YResolution'].value)] == [300, 150]
    else:
        _check_details(result)
        decoded = cv2.imread(str(result), cv2.IMREAD_UNCHANGED)
        assert (decoded[..., [0, 3]] if channels == 2 else decoded[..., [2, 1, 0, 3][:channels]] ==
                Photo.read(result).to_array()).all()


def _deep_file(pixels, path):
    """A PNG file of 16-bit colour with EXIF data, colour profile and resolution as Pillow writes them."""
    Photo.from_array(pixels).save(path)
    content = path.read_bytes()
    donor = encoded(np.zeros((2, 2), np.uint8), 'PNG', exif=exif(6), icc_profile=ICC_PROFILE, dpi=(300, 150))
    path.write_bytes(content[:33] + donor[33:donor.index(b'IDAT') - 4] + content[33:])


def _check_details(path):
    with Image.open(path) as image:
        stored = image.info.get('exif') or image.getexif().tobytes()
        tags = Image.Exif()
        tags.load(stored)
        assert tags[0x0112] == 6 and tags[0x010f] == 'Camera'
        assert tags.get_ifd(0x8769)[0x9003] == '2024:05:06 07:08:09' and tags.get_ifd(0x8825)[1] == 'N'
        assert image.info['icc_profile'] == ICC_PROFILE
        if path.suffix != '.webp':
            assert [round(float(dots)) for dots in image.info['dpi']] == [300, 150]


def test_details_of_a_deep_tiff_of_another_program_are_read(tmp_path):
    tifffile.imwrite(tmp_path / 'deep.tif', np.zeros((9, 9, 3), np.uint16), photometric='rgb', iccprofile=ICC_PROFILE,
                     resolution=(100, 50), resolutionunit='CENTIMETER', extratags=[(274, 'H', 1, 6)])
    Photo.read(tmp_path / 'deep.tif').save(tmp_path / 'deep.png')
    with Image.open(tmp_path / 'deep.png') as image:
        assert image.info['icc_profile'] == ICC_PROFILE and image.getexif()[0x0112] == 6
        assert [round(dots) for dots in image.info['dpi']] == [254, 127]


def test_a_file_that_says_no_resolution_gives_none(photo, tmp_path):
    Image.fromarray(photo).save(tmp_path / 'photo.tif')
    Photo.read(tmp_path / 'photo.tif').save(tmp_path / 'result.png')
    with Image.open(tmp_path / 'result.png') as image:
        assert 'dpi' not in image.info


@pytest.mark.parametrize('kwargs', [dict(quality=35), dict(quality=80, subsampling=1), dict(quality=92, subsampling=0),
                                    dict(quality=75, progressive=True)])
def test_a_jpeg_is_compressed_as_its_photo_was_and_says_that_this_changes_pixels(photo, kwargs, tmp_path):
    (tmp_path / 'photo.jpg').write_bytes(encoded(photo, 'JPEG', **kwargs))
    read = Photo.read(tmp_path / 'photo.jpg')
    with pytest.warns(PhotoWarning, match=r'result.jpg: JPEG changes the pixels.*; \.png does not'):
        read.save(tmp_path / 'result.jpg')
    with Image.open(tmp_path / 'photo.jpg') as before, Image.open(tmp_path / 'result.jpg') as after:
        assert after.quantization == before.quantization and after.layer == before.layer
        assert after.info.get('progressive') == before.info.get('progressive')
        assert np.abs(np.asarray(after).astype(int) - np.asarray(before)).mean() < 1.5


def test_what_was_no_jpeg_becomes_one_of_quality_95(photo, tmp_path):
    with pytest.warns(PhotoWarning, match='JPEG changes'):
        Photo.from_array(photo).save(tmp_path / 'result.jpeg')
    expected = Image.open(io.BytesIO(encoded(photo, 'JPEG', quality=95)))
    with Image.open(tmp_path / 'result.jpeg') as image:
        assert image.quantization == expected.quantization
        assert image.layer[0][1:3] == image.layer[1][1:3]  # colour as fine as brightness


@pytest.mark.parametrize('fmt, mode, suffix', [
    ('PNG', 'RGB', '.png'), ('JPEG', 'RGB', '.png'), ('JPEG', 'CMYK', '.tif'), ('TIFF', 'RGB', '.tif'),
    ('WEBP', 'RGB', '.webp'), ('BMP', 'RGB', '.bmp'), ('GIF', 'P', '.gif'), ('PPM', 'RGB', '.ppm'),
    ('PPM', 'L', '.pgm'), ('PPM', '1', '.pbm')])
def test_the_lossless_suffix_is_that_of_the_photo_if_it_can_be(photo, fmt, mode, suffix, tmp_path):
    read = Photo.read(io.BytesIO(encoded(picture(mode, photo), fmt)))
    assert read.lossless_suffix == suffix
    read.save(tmp_path / f'result{suffix}')
    assert (Photo.read(tmp_path / f'result{suffix}').samples() == read.samples()).all()


@pytest.mark.parametrize('channels, dtype, suffix', [(3, 'uint8', '.png'), (3, 'uint16', '.png'), (2, 'uint16', '.png'),
                                                     (3, 'float32', '.tif'), (4, 'float64', '.tif')])
def test_the_lossless_suffix_of_an_array_holds_it(channels, dtype, suffix, tmp_path):
    array = np.zeros((4, 5, channels), dtype)
    array[1, 2] = 1
    photo = Photo.from_array(array)
    assert photo.lossless_suffix == suffix
    photo.save(tmp_path / f'result{suffix}')
    read = Photo.read(tmp_path / f'result{suffix}').to_array()
    assert read.dtype == dtype and (read == array).all()


@pytest.mark.parametrize('dtype, suffix', [('>u2', '.png'), ('<u2', '.tif'), ('>u2', '.tif'), ('>f4', '.tif')])
@pytest.mark.parametrize('shape', [(3, 4), (3, 4, 3)])
def test_the_byte_order_of_an_array_does_not_matter(dtype, suffix, shape, tmp_path):
    array = (np.arange(np.prod(shape)).reshape(shape) / 37).astype(dtype) if dtype == '>f4' else (
        np.arange(np.prod(shape)).reshape(shape) * 1000).astype(dtype)
    photo = Photo.from_array(array)
    assert (photo.color().reshape(3, 4, 3)[..., :1] == array.reshape(3, 4, -1)[..., :1]).all()
    photo.save(tmp_path / f'result{suffix}')
    assert (Photo.read(tmp_path / f'result{suffix}').to_array() == array).all()
    assert photo.to_array().dtype == dtype


def test_colours_under_full_transparency_are_kept_in_webp(photo, tmp_path):
    image = picture('RGBA', photo)
    Photo.from_pil(image).save(tmp_path / 'result.webp')
    with Image.open(tmp_path / 'result.webp') as read:
        assert (np.asarray(read) == np.asarray(image)).all() and (np.asarray(read)[:, 0, 3] == 0).all()


@pytest.mark.parametrize('suffix', ['.gif', '.png', '.tif', '.bmp'])
def test_entries_of_a_palette_that_are_not_used_stay_in_their_places(suffix, tmp_path):
    image = Image.frombytes('P', (4, 1), bytes([0, 1, 9, 17]))
    image.putpalette(list(range(60)))
    Photo.from_pil(image).save(tmp_path / f'result{suffix}')
    read = Photo.read(tmp_path / f'result{suffix}')
    assert read.samples().tolist() == [[0, 1, 9, 17]] and read.color()[0, 3].tolist() == [51, 52, 53]


@pytest.mark.parametrize('suffix', ['.gif', '.png'])
def test_the_transparent_index_of_a_palette_goes_along(suffix, tmp_path):
    image = Image.frombytes('P', (4, 1), bytes([0, 1, 2, 3]))
    image.putpalette(list(range(12)))
    image.info['transparency'] = 2
    photo = Photo.from_pil(image)
    photo.save(tmp_path / f'result{suffix}')
    assert Photo.read(tmp_path / f'result{suffix}').hidden().tolist() == [[False, False, True, False]]
    with pytest.raises(PhotoError, match='palette colours with transparency; take .png or .gif'):
        photo.save(tmp_path / 'result.tif')


def test_how_colours_are_meant_goes_from_png_to_png(photo, tmp_path):
    content = encoded(photo, 'PNG')
    gamma = b'\0\0\0\4gAMA\0\0\xb1\x8f\x0b\xfca\x05'  # 1 / 2.2, as many programs write it
    (tmp_path / 'photo.png').write_bytes(content[:33] + gamma + content[33:])
    Photo.read(tmp_path / 'photo.png').save(tmp_path / 'result.png')
    assert gamma in (tmp_path / 'result.png').read_bytes()


def test_what_turned_photos_need_is_not_left_out(photo, tmp_path):
    turned, described = Image.fromarray(photo), Image.fromarray(photo)
    turned.info['exif'], described.info['exif'] = exif(6), exif(1)
    with pytest.raises(PhotoError, match='BMP files cannot hold 8-bit RGB turned by EXIF orientation 6; take .png or'):
        Photo.from_pil(turned).save(tmp_path / 'result.bmp')
    with pytest.warns(PhotoWarning, match='BMP holds no colour profile and no EXIF data'):
        Photo.from_pil(described).save(tmp_path / 'result.bmp')


@pytest.mark.parametrize('name, reason', [
    ('result.xyz', r'suffix must be one of \.png'), ('result', r'suffix must be one of'), ('folder.png', 'director'),
    ('file/result.png', 'cannot be written')])
def test_a_file_that_cannot_be_written_is_named(photo, name, reason, tmp_path):
    (tmp_path / 'folder.png').mkdir()
    (tmp_path / 'file').write_text('in the way')
    before = sorted(tmp_path.rglob('*'))
    with pytest.raises(PhotoError, match=reason):
        Photo.from_array(photo).save(tmp_path / name)
    assert sorted(tmp_path.rglob('*')) == before


def test_a_picture_too_large_for_a_format_is_told(tmp_path):
    with pytest.raises(PhotoError, match='result.webp cannot be written: '):
        Photo.from_array(np.zeros((1, 16400, 3), np.uint8)).save(tmp_path / 'result.webp')
    assert not os.listdir(tmp_path)


def test_suffixes_may_be_in_capitals(photo, tmp_path):
    Photo.from_array(photo).save(tmp_path / 'RESULT.PNG')
    read = Photo.read(tmp_path / 'RESULT.PNG')
    assert read.format == 'PNG' and (read.to_array() == photo).all()
