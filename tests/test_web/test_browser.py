"""The page in Chromium, before a server as its user starts it."""
import io
import os

import numpy as np
import pytest
import served
from PIL import Image

from mmpconv.apis import Inpainter
from mmpconv.photos import Photo

pytest.importorskip('playwright', reason='Playwright is not installed')
pytestmark = pytest.mark.skipif(served.CHROMIUM is None, reason='there is no Chromium: chromium, chromium-browser or '
                                'google-chrome')
SHAPES = dict(desktop={}, phone=served.PHONE)


@pytest.fixture(scope='module')
def page(tmp_path_factory):
    page = served.Served(tmp_path_factory.mktemp('page'), '--model', 'telea', '--max-upload', '3', '--max-pixels',
                         '13_000_000')
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
        visitor.context.close()
        assert not visitor.elsewhere and not visitor.complaints


@pytest.fixture
def cat_file(cat, tmp_path):
    Image.fromarray(cat).save(tmp_path / 'cat.png')
    return tmp_path / 'cat.png'


@pytest.fixture
def visitor(visit, cat_file):
    """With the cat open, on a desktop."""
    visitor = visit()
    visitor.open_photo(cat_file)
    return visitor


def telea(photo, hole, model='telea'):
    return Inpainter(model).fill(photo, hole)


def near(shape, *points):
    """Distance of each pixel's centre from a line through points."""
    y, x = np.mgrid[:shape[0], :shape[1]] + 0.5
    place, nearest = np.stack([x, y], -1), np.full(shape, np.inf)
    for (x0, y0), (x1, y1) in zip(points, points[1:] or points):
        start, way = np.array([x0, y0], float), np.array([x1 - x0, y1 - y0], float)
        share = ((place - start) @ way / max(way @ way, 1e-9)).clip(0, 1)
        nearest = np.minimum(nearest, np.linalg.norm(place - start - share[..., None] * way, axis=-1))
    return nearest


@pytest.mark.parametrize('kind', ['cat.png', 'turned.jpg'])
def test_what_is_painted_is_filled_and_nothing_else(visit, cat, tmp_path, kind):
    exif = Image.Exif()
    exif[0x0112] = 6 if kind == 'turned.jpg' else 1
    Image.fromarray(cat).save(tmp_path / kind, exif=exif, quality=90)
    photo, visitor = Photo.read(tmp_path / kind), visit()
    visitor.open_photo(tmp_path / kind)
    line = (90, 120), (180, 150), (180, 240)
    visitor.set_size(20)
    visitor.drag(*line)
    hole, size = visitor.hole(), visitor.get('editor.state.size')
    distance = near(photo.shape, *line)
    assert not hole[distance > size / 2 + 1.5].any() and hole[distance < size / 2 - 1.5].all()
    visitor.fill()
    assert not visitor.hole().any()
    if kind == 'turned.jpg':  # a menu: without loss, or as the photo was
        visitor.page.click('#download')
    result = visitor.download(tmp_path, '#download' if kind == 'cat.png' else '#download-menu button:has-text("PNG")')
    assert result.name == f'{kind.partition(".")[0]}-filled.png'
    filled = Photo.read(result)
    np.testing.assert_array_equal(filled.color(), telea(photo, hole).color())
    assert not (filled.color() != photo.color()).any(2)[~hole].any()
    assert Image.open(result).getexif().get(0x0112) == Image.open(tmp_path / kind).getexif().get(0x0112)


