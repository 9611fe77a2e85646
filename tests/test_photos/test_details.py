"""EXIF orientations as Pillow turns them; EXIF data go along, without what no longer holds."""
import io
import struct

import numpy as np
import pytest
from picture_files import encoded, exif
from PIL import ExifTags, Image, ImageOps

from mmpconv.photos import Photo
from mmpconv.photos.details import as_stored, upright

STORED = np.array([[10, 20, 30], [40, 50, 60]], np.uint8)


@pytest.mark.parametrize('orientation', range(1, 9))
def test_a_view_stands_as_pillow_turns_it(orientation):
    image = Image.fromarray(STORED)
    image.info['exif'] = exif(orientation)
    expected = np.asarray(ImageOps.exif_transpose(image))
    assert upright(STORED, orientation).tolist() == expected.tolist()
    assert as_stored(expected, orientation).tolist() == STORED.tolist()


@pytest.mark.parametrize('orientation', range(1, 9))
def test_what_is_written_to_the_view_is_written_to_the_picture(orientation):
    stored = STORED.copy()
    upright(stored, orientation)[0, 0] = 99
    corner = {1: (0, 0), 2: (0, 2), 3: (1, 2), 4: (1, 0), 5: (0, 0), 6: (1, 0), 7: (1, 2), 8: (0, 2)}[orientation]
    expected = STORED.copy()
    expected[corner] = 99
    assert stored.tolist() == expected.tolist()


@pytest.mark.parametrize('suffix', ['.png', '.tif', '.webp', '.jpg'])
@pytest.mark.parametrize('orientation', range(1, 9))
def test_a_result_is_stored_and_turned_as_its_photo(photo, orientation, suffix, tmp_path, recwarn):
    Image.fromarray(photo).save(tmp_path / f'photo{suffix}', exif=exif(orientation),
                                **(dict(lossless=True) if suffix == '.webp' else {}))
    with Image.open(tmp_path / f'photo{suffix}') as image:
        seen = np.asarray(ImageOps.exif_transpose(image))
    read = Photo.read(tmp_path / f'photo{suffix}')
    assert read.orientation == orientation and read.stored_shape == photo.shape[:2]
    assert (read.color() == seen).all()
    hole = np.zeros(read.shape, bool)
    hole[:8, :20] = True
    read.filled(np.full_like(seen, 7), hole).save(tmp_path / 'result.png')
    with Image.open(tmp_path / 'result.png') as image:
        assert image.size == photo.shape[1::-1] and image.getexif()[0x0112] == orientation
        result = np.asarray(ImageOps.exif_transpose(image))
    assert (result[hole] == 7).all() and (result[~hole] == seen[~hole]).all()


@pytest.mark.parametrize('suffix', ['.png', '.tif'])
def test_an_opened_picture_of_pillow_is_seen_upright_too(photo, suffix, tmp_path):
    Image.fromarray(photo).save(tmp_path / f'photo{suffix}', exif=exif(6))
    with Image.open(tmp_path / f'photo{suffix}') as image:
        read = Photo.from_pil(image)
        assert (read.to_array() == np.asarray(image)).all()  # as Pillow has it, which turns TIFF files itself
    assert (read.color() == np.rot90(photo, -1)).all()


def test_an_orientation_that_only_xmp_gives_counts_and_is_kept(photo, tmp_path):
    xmp = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    Image.fromarray(photo).save(tmp_path / 'photo.jpg', xmp=xmp)
    read = Photo.read(tmp_path / 'photo.jpg')
    assert read.shape == photo.shape[1::-1]
    read.save(tmp_path / 'result.png')
    with Image.open(tmp_path / 'result.png') as image:
        assert image.getexif()[0x0112] == 6


@pytest.mark.parametrize('orientation', [0, 9, 65535])
def test_an_unknown_orientation_is_upright(photo, orientation):
    image = Image.fromarray(photo)
    image.info['exif'] = exif(orientation)
    assert (Photo.from_pil(image).color() == photo).all()


def test_exif_of_a_tiff_file_is_read_without_what_describes_its_samples(photo):
    content = encoded(photo, 'TIFF', exif=exif(3))
    tags = Image.Exif()
    tags.load(Photo.read(io.BytesIO(content)).to_pil().info['exif'])
    assert tags[0x010f] == 'Camera' and tags[0x0112] == 3 and tags.get_ifd(0x8769)[0x9003] == '2024:05:06 07:08:09'
    assert not {256, 257, 258, 259, 262, 273, 277, 278, 279} & set(tags)


def test_a_thumbnail_that_shows_what_was_in_the_hole_is_blanked_out(photo):
    thumbnail = encoded(photo[::4, ::4], 'JPEG')
    tags = exif(6)
    # A second directory (EXIF 2.32, section 4.6.4) behind the first: compression, offset and length of the thumbnail.
    order = '<' if tags[6:8] == b'II' else '>'
    first = struct.unpack_from(f'{order}I', tags, 10)[0]
    count = struct.unpack_from(f'{order}H', tags, 6 + first)[0]
    link, end = 6 + first + 2 + 12 * count, len(tags) - 6
    block = bytearray(tags)
    struct.pack_into(f'{order}I', block, link, end)
    block += struct.pack(f'{order}HHHIIHHIII', 2, 0x201, 4, 1, end + 30, 0x202, 4, 1, len(thumbnail), 0) + thumbnail
    content = encoded(photo, 'JPEG', exif=bytes(block))
    read = Photo.read(io.BytesIO(content))
    assert thumbnail in read.to_pil().info['exif'] and read.to_pil().getexif().get_ifd(ExifTags.IFD.IFD1)
    hole = np.zeros(read.shape, bool)
    untouched = read.filled(read.color(), hole).to_pil().info['exif']
    assert untouched == bytes(block)
    hole[3:6, 4:9] = True
    kept = read.filled(read.color(), hole).to_pil().info['exif']
    assert len(kept) == len(block) and thumbnail[20:40] not in kept
    after = Image.Exif()
    after.load(kept)
    assert not after.get_ifd(ExifTags.IFD.IFD1) and after[0x0112] == 6
    assert after.get_ifd(0x8769)[0x9003] == '2024:05:06 07:08:09'
