"""The page in Chromium, before a server as its user starts it."""
import signal

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmpconv.web.strokes import paint, read_strokes
from PIL import Image
from test_strokes import distances

from mmpconv.apis import Inpainter
from mmpconv.photos import Photo
from mmpconv.registry import MODELS

served = pytest.importorskip('served', reason='Playwright is not installed', exc_type=ModuleNotFoundError)

CONFIG = served.ROOT / 'configs/partial_conv/pconv_small_1xb8_photos-128x128.py'

pytestmark = pytest.mark.skipif(served.CHROMIUM is None, reason='there is no Chromium: chromium, chromium-browser or '
                                'google-chrome')


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory):
    """Of a small network that has learned nothing: what it fills in looks like nothing in the photo."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp('network') / 'random.pth'
    model = MODELS.build({**Config.fromfile(CONFIG).model, 'loss_composed_percep': None, 'loss_out_percep': False})
    torch.save(dict(state_dict=model.state_dict()), path)
    return str(path)


@pytest.fixture(scope='module')
def inpainter(checkpoint):
    return Inpainter(str(CONFIG), checkpoint, 'cpu')


@pytest.fixture(scope='module')
def page(tmp_path_factory, checkpoint):
    """The server; ended by the last test of this file."""
    page = served.Served(tmp_path_factory.mktemp('page'), '--model', CONFIG, '--checkpoint', checkpoint, '--max-upload',
                         '2', '--max-pixels', '13_000_000')
    yield page
    page.process.kill()


@pytest.fixture(scope='module')
def browser(page):
    with served.chromium() as browser:
        yield browser


@pytest.fixture
def visit(browser, page):
    """Open the page; whatever is done there, nothing is asked of other hosts and the browser has no complaint."""
    visitors = []

    def visit(**options):
        visitors.append(served.Visitor(browser, page.address, **options))
        return visitors[-1]

    yield visit
    for visitor in visitors:
        visitor.page.context.close()
        assert not visitor.elsewhere and not visitor.complaints


def photo_file(cat, folder, kind):
    exif = Image.Exif()
    exif[0x0112] = 6 if kind == 'turned.jpg' else 1
    Image.fromarray(cat).save(folder / kind, exif=exif, quality=90)
    return folder / kind


@pytest.mark.parametrize('kind', ['cat.png', 'turned.jpg'])
def test_what_is_painted_is_filled_and_nothing_else(visit, cat, tmp_path, inpainter, kind):
    path = photo_file(cat, tmp_path, kind)
    photo = Photo.read(path)
    visitor = visit()
    visitor.open_photo(path)
    line = visitor.paint((0.3, 0.4), (0.6, 0.5), (0.6, 0.8))
    size = visitor.page.evaluate('painter.size')
    strokes = read_strokes(visitor.page.evaluate('JSON.stringify(painter.strokes)'), photo.shape)
    visitor.fill()
    result = visitor.download(tmp_path)

    assert result.name == f'{path.stem}-filled.png'
    filled = Photo.read(result)
    changed = (filled.color() != photo.color()).any(2)
    distance = distances(line, photo.shape)
    assert not changed[distance > size / 2 + 2].any()
    assert changed[distance < size / 2 - 2].mean() > 0.99
    hole = paint(np.zeros(photo.shape, bool), strokes)
    assert not changed[~hole].any()
    np.testing.assert_array_equal(filled.color(), inpainter.fill(photo, hole).color())
    assert Image.open(result).getexif().get(0x0112) == Image.open(path).getexif().get(0x0112)


def test_an_uploaded_mask_is_filled(visit, cat, tmp_path, inpainter):
    mask = np.full(cat.shape[:2], 255, np.uint8)
    mask[100:120, 200:250] = 0
    Image.fromarray(mask).save(tmp_path / 'mask.png')
    visitor = visit()
    visitor.open_photo(photo_file(cat, tmp_path, 'cat.png'))
    visitor.choose_mask(tmp_path / 'mask.png')
    assert 'probably inverted' in visitor.told()
    visitor.wait_until(10, 10, True)
    visitor.wait_until(225, 110, False)
    visitor.page.click('text=Invert the mask')
    visitor.wait_until(225, 110, True)
    visitor.wait_until(10, 10, False)
    visitor.fill()
    filled = np.array(Image.open(visitor.download(tmp_path)))
    np.testing.assert_array_equal(filled, inpainter.fill(Photo.from_array(cat), mask == 0).color())


def test_strokes_can_be_erased_undone_and_cleared(visit, cat, tmp_path):
    visitor = visit()
    visitor.open_photo(photo_file(cat, tmp_path, 'cat.png'))
    visitor.paint((0.2, 0.5), (0.8, 0.5))
    visitor.page.fill('input[aria-label^="number input for Brush size"]', '60')
    visitor.page.keyboard.press('Tab')
    visitor.page.click('text=Eraser')
    visitor.page.wait_for_function('painter.erases && painter.size === 60')
    (x, y), = visitor.paint((0.5, 0.5))
    for distance, painted in ((0, False), (26, False), (34, True)):
        visitor.wait_until(x + distance, y, painted)
    visitor.page.click('button:has-text("Undo")')
    visitor.wait_until(x, y, True)
    visitor.page.keyboard.press('Control+z')
    visitor.wait_until(x + 34, y, False)
    visitor.page.click('text="Brush"')
    visitor.page.wait_for_function('!painter.erases')
    visitor.paint((0.5, 0.5))
    visitor.wait_until(x, y, True)
    visitor.page.click('button:has-text("Clear") >> visible=true')
    visitor.wait_until(x, y, False)


def test_large_photos_are_filled_at_full_size(visit, tmp_path):
    photo = np.zeros((3000, 4000, 3), np.uint8)
    photo[...] = np.linspace(0, 255, 4000, dtype=np.uint8)[:, None]
    Image.fromarray(photo).save(tmp_path / 'large.png', compress_level=1)
    visitor = visit()
    visitor.open_photo(tmp_path / 'large.png')
    (x, y), = visitor.paint((0.25, 0.75))
    visitor.fill()
    filled = np.array(Image.open(visitor.download(tmp_path)))
    rows, columns = np.nonzero((filled != photo).any(2))
    radius = visitor.page.evaluate('painter.size') / 2
    edges = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
    np.testing.assert_allclose(edges, [y - radius, y + radius, x - radius, x + radius], atol=3)


def test_the_page_goes_on_after_a_file_that_is_no_photo(visit, cat, tmp_path):
    (tmp_path / 'text.png').write_text('no photo')
    visitor = visit()
    visitor.choose_photo(tmp_path / 'text.png')
    assert visitor.told().startswith('Cannot read the image text.png')
    assert visitor.press_fill_in_vain().startswith('Cannot read the image text.png')
    visitor.page.click('#photo button[aria-label="Clear"]')
    visitor.open_photo(photo_file(cat, tmp_path, 'cat.png'))
    assert 'paint over what you want gone' in visitor.press_fill_in_vain()


def test_too_many_bytes_or_pixels_are_told(visit, tmp_path):
    (tmp_path / 'bytes.png').write_bytes(bytes(3_000_000))
    Image.new('L', (4000, 3300)).save(tmp_path / 'pixels.png')
    visitor = visit()
    visitor.choose_photo(tmp_path / 'bytes.png')
    assert '2' in visitor.told()
    visitor = visit()
    visitor.choose_photo(tmp_path / 'pixels.png')
    assert '4000 x 3300 pixels, more than the limit of 13000000' in visitor.told()


def test_two_visitors_have_a_page_of_their_own(visit, cat, tmp_path, inpainter):
    visitors = []
    for name, photo in (('a', cat), ('b', cat[::-1])):
        (tmp_path / name).mkdir()
        Image.fromarray(photo).save(tmp_path / name / 'photo.png')
        visitor = visit()
        visitor.open_photo(tmp_path / name / 'photo.png')
        visitor.paint((0.5, 0.5))
        visitors.append((visitor, name, photo))
    for visitor, _, _ in visitors:
        visitor.page.click('button:has-text("Fill")')
    for visitor, name, photo in visitors:
        visitor.page.wait_for_selector('.comparison img')
        filled = np.array(Image.open(visitor.download(tmp_path / name)))
        assert (filled == photo).all(2).mean() > 0.9


def test_nothing_is_left_when_the_page_ends_while_it_fills(visit, page, tmp_path):
    Image.new('RGB', (4000, 3000)).save(tmp_path / 'large.png', compress_level=1)
    visitor = visit()
    visitor.open_photo(tmp_path / 'large.png')
    visitor.page.evaluate('painter.size = 1400')
    visitor.paint((0.2, 0.5), (0.8, 0.5))
    visitor.page.click('button:has-text("Fill")')
    visitor.page.wait_for_selector('text=/\\d tiles/')
    assert any(page.temporary.iterdir())
    assert page.end(signal.SIGTERM) == (128 + signal.SIGTERM, '')
    assert not list(page.work.iterdir()) and not list(page.temporary.iterdir())