def test_a_filled_photo_is_painted_on_and_every_step_is_undone_and_done_again(visitor, cat, tmp_path):
    visitor.set_size(12)
    photos, holes = [cat], []
    for line in (((50, 50), (120, 60)), ((60, 30), (60, 90))):
        visitor.drag(*line)
        holes.append(visitor.hole())
        visitor.fill()
        photos.append(telea(Photo.from_array(photos[-1]), holes[-1]).color())
    np.testing.assert_array_equal(Image.open(visitor.download(tmp_path)), photos[2])
    (x, y), = np.argwhere((photos[2] != photos[0]).all(2) & holes[0] & holes[1])[:1, ::-1]

    def pixel():
        return visitor.get('place => [...editor.state.picture.canvas.context.getImageData(...place, 1, 1).data]',
                           [int(x), int(y)])[:3]

    def is_about(color):
        return np.abs(np.subtract(pixel(), color)).max() <= 12  # the preview is a JPEG file

    keys = visitor.page.keyboard
    keys.press('Control+z')
    assert is_about(photos[1][y, x]) and (visitor.hole() == holes[1]).all()
    keys.press('Control+Z')  # as with the Caps Lock on, and no Shift
    assert is_about(photos[1][y, x]) and not visitor.hole().any()
    visitor.page.click('#undo')
    assert is_about(photos[0][y, x]) and (visitor.hole() == holes[0]).all()
    np.testing.assert_array_equal(Image.open(visitor.download(tmp_path)), cat)
    keys.press('Control+z')
    assert not visitor.hole().any() and visitor.page.is_disabled('#undo')
    keys.press('Control+y')
    keys.press('Control+Shift+z')
    visitor.page.click('#redo')
    keys.press('Control+Shift+Z')
    assert is_about(photos[2][y, x]) and not visitor.hole().any() and visitor.page.is_disabled('#redo')
    np.testing.assert_array_equal(Image.open(visitor.download(tmp_path)), photos[2])


def test_eraser_rectangle_and_lasso(visitor, cat):
    shape, keys = cat.shape[:2], visitor.page.keyboard
    y, x = np.mgrid[:shape[0], :shape[1]] + 0.5
    visitor.page.click('[aria-label=Rectangle]')
    visitor.drag((100, 100), (200, 180))
    expected = (x > 100) & (x < 200) & (y > 100) & (y < 180)
    edge = np.minimum.reduce([np.abs(x - 100), np.abs(x - 200), np.abs(y - 100), np.abs(y - 180)]) < 1.5
    assert (visitor.hole() == expected)[~edge].all()
    keys.press('e')
    visitor.set_size(30)
    visitor.drag((150, 140))
    distance, radius = near(shape, (150, 140)), visitor.get('editor.state.size') / 2
    expected &= distance > radius
    edge |= np.abs(distance - radius) < 1.5
    assert (visitor.hole() == expected)[~edge].all()
    keys.press('L')
    visitor.drag((300, 50), (400, 50), (300, 150))
    expected |= (x > 300) & (y > 50) & ((x - 300) + (y - 50) < 100)
    edge |= near(shape, (300, 50), (400, 50), (300, 150), (300, 50)) < 2
    assert (visitor.hole() == expected)[~edge].all()
    keys.press('r')
    keys.down('Alt')
    visitor.drag((90, 90), (140, 200))
    keys.up('Alt')
    expected &= ~((x > 90) & (x < 140) & (y > 90) & (y < 200))
    edge |= np.abs(x - 140) < 1.5
    assert (visitor.hole() == expected)[~edge].all()
    keys.press('Delete')
    assert not visitor.hole().any()
    visitor.page.click('#undo')
    assert (visitor.hole() == expected)[~edge].all()


def test_the_size_of_the_brush_is_set_by_slider_keys_and_wheel_and_the_ring_shows_it(visitor):
    page, size = visitor.page, lambda: visitor.get('editor.state.size')
    page.mouse.move(*visitor.place_of(200, 150))
    before = size()
    page.keyboard.press(']')
    assert size() > before
    page.keyboard.press('[')
    page.keyboard.press('[')
    assert size() < before
    page.fill('#size', '80')
    large = size()
    assert large > before and page.text_content('#size-shown') == str(large)
    page.mouse.move(*visitor.place_of(200, 150))
    page.keyboard.down('Alt')
    page.mouse.wheel(0, 200)
    visitor.until('size => editor.state.size < size', large)
    page.keyboard.up('Alt')
    ring, place = page.locator('#ring').bounding_box(), visitor.place_of(200, 150)
    assert abs(ring['width'] - size() * visitor.get('editor.view.scale')) < 1
    assert abs(ring['x'] + ring['width'] / 2 - place[0]) < 1 and abs(ring['y'] + ring['height'] / 2 - place[1]) < 1


