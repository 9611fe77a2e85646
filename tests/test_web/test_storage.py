import io

import numpy as np
import pytest
import tifffile
from inverting import Inverting, png
from PIL import Image

from mmpconv.photos import Photo, PhotoError
from mmpconv.web.messages import VisitorError
from mmpconv.web.storage import PhotoStore, bounding_box

rng = np.random.default_rng(0)
H, W = 40, 60


def file_of(array, palette=False, **options):
    file = io.BytesIO()
    if array.dtype == np.uint8:
        image = Image.fromarray(array)
        if palette:
            image.putpalette(rng.integers(256, size=27, dtype=np.uint8).tobytes())
        image.save(file, **{'format': 'PNG', **options})
    else:
        tifffile.imwrite(file, array)
    file.seek(0)
    return file


def turned():
    exif = Image.Exif()
    exif[0x0112] = 6
    return dict(format='JPEG', exif=exif)


KINDS = {
    'grey': lambda: file_of(rng.integers(256, size=(H, W), dtype=np.uint8)),
    'colour': lambda: file_of(rng.integers(256, size=(H, W, 3), dtype=np.uint8)),
    'transparent': lambda: file_of(rng.integers(256, size=(H, W, 4), dtype=np.uint8)),
    'palette': lambda: file_of(rng.integers(9, size=(H, W), dtype=np.uint8), palette=True),
    'turned JPEG': lambda: file_of(rng.integers(256, size=(H, W, 3), dtype=np.uint8), **turned()),
    '16 bits': lambda: file_of(rng.integers(65536, size=(H, W, 3), dtype=np.uint16)),
    'float': lambda: file_of(rng.random((H, W), np.float32)),
}


def invert(photo, hole):
    return Inverting().fill(photo, hole, progress=lambda *counts: None)


@pytest.mark.parametrize('kind', KINDS)
def test_fillings_are_read_back_as_they_were_and_all_else_is_as_it_was_sent(store, kind):
    file = KINDS[kind]()
    first, photo = store.add(file, 'photo')
    original, photos, everything = photo.to_array(), {first: photo}, np.zeros(photo.shape, bool)
    last = first
    for box in ((slice(3, 9), slice(5, 20)), (slice(6, 30), slice(2, 8)), (slice(0, 1), slice(0, 1))):
        hole = np.zeros(photo.shape, bool)
        hole[box] = True
        everything |= hole
        filled = invert(photos[last], hole)
        last = store.add_filled(last, hole, filled)
        photos[last] = filled
    store._decoded.clear()
    for photo_id, photo in photos.items():
        # Grey levels that are floats are computed anew from three equal colours: in the hole the last bit may differ.
        np.testing.assert_allclose(store.read(photo_id).to_array(), photo.to_array(), rtol=2e-7 * (kind == 'float'))
    stored = store.read(last)
    changed = (stored.to_array() != original).reshape(H, W, -1).any(2)
    seen = np.rot90(changed, -1) if stored.orientation == 6 else changed
    assert changed.any() and not seen[~everything].any()


def test_what_was_filled_needs_room_for_the_hole_alone(store, cat, hole):
    photo_id, photo = store.add(io.BytesIO(png(cat)), 'cat.png')
    before = store.size
    store.add_filled(photo_id, hole, invert(photo, hole))
    rows, columns = bounding_box(hole)
    assert store.size - before < 3 * hole.sum() + (rows.stop - rows.start) * (columns.stop - columns.start) / 8 + 1


def test_what_is_no_photo_is_not_kept(store):
    with pytest.raises(PhotoError, match='image text.png'):
        store.add(io.BytesIO(b'no photo'), 'text.png')
    assert store.size == 0 and not list(store.folder.iterdir())


def test_a_photo_is_gone_with_all_its_fillings(store, cat, hole):
    photo_id, photo = store.add(io.BytesIO(png(cat)), 'cat.png')
    filled_id = store.add_filled(photo_id, hole, invert(photo, hole))
    store.remove(filled_id)
    store.remove(filled_id)
    assert store.size == 0 and not list(store.folder.iterdir())
    for gone in (photo_id, filled_id):
        with pytest.raises(VisitorError, match='no longer kept'):
            store.read(gone)


@pytest.mark.parametrize('wrong', ['', '.', '0', 'x.0', '../../etc/passwd', '{}.1', '{}.00', '{}.-1', '{}.0.0', '{}'])
def test_no_other_id_finds_a_photo(store, cat, wrong):
    photo_id, _ = store.add(io.BytesIO(png(cat)), 'cat.png')
    with pytest.raises(VisitorError) as error:
        store.read(wrong.format(photo_id.partition('.')[0]))
    assert error.value.status == 404


def test_photos_go_when_they_were_not_used_for_too_long(tmp_path, cat):
    now = [0.0]
    store = PhotoStore(tmp_path, 10**6, 10**8, keep=100, clock=lambda: now[0])
    first, second = (store.add(io.BytesIO(png(cat)), 'cat.png')[0] for _ in range(2))
    now[0] = 90
    store.read(second)
    now[0] = 120
    store.remove_old()
    assert isinstance(store.read(second), Photo)
    with pytest.raises(VisitorError):
        store.read(first)


def test_a_full_disk_gives_up_what_is_not_used_and_refuses_when_all_is(tmp_path, cat):
    now, content = [0.0], png(cat)
    store = PhotoStore(tmp_path, 10**6, int(2.5 * len(content)), keep=10**6, clock=lambda: now[0])
    ids = []
    for _ in range(3):
        ids.append(store.add(io.BytesIO(content), 'cat.png')[0])
        now[0] += 500
    assert store.size == 2 * len(content) == sum(path.stat().st_size for path in tmp_path.iterdir())
    with pytest.raises(VisitorError):
        store.read(ids[0])
    for used in ids[1:]:
        store.read(used)
    with pytest.raises(VisitorError, match='no room') as error:
        store.add(io.BytesIO(content), 'cat.png')
    assert error.value.status == 507


def test_no_more_decoded_photos_are_kept_than_there_is_room_for(store, cat, monkeypatch):
    monkeypatch.setattr('mmpconv.web.storage._DECODED', int(2.5 * cat.nbytes))
    for _ in range(4):
        store.add(io.BytesIO(png(cat)), 'cat.png')
    assert len(store._decoded) == 2
