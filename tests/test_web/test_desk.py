import json
import threading
import warnings
from pathlib import Path

import cv2
import gradio as gr
import numpy as np
import pytest
import tifffile
from PIL import Image

from mmpconv.photos import PhotoWarning
from mmpconv.web import desk as desk_module
from mmpconv.web.desk import Desk
from mmpconv.web.strokes import paint, read_strokes

LINE = json.dumps([{'size': 20, 'erases': False, 'points': [[50, 40], [150, 60]]}])


@pytest.fixture
def desk(inpainter, tmp_path):
    return Desk(inpainter, tmp_path / 'results', max_pixels=1_000_000)


@pytest.fixture
def told(monkeypatch):
    """The warnings that visitors see."""
    told = []
    monkeypatch.setattr(desk_module.gr, 'Warning', told.append)
    return told


def fill(desk, path, mask=None, *, invert=False, resize=False, grow=0, strokes='[]', progress=lambda *args, **kw: None):
    html, done, button = desk.fill(path, mask, invert, resize, grow, strokes, progress)
    return Path(button['value']), done, html


def drawn(strokes, shape):
    return paint(np.zeros(shape, bool), read_strokes(strokes, shape))


def test_exactly_what_is_painted_is_filled(desk, cat, save):
    result, done, html = fill(desk, save(cat, 'a cat.png'), strokes=LINE)
    hole = drawn(LINE, cat.shape[:2])
    np.testing.assert_array_equal(np.array(Image.open(result)), np.where(hole[..., None], 255 - cat, cat))
    assert result.name == 'a cat-filled.png' and f'{hole.mean():.2%} of 451 × 300 pixels' in done
    assert html.count('src="data:image/jpeg;base64,') == 2


def test_a_painted_photo_is_turned_as_its_visitor_sees_it(desk, cat, save):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = save(cat, 'turned.png', exif=exif)
    shown, _ = desk.show_photo(path)
    assert (shown['width'], shown['height']) == (300, 451)
    result, *_ = fill(desk, path, strokes=LINE)
    filled = Image.open(result)
    hole = np.rot90(drawn(LINE, (451, 300)), 1)  # from upright to as it is stored
    np.testing.assert_array_equal(np.array(filled), np.where(hole[..., None], 255 - cat, cat))
    assert filled.getexif()[0x0112] == 6


def test_depth_and_profile_are_those_of_the_uploaded_file(desk, tmp_path, cat, save):
    deep = cat.astype(np.uint16) * 257 - (cat > 128)
    path = tmp_path / 'deep.tif'
    tifffile.imwrite(path, deep, photometric='rgb', iccprofile=b'a profile')
    result, *_ = fill(desk, str(path), strokes=LINE)
    with tifffile.TiffFile(result) as file:
        stored = file.asarray()
        assert file.pages[0].iccprofile == b'a profile'
    hole = drawn(LINE, cat.shape[:2])
    np.testing.assert_array_equal(stored, np.where(hole[..., None], 65535 - deep, deep))


def test_a_jpeg_file_becomes_a_png_file_which_loses_nothing(desk, cat, save):
    path = save(cat, 'cat.jpg', quality=80)
    result, *_ = fill(desk, path, strokes=LINE)
    stored, hole = np.array(Image.open(path)), drawn(LINE, cat.shape[:2])
    assert result.name == 'cat-filled.png'
    np.testing.assert_array_equal(np.array(Image.open(result))[~hole], stored[~hole])


@pytest.mark.parametrize('invert', [False, True])
def test_a_mask_is_white_where_it_is_filled_or_black_if_inverted(desk, cat, save, told, invert):
    mask = np.zeros(cat.shape[:2], np.uint8)
    mask[100:120, 200:250] = 255
    path = save(255 - mask if invert else mask, 'mask.png')
    result, *_ = fill(desk, save(cat, 'cat.png'), path, invert=invert)
    changed = (np.array(Image.open(result)) != cat).any(2)
    np.testing.assert_array_equal(changed, mask > 0)


def test_strokes_add_to_a_mask_and_take_from_it(desk, cat, save):
    mask = np.zeros(cat.shape[:2], np.uint8)
    mask[100:200, 200:300] = 255
    strokes = json.dumps([{'size': 30, 'erases': True, 'points': [[250, 150]]},
                          {'size': 30, 'erases': False, 'points': [[50, 50]]}])
    result, *_ = fill(desk, save(cat, 'cat.png'), save(mask, 'mask.png'), strokes=strokes)
    changed = (np.array(Image.open(result)) != cat).any(2)
    assert changed[110, 210] and not changed[150, 250] and changed[50, 50]


def test_a_hole_is_grown_by_pixels_of_the_photo(desk, cat, save):
    result, *_ = fill(desk, save(cat, 'cat.png'), strokes=LINE, grow=7)
    changed = (np.array(Image.open(result)) != cat).any(2)
    disc = cv2.circle(np.zeros((15, 15), np.uint8), (7, 7), 7, 1, -1)
    grown = cv2.dilate(drawn(LINE, cat.shape[:2]).astype(np.uint8), disc) > 0
    assert (changed != grown).mean() < 1e-3 and changed.sum() > 1.5 * drawn(LINE, cat.shape[:2]).sum()