def test_masks_are_opened_inverted_grown_and_downloaded(visitor, cat, tmp_path):
    mask = np.full(cat.shape[:2], 255, np.uint8)
    mask[100:120, 200:250] = 0
    Image.fromarray(mask).save(tmp_path / 'mask.png')
    page = visitor.page
    page.click('#mask')
    page.set_input_files('#mask-file', tmp_path / 'mask.png')
    assert 'probably inverted' in visitor.told('note')
    visitor.ready()
    assert (visitor.hole() == (mask > 0)).all()
    if page.is_hidden('#mask-menu'):
        page.click('#mask')
    page.click('#mask-invert')
    assert (visitor.hole() == (mask == 0)).all()
    page.click('#mask')
    page.fill('#grow-by', '3')
    page.click('#mask-grow')
    visitor.until("editor.history.past.at(-1)?.label === 'growing'")
    visitor.ready()
    grown = visitor.hole()
    assert grown.sum() > (mask == 0).sum() and (grown == (np.maximum(np.maximum(100 - np.arange(300), 0), np.maximum(
        np.arange(300) - 119, 0))[:, None]**2 + np.maximum(np.maximum(200 - np.arange(451), 0), np.maximum(
            np.arange(451) - 249, 0))**2 <= 9)).all()
    page.click('#mask')
    path = visitor.download(tmp_path, '#mask-save')
    assert path.name == 'cat-mask.png'
    np.testing.assert_array_equal(np.array(Image.open(path)) > 0, grown)
    page.keyboard.press('Control+z')
    assert (visitor.hole() == (mask == 0)).all()


def test_zoom_and_moving(visitor):
    page, view = visitor.page, lambda: visitor.get('[editor.view.scale, editor.view.x, editor.view.y]')
    fitted, place = view(), visitor.place_of(300, 100)
    page.mouse.move(*place)
    page.mouse.wheel(0, -240)
    visitor.until('scale => editor.view.scale > scale', fitted[0])
    np.testing.assert_allclose(visitor.place_of(300, 100), place, atol=1)
    page.keyboard.down(' ')
    before = view()
    page.mouse.down()
    page.mouse.move(place[0] + 40, place[1] - 30, steps=3)
    page.mouse.up()
    page.keyboard.up(' ')
    np.testing.assert_allclose(np.subtract(view(), before), [0, 40, -30], atol=0.5)
    assert not visitor.hole().any()
    page.keyboard.press('h')
    visitor.drag((300, 100), (320, 100))
    page.keyboard.press('+')
    page.keyboard.press('1')
    assert page.text_content('#zoom-level') == '100%'
    page.click('#fit')
    np.testing.assert_allclose(view(), fitted, atol=0.01)
    page.set_viewport_size(dict(width=900, height=600))
    visitor.until('scale => editor.view.scale < scale', fitted[0])


def test_fingers_paint_zoom_and_move(visit, cat_file, cat):
    visitor = visit(**served.PHONE)
    visitor.open_photo(cat_file)
    visitor.get("document.getElementById('size').value = 50")
    visitor.get("document.getElementById('size').dispatchEvent(new Event('input'))")
    line = (100, 100), (150, 100), (200, 120)
    visitor.touch(*([visitor.place_of(*point)] for point in line))
    size, hole = visitor.get('editor.state.size'), visitor.hole()
    distance = near(hole.shape, *line)
    assert hole[distance < size / 2 - 2].all() and not hole[distance > size / 2 + 2].any()
    x, y = visitor.place_of(225, 150)
    before, middle = visitor.get('editor.view.scale'), visitor.place_of(225, 150)
    visitor.touch([(x - 20, y)], [(x - 20, y), (x + 20, y)], [(x - 40, y), (x + 40, y)], [(x - 60, y), (x + 60, y)])
    assert abs(visitor.get('editor.view.scale') / before - 3) < 0.2
    np.testing.assert_allclose(visitor.place_of(225, 150), middle, atol=3)
    assert (visitor.hole() == hole).all()  # two fingers do not paint
    visitor.page.tap('#fit')
    visitor.page.tap('#fill')
    visitor.until('editor.history.past.at(-1).label === "filling"')


