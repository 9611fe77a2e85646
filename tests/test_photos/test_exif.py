"""EXIF data go along, without what no longer holds."""
import io
import struct

import numpy as np
from picture_files import encoded, exif
from PIL import ExifTags, Image

from mmpconv.photos import Photo


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