def test_a_mask_of_another_size_is_scaled_if_asked_for(desk, cat, save):
    mask = np.zeros((150, 451), np.uint8)
    mask[50:60, 200:250] = 255
    photo, mask = save(cat, 'cat.png'), save(mask, 'mask.png')
    with pytest.raises(gr.Error, match='451 x 150.*451 x 300.*tick “Scale a mask of another size”'):
        desk.show_mask(photo, mask, False, False)
    result, *_ = fill(desk, photo, mask, resize=True)
    rows, columns = np.nonzero((np.array(Image.open(result)) != cat).any(2))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (100, 119, 200, 249)


def test_progress_is_told(desk, cat, save):
    told = []
    fill(desk, save(cat, 'cat.png'), strokes=LINE, progress=lambda tiles, unit: told.append(tiles))
    assert told == [(1, 2), (2, 2)]


@pytest.mark.parametrize('content, sentence', [
    (b'GIF89a', 'Cannot read the image photo.png'), (b'hello', 'Cannot read the image photo.png'), (b'', 'photo.png'),
    (None, 'photo.png')])
def test_a_file_that_is_no_photo_is_told_by_its_name_alone(desk, tmp_path, content, sentence):
    path = tmp_path / 'photo.png'
    if content is not None:
        path.write_bytes(content)
    for action in (lambda: desk.show_photo(str(path)), lambda: fill(desk, str(path), strokes=LINE)):
        with pytest.raises(gr.Error) as caught:
            action()
        assert sentence in caught.value.message and str(tmp_path) not in caught.value.message


def test_a_photo_of_too_many_pixels_is_refused(desk, save):
    with pytest.raises(gr.Error, match='1001 x 1000 pixels, more than the limit of 1000000; scale it down.$'):
        desk.show_photo(save(np.zeros((1000, 1001), np.uint8), 'large.png'))


def test_names_are_no_markup(desk, tmp_path):
    path = tmp_path / '<img src=x onerror=alert(1)>.png'
    path.write_text('no photo')
    with pytest.raises(gr.Error) as caught:
        desk.show_photo(str(path))
    assert '<' not in caught.value.message and '&lt;img' in caught.value.message


def test_without_photo_or_hole_the_page_says_what_to_do(desk, cat, save):
    with pytest.raises(gr.Error, match='Choose a photo'):
        fill(desk, None, strokes=LINE)
    with pytest.raises(gr.Error, match='paint over what you want gone'):
        fill(desk, save(cat, 'cat.png'))
    erased = json.dumps([{'size': 20, 'erases': True, 'points': [[50, 50]]}])
    with pytest.raises(gr.Error, match='paint over what you want gone'):
        fill(desk, save(cat, 'cat.png'), strokes=erased)


def test_a_photo_that_is_all_hole_is_refused(desk, save, told):
    photo = save(np.zeros((30, 30, 3), np.uint8), 'small.png')
    everything = json.dumps([{'size': 60, 'erases': False, 'points': [[15, 15]]}])
    with pytest.raises(gr.Error, match='Nothing is left'):
        fill(desk, photo, strokes=everything)
    with pytest.raises(gr.Error, match='Nothing is left'):
        fill(desk, photo, strokes=json.dumps([{'size': 4, 'erases': False, 'points': [[15, 15]]}]), grow=50)


def test_a_mask_that_seems_inverted_is_told_with_what_to_tick(desk, cat, save, told):
    mask = np.full(cat.shape[:2], 255, np.uint8)
    mask[100:120, 200:250] = 0
    desk.show_mask(save(cat, 'cat.png'), save(mask, 'mask.png'), False, False)
    assert len(told) == 1 and 'probably inverted; tick “Invert the mask”' in told[0] and 'invert=' not in told[0]


def test_what_the_inpainter_warns_of_is_told(desk, cat, save, told, monkeypatch):
    filled = desk.inpainter.fill

    def fill_and_warn(photo, hole, progress=None):
        for _ in range(2):
            warnings.warn(f'{photo.name}: a hole is deep', PhotoWarning, stacklevel=2)
        return filled(photo, hole, progress=progress)

    monkeypatch.setattr(desk.inpainter, 'fill', fill_and_warn)
    fill(desk, save(cat, 'cat.png'), strokes=LINE)
    assert told == ['cat.png: a hole is deep']


def test_every_result_has_a_place_that_cannot_be_guessed(desk, cat, save):
    path = save(cat, 'cat.png')
    folders = {fill(desk, path, strokes=LINE)[0].parent.name for _ in range(3)}
    assert len(folders) == 3 and min(map(len, folders)) >= 30


def test_a_filling_that_goes_on_at_the_end_is_waited_for_and_given_up(desk, cat, save, monkeypatch):
    begun, go_on, ends = threading.Event(), threading.Event(), []

    def fill_slowly(photo, hole, *, progress):
        begun.set()
        go_on.wait(10)
        progress(1, 2)
        return photo

    def visit():
        with pytest.raises(gr.Error) as end:
            fill(desk, save(cat, 'cat.png'), strokes=LINE)
        ends.append(end.value.message)

    monkeypatch.setattr(desk.inpainter, 'fill', fill_slowly)
    visitor, closing = threading.Thread(target=visit), threading.Thread(target=desk.wait)
    visitor.start()
    assert begun.wait(10)
    desk.close()
    closing.start()
    closing.join(0.2)
    assert closing.is_alive()
    go_on.set()
    for thread in (closing, visitor):
        thread.join(10)
    assert ends == ['The page has ended.'] and not desk.folder.exists()