def test_the_original_while_a_key_is_held_and_beside_the_result(visit, tmp_path):
    photo = np.full((200, 300, 3), (40, 90, 160), np.uint8)
    photo[80:120, 100:200] = (230, 30, 30)
    Image.fromarray(photo).save(tmp_path / 'red.png')
    visitor = visit()
    visitor.open_photo(tmp_path / 'red.png')
    visitor.page.keyboard.press('r')
    visitor.drag((90, 70), (210, 130))
    visitor.fill()

    def is_red(x):
        red, _, blue = visitor.shown(x, 100)
        return red > blue

    assert not is_red(120) and not is_red(180)
    for press, release in ((lambda: visitor.page.keyboard.down('o'), lambda: visitor.page.keyboard.up('o')),
                           (visitor.page.mouse.down, visitor.page.mouse.up)):
        visitor.page.hover('#original')
        press()
        assert is_red(120) and is_red(180)
        release()
        assert not is_red(120) and not is_red(180)
    visitor.page.keyboard.press('C')
    x, y = visitor.place_of(150, 180)
    box = visitor.page.locator('#divider').bounding_box()
    visitor.page.mouse.move(box['x'] + box['width'] / 2, y)
    visitor.page.mouse.down()
    visitor.page.mouse.move(x, y, steps=4)
    visitor.page.mouse.up()
    assert is_red(120) and not is_red(180)
    visitor.page.keyboard.press('End')
    assert is_red(180)
    visitor.page.keyboard.press('Home')
    assert not is_red(120) and visitor.page.get_attribute('#divider', 'aria-valuenow') == '0'


def test_fill_on_release_and_choice_of_model(visitor, cat, tmp_path):
    page = visitor.page
    assert page.locator('#model option').count() >= 6
    page.select_option('#model', 'navier-stokes')
    page.keyboard.press('a')
    assert page.get_attribute('#auto', 'aria-pressed') == 'true'
    page.keyboard.press('r')
    before = visitor.get('editor.state.photo.id')
    visitor.drag((100, 100), (140, 130))
    visitor.until('before => editor.state.photo.id !== before', before)
    visitor.ready()
    hole = np.zeros(cat.shape[:2], bool)
    got = np.array(Image.open(visitor.download(tmp_path)))
    changed = np.argwhere((got != cat).any(2))
    (top, left), (bottom, right) = changed.min(0), changed.max(0) + 1
    assert abs(np.array([top, left, bottom, right]) - (100, 100, 130, 140)).max() <= 2
    step = visitor.get('editor.history.past.at(-1).patches.at(-1)')
    hole[step['y']:step['y'] + step['height'], step['x']:step['x'] + step['width']] = True
    np.testing.assert_array_equal(got, telea(Photo.from_array(cat), hole, 'navier-stokes').color())
    page.click('#auto')
    visitor.drag((200, 200), (220, 220))
    assert visitor.hole().any() and visitor.get('editor.state.busy') is None


def test_filling_is_seen_to_go_on_and_can_be_cancelled(visit, tmp_path):
    Image.new('RGB', (1600, 1200), (90, 120, 60)).save(tmp_path / 'large.png', compress_level=1)
    visitor = visit()
    visitor.open_photo(tmp_path / 'large.png')
    visitor.page.keyboard.press('r')
    visitor.drag((100, 100), (1500, 1100))
    for cancel in (lambda: visitor.page.click('#cancel'), lambda: visitor.page.keyboard.press('Escape')):
        visitor.page.click('#fill')
        visitor.until("Number(document.getElementById('progress-bar').getAttribute('aria-valuenow')) > 0")
        assert ' of ' in visitor.page.text_content('#progress-text')
        cancel()
        visitor.ready()
        assert visitor.told('note') == 'Cancelled.' and visitor.hole()[600, 800]
    # What was given up does not keep the next one waiting.
    visitor.page.keyboard.press('Delete')
    visitor.drag((20, 20), (60, 60))
    visitor.fill()


def test_large_photos_are_filled_at_full_size(visit, tmp_path):
    photo = np.zeros((3000, 4000, 3), np.uint8)
    photo[...] = np.linspace(0, 255, 4000, dtype=np.uint8)[:, None]
    Image.fromarray(photo).save(tmp_path / 'large.png', compress_level=1)
    visitor = visit()
    visitor.open_photo(tmp_path / 'large.png')
    assert visitor.get('[editor.mask.canvas.width, editor.mask.canvas.height]') == [4000, 3000]
    visitor.set_size(100)
    visitor.drag((1000, 2000), (1300, 2100))
    hole = visitor.hole()
    visitor.fill()
    filled = np.array(Image.open(visitor.download(tmp_path)))
    np.testing.assert_array_equal(filled, telea(Photo.from_array(photo), hole).color())


