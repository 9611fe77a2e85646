"""The EXIF orientations, compared with Pillow's own turning."""
import numpy as np
import pytest
from picture_files import exif
from PIL import Image, ImageOps

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