def test_photos_are_dropped_and_pasted_at_any_time(visitor, cat, tmp_path):
    visitor.set_size(20)
    visitor.drag((50, 50), (100, 50))
    for event, side in (('drop', 64), ('paste', 48)):
        Image.fromarray(cat[:side, :side]).save(tmp_path / f'{event}.png')
        if event == 'drop':
            visitor.carry(tmp_path / 'drop.png', 'dragenter')
            assert visitor.page.is_visible('#drop')
        visitor.carry(tmp_path / f'{event}.png', event)
        visitor.until('name => editor.state.photo.name === name', f'{event}.png')
        visitor.ready()
        assert visitor.hole().shape == (side, side) and not visitor.hole().any() and visitor.page.is_hidden('#drop')
        assert visitor.page.is_disabled('#undo')


def test_the_sample_is_there_and_the_photo_is_copied(visit, page):
    visitor = visit()
    visitor.context.grant_permissions(['clipboard-read', 'clipboard-write'], origin=page.address.rstrip('/'))
    assert visitor.page.is_visible('#welcome')
    visitor.page.click('#sample')
    visitor.until('editor.state.photo?.name === "rocket.jpg"')
    visitor.ready()
    assert visitor.page.is_hidden('#welcome')
    visitor.page.click('#copy')
    assert visitor.told('note') == 'Copied.'
    assert visitor.get('''async () => { const [item] = await navigator.clipboard.read();
        const picture = await createImageBitmap(await item.getType('image/png'));
        return [picture.width, picture.height]; }''') == [640, 427]


@pytest.mark.parametrize('shape', SHAPES)
def test_what_is_wrong_is_one_sentence_that_is_gone_with_the_next_action(visit, cat_file, tmp_path, shape):
    (tmp_path / 'text.png').write_text('no photo')
    (tmp_path / 'bytes.png').write_bytes(bytes(4_000_000))
    Image.new('L', (4000, 3300)).save(tmp_path / 'pixels.png')
    visitor = visit(**SHAPES[shape])
    for name, said in (('text.png', 'Cannot read the image text.png'), ('bytes.png', 'at most 3 MB are taken'),
                       ('pixels.png', '4000 x 3300 pixels, more than the limit of 13000000')):
        visitor.page.set_input_files('#photo-file', tmp_path / name)
        assert said in visitor.told()
        visitor.page.mouse.click(5, 400)
        assert visitor.page.is_hidden('#message')
    visitor.complaints.clear()  # the browser's own of answers that are no 200
    visitor.open_photo(cat_file)
    visitor.page.click('#fill')
    assert visitor.told() == 'Nothing is marked yet: paint over what you want gone.'
    box, view = visitor.page.locator('#message').bounding_box(), visitor.page.viewport_size
    assert box['x'] >= 0 and box['x'] + box['width'] <= view['width'] and box['y'] > view['height'] / 2
    visitor.page.keyboard.press('b')
    assert visitor.page.is_hidden('#message')


def test_two_visitors_have_a_page_of_their_own(visit, cat, tmp_path):
    visitors = []
    for name, photo in (('a', cat), ('b', cat[::-1])):
        (tmp_path / name).mkdir()
        Image.fromarray(photo).save(tmp_path / name / 'photo.png')
        visitor = visit()
        visitor.open_photo(tmp_path / name / 'photo.png')
        visitor.drag((200, 150), (230, 150))
        visitors.append((visitor, name, photo))
    for visitor, _, _ in visitors:
        visitor.page.click('#fill')
    for visitor, name, photo in visitors:
        visitor.until('editor.history.past.at(-1).label === "filling"')
        visitor.ready()
        filled = np.array(Image.open(visitor.download(tmp_path / name)))
        assert 0.9 < (filled == photo).all(2).mean() < 1


@pytest.mark.parametrize('scheme', ['light', 'dark'])
def test_everything_is_in_reach_at_every_size(visitor, scheme):
    visitor.page.emulate_media(color_scheme=scheme)
    for width, height in ((1280, 800), (1024, 640), (760, 700), (390, 780), (360, 600), (740, 360)):
        visitor.page.set_viewport_size(dict(width=width, height=height))
        visitor.until('([width, height]) => editor.view.width === width && innerHeight === height', [width, height])
        assert in_reach(visitor, scheme), (width, height)


def in_reach(visitor, scheme):
    outside, unnamed, faint = visitor.get('''() => {
        const shown = [...document.querySelectorAll('button, select, input')].filter(each => each.checkVisibility());
        const middle = each => { const box = each.getBoundingClientRect();
            return [box.left + box.width / 2, box.top + box.height / 2]; };
        const edges = each => each.getBoundingClientRect();
        const outside = shown.filter(each => edges(each).left < 0 || edges(each).top < 0
            || edges(each).right > innerWidth + 0.5 || edges(each).bottom > innerHeight + 0.5
            || document.elementFromPoint(...middle(each))?.closest('button, select, input') !== each);
        const unnamed = shown.filter(each => !(each.getAttribute('aria-label') || each.textContent.trim()));
        const light = color => { const [r, g, b] = color.match(/[\\d.]+/g).map(level => (level / 255 + 0.055) / 1.055)
            .map(level => level ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
        const ground = light(getComputedStyle(document.querySelector('header')).backgroundColor);
        const faint = shown.filter(each => each.matches('.icon:enabled:not([aria-pressed=true], [aria-checked=true])'))
            .filter(each => { const text = light(getComputedStyle(each).color);
                return (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05) < 4.5; });
        return [outside, unnamed, faint].map(found => found.map(each => each.id || each.ariaLabel)); }''')
    assert not outside and not unnamed and not faint
    assert visitor.get('document.documentElement.scrollWidth <= innerWidth')
    photo = visitor.get('[editor.view.width, editor.view.height, editor.view.scale * editor.state.picture.height]')
    assert 60 < photo[2] <= photo[1]
    is_dark = visitor.get('getComputedStyle(document.body).backgroundColor.match(/\\d+/g).every(level => level < 60)')
    return is_dark == (scheme == 'dark')


def test_keys_are_listed_and_focus_is_seen(visitor):
    page = visitor.page
    page.keyboard.press('?')
    assert page.is_visible('#help-dialog')
    listed = page.text_content('#help-dialog')
    for key in ('Ctrl', 'Enter', 'Space', 'brush size', 'original, while held', 'undo'):
        assert key in listed
    page.keyboard.press('Escape')
    assert page.is_hidden('#help-dialog')
    seen = set()
    for _ in range(25):
        page.keyboard.press('Tab')
        name, outline = visitor.get('''() => { const {activeElement: at} = document, style = getComputedStyle(at);
            return [at.id || at.ariaLabel || at.tagName,
                style.outlineStyle !== 'none' && parseFloat(style.outlineWidth)]; }''')
        if name != 'BODY':
            seen.add(name)
            assert outline >= 2, name
    assert {'open', 'view', 'size', 'mask', 'model', 'auto', 'fill', 'Brush', 'help', 'fit'} <= seen


def test_the_page_says_when_the_server_is_gone(browser, cat_file, tmp_path):
    page = served.Served(tmp_path, '--model', 'telea')
    visitor = served.Visitor(browser, page.address)
    visitor.open_photo(cat_file)
    visitor.drag((100, 100), (150, 100))
    page.end()
    visitor.page.click('#fill')
    assert 'server cannot be reached' in visitor.told()
    visitor.context.close()


@pytest.mark.skipif(not os.environ.get('ACCEPT'), reason='ACCEPT=1 makes the picture of the docs anew')
def test_picture_of_the_docs(browser, tmp_path):
    """Writes docs/web.jpg: a photo that scikit-image ships, on the page, with the network of the package."""
    page = served.Served(tmp_path)
    visitor = served.Visitor(browser, page.address, viewport=dict(width=1200, height=760))
    visitor.until("document.body.dataset.model === 'ready'")
    visitor.page.click('#sample')
    visitor.until('editor.state.photo')
    visitor.ready()
    visitor.set_size(26)
    visitor.drag((444, 118), (445, 190))
    visitor.set_size(42)
    visitor.drag((450, 190), (453, 400))
    visitor.fill()
    visitor.set_size(20)
    visitor.drag((198, 120), (198, 190))
    visitor.set_size(34)
    visitor.drag((194, 195), (186, 360))
    visitor.get('document.activeElement.blur()')
    visitor.page.is_hidden('#message') or visitor.page.mouse.click(10, 300)
    visitor.page.mouse.move(*visitor.place_of(186, 360))
    visitor.shown(1, 1)
    picture = Image.open(io.BytesIO(visitor.page.screenshot())).convert('RGB')
    picture.save(served.ROOT / 'docs/web.jpg', quality=82, optimize=True)
    visitor.context.close()
    page.end()
