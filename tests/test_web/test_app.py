"""What the interface answers, without a browser."""
import io
import json
import logging
import re
from urllib.parse import unquote

import numpy as np
import pytest
from inverting import Inverting, models_of, png
from PIL import Image
from starlette.testclient import TestClient

from mmpconv.photos import Photo
from mmpconv.web.app import build_app
from mmpconv.web.filling import Fills
from mmpconv.web.previews import preview_size

MULTIPART = {'content-type': 'multipart/form-data; boundary=x'}
HEADERS = ('content-security-policy', 'x-content-type-options', 'referrer-policy', 'cross-origin-resource-policy')


def opened(client, content, name='cat.png'):
    answer = client.post('/api/photos', files={'photo': (name, content)})
    assert answer.status_code == 201, answer.text
    return answer.json()


def steps_of(answer):
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def filled(client, photo, mask, **fields):
    """The last line of the answer to a request to fill."""
    return steps_of(client.post(f'/api/photos/{photo["id"]}/fill', files={'mask': ('mask.png', mask)}, data=fields))[-1]


def picture(content):
    return np.array(Image.open(io.BytesIO(content)))


def file_of(client, photo, suffix=''):
    answer = client.get(f'/api/photos/{photo["id"]}/file{suffix}')
    assert answer.status_code == 200, answer.text
    name = unquote(answer.headers['content-disposition'].removeprefix("attachment; filename*=UTF-8''"))
    return picture(answer.content), name


def inverse(cat, hole):
    return np.where(hole[..., None], 255 - cat, cat)


def test_a_photo_is_filled_again_and_again_and_each_state_stays_what_it_is(client, cat, hole):
    first = opened(client, png(cat))
    assert (first['width'], first['height'], first['format'], first['files']) == (451, 300, 'PNG', ['png'])
    second = filled(client, first, png(hole))
    third = filled(client, second['photo'], png(np.rot90(hole, 2)))['photo']
    assert second['changed'] == [3, 100, 247, 51] and abs(second['share'] - hole.mean()) < 1e-12
    once = inverse(cat, hole)
    for photo, expected in ((first, cat), (second['photo'], once), (third, inverse(once, np.rot90(hole, 2)))):
        got, name = file_of(client, photo)
        np.testing.assert_array_equal(got, expected)
        assert name == 'cat-filled.png'
    # Another way from an earlier state, as after undo.
    other = filled(client, second['photo'], png(hole))['photo']
    np.testing.assert_array_equal(file_of(client, other)[0], cat)


def test_progress_is_a_line_each(client, cat, hole):
    photo = opened(client, png(cat))
    steps = steps_of(client.post(f'/api/photos/{photo["id"]}/fill', files={'mask': ('m.png', png(hole))}))
    assert [step['state'] for step in steps if step['state'] not in ('loading', 'filling')] == ['waiting', 'done']


def test_a_mask_of_a_part_is_put_in_its_place(client, cat):
    photo = opened(client, png(cat))
    part = np.full((7, 9), 255, np.uint8)
    got, _ = file_of(client, filled(client, photo, png(part), place='20,31')['photo'])
    expected = np.zeros(cat.shape[:2], bool)
    expected[31:38, 20:29] = True
    np.testing.assert_array_equal(got, inverse(cat, expected))


@pytest.mark.parametrize('fields, expected', [
    (dict(invert='1'), lambda hole: ~hole), (dict(grow='1'), lambda hole: hole | np.roll(hole, 1, 0) | np.roll(
        hole, -1, 0) | np.roll(hole, 1, 1) | np.roll(hole, -1, 1))])
def test_masks_are_inverted_and_grown(client, cat, hole, fields, expected):
    photo = opened(client, png(cat))
    got, _ = file_of(client, filled(client, photo, png(hole), **fields)['photo'])
    np.testing.assert_array_equal(got, inverse(cat, expected(hole)))
    shown = client.post(f'/api/photos/{photo["id"]}/mask', files={'mask': ('m.png', png(hole))}, data=fields)
    np.testing.assert_array_equal(picture(shown.content), expected(hole))


def test_a_mask_of_another_size_is_scaled_if_asked_for(client, cat):
    photo, small = opened(client, png(cat)), np.zeros((30, 45), bool)
    small[10:20, 10:20] = True
    answer = client.post(f'/api/photos/{photo["id"]}/fill', files={'mask': ('m.png', png(small))})
    assert answer.status_code == 422 and '45 x 30 pixels' in answer.json()['error']
    assert 0.05 < filled(client, photo, png(small), resize='1')['share'] < 0.1


def test_notes_on_a_mask_reach_the_page(client, cat, hole):
    photo = opened(client, png(cat))
    answer = client.post(f'/api/photos/{photo["id"]}/mask', files={'mask': ('mäsk.png', png(~hole))})
    note, = json.loads(answer.headers['x-notes'])
    assert 'mask mäsk.png is hole' in note and 'probably inverted; press Invert' in note


def test_photo_and_mask_in_one_request(client, store, cat, hole):
    answer = client.post('/api/fill', files={'photo': ('cat.png', png(cat)), 'mask': ('mask.png', png(hole))})
    np.testing.assert_array_equal(picture(answer.content), inverse(cat, hole))
    assert answer.headers['content-disposition'].endswith('cat-filled.png')
    assert store.size == 0 and not list(store.folder.iterdir())


def test_jpeg_photos_are_downloaded_without_loss_or_as_they_were(client, cat, hole):
    file = io.BytesIO()
    Image.fromarray(cat).save(file, 'JPEG', quality=90)
    photo = opened(client, file.getvalue(), 'cat.JPG')
    assert photo['files'] == ['png', 'jpg']
    photo = filled(client, photo, png(hole))['photo']
    decoded = picture(file.getvalue())
    np.testing.assert_array_equal(file_of(client, photo)[0], inverse(decoded, hole))
    jpeg, name = file_of(client, photo, '?format=jpg')
    assert name == 'cat-filled.jpg' and np.abs(jpeg.astype(int) - decoded)[~hole].mean() < 3


def test_a_photo_of_16_bits_stays_one(client):
    deep = np.random.default_rng(0).integers(65536, size=(20, 30), dtype=np.uint16)
    hole = np.zeros(deep.shape, bool)
    hole[5:9, 4:8] = True
    photo = filled(client, opened(client, png(deep)), png(hole))['photo']
    got = picture(client.get(f'/api/photos/{photo["id"]}/file').content)
    np.testing.assert_array_equal(got, np.where(hole, 65535 - deep, deep))


def test_previews_show_the_photo_upright_and_parts_of_it_exactly(client, cat):
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = opened(client, png(cat, exif=exif))
    assert (photo['width'], photo['height']) == (300, 451)
    url = f'/api/photos/{photo["id"]}/preview'
    upright = np.rot90(cat, -1)
    np.testing.assert_array_equal(picture(client.get(f'{url}?box=7,20,30,40').content), upright[20:60, 7:37])
    np.testing.assert_array_equal(picture(client.get(f'{url}?format=png').content), upright)
    answer = client.get(url)
    assert answer.headers['content-type'] == 'image/jpeg'
    assert np.abs(picture(answer.content).astype(int) - upright).mean() < 5


def test_previews_keep_transparency(client):
    colors = np.random.default_rng(0).integers(256, size=(20, 30, 4), dtype=np.uint8)
    answer = client.get(f'/api/photos/{opened(client, png(colors))["id"]}/preview')
    np.testing.assert_array_equal(picture(answer.content), colors)


@pytest.mark.parametrize('shape', [(300, 451), (3000, 4000), (4096, 4096), (9000, 9900), (1, 89_000_000), (9000, 600)])
def test_previews_fit_into_every_canvas(shape):
    h, w = preview_size(shape)
    assert 0 < h * w <= 2**24 and max(h, w) <= 2**14
    assert (h, w) == shape or shape[0] * shape[1] > 2**24


@pytest.mark.parametrize('query', ['box=1,2,3', 'box=0,0,452,1', 'box=0,299,1,2', 'box=0,0,0,0', 'box=-1,0,1,1'])
def test_a_part_that_is_none_is_refused(client, cat, query):
    answer = client.get(f'/api/photos/{opened(client, png(cat))["id"]}/preview?{query}')
    assert answer.status_code == 400 and answer.json()['error'].startswith('box must be')


@pytest.mark.parametrize('mask, fields, said', [
    (lambda cat: png(np.zeros(cat.shape[:2], bool)), {}, 'Nothing is marked yet'),
    (lambda cat: png(np.zeros((5, 5), bool)), dict(place='1,1'), 'Nothing is marked yet'),
    (lambda cat: png(np.ones(cat.shape[:2], bool)), {}, 'is all hole'),
    (lambda cat: png(np.ones((5, 5), bool)), dict(place='450,1'), 'reaches beyond the photo'),
    (lambda cat: png(np.ones((200, 400), bool)), dict(place='1,1', grow='300'),
     'The mask that was painted is all hole, grown by'),
    (lambda cat: b'no mask', {}, 'Cannot read the image mask.png'),
    (lambda cat: png(np.ones((5, 5), bool)), dict(grow='-1'), 'grow must be'),
    (lambda cat: png(np.ones((5, 5), bool)), dict(place='1'), 'place must be'),
    (lambda cat: png(np.ones((5, 5), bool)), dict(place='1,1', model='z'), 'There is no model'),
])
def test_what_cannot_be_filled_is_one_sentence(client, cat, mask, fields, said):
    photo = opened(client, png(cat))
    answer = client.post(f'/api/photos/{photo["id"]}/fill', files={'mask': ('mask.png', mask(cat))}, data=fields)
    assert answer.status_code in (400, 422) and said in answer.json()['error']


@pytest.mark.parametrize('name, shown', [('../../etc/passwd', 'passwd'), ('C:\\photos\\a b.png', 'a b.png'),
                                         ('<img src=x>.png', '<img src=x>.png'), ('a\u200b\u202eb.png', 'ab.png'),
                                         ('ü' * 300 + '.png', 'ü' * 150)])
def test_names_are_shown_as_they_are_without_folders(client, cat, name, shown):
    photo = opened(client, png(cat), name)
    assert photo['name'] == shown
    assert client.get(f'/api/photos/{photo["id"]}/file').status_code == 200


@pytest.mark.parametrize('request_of', [
    lambda client: client.post('/api/photos', json={'photo': '/etc/passwd'}),
    lambda client: client.post('/api/photos', data={'photo': '/etc/passwd'}),
    lambda client: client.post('/api/photos', content=b'zz', headers=MULTIPART),
    lambda client: client.post('/api/photos', content=b'zz', headers={'content-type': 'multipart/form-data'}),
    lambda client: client.post('/api/photos', files=[('photo', ('a', b'x'))] * 9),
    lambda client: client.post('/api/photos', files={'photo': ('a.png', b'')}),
    lambda client: client.post('/api/photos', files={'photo': ('text.png', b'no photo')}),
    lambda client: client.post('/api/fill', files={'photo': ('text.png', b'no photo')}),
    lambda client: client.get('/api/photos/x.0'), lambda client: client.get('/api/photos/x.0/preview'),
    lambda client: client.get('/api/photos/x.0/file'), lambda client: client.get('/static/../app.py'),
    lambda client: client.get('/static/%2e%2e/app.py'), lambda client: client.get('/docs'),
    lambda client: client.put('/api/photos'), lambda client: client.get('/api/fill')])
def test_requests_that_are_wrong_are_answered_by_a_sentence_and_leave_no_trace(client, store, request_of, caplog):
    answer = request_of(client)
    assert 400 <= answer.status_code < 500
    sentence = answer.json()['error']
    assert re.fullmatch(r'[A-Z].*[.\w)]', sentence) and str(store.folder) not in sentence
    assert not [record for record in caplog.records if record.exc_info or record.levelno >= logging.ERROR]
    assert not list(store.folder.iterdir())


def test_a_mistake_of_the_server_is_in_the_log_and_nowhere_else(store, cat, hole, caplog):
    class Broken:
        def fill(self, photo, hole, *, progress):
            raise KeyError('a secret')

    app = build_app(store, Fills(models_of(Broken())), 2**20)
    with TestClient(app, base_url='http://localhost', raise_server_exceptions=False) as client:
        photo = opened(client, png(cat))
        last = filled(client, photo, png(hole))
        answer = client.post('/api/fill', files={'photo': ('a.png', png(cat)), 'mask': ('m.png', png(hole))})
    assert last['state'] == 'failed' and answer.status_code == 500
    for said in (last['error'], answer.json()['error']):
        assert said == 'The server has made a mistake; its log says more.'
    assert any(record.exc_info for record in caplog.records if record.levelno >= logging.ERROR)


def test_files_larger_than_the_limit_are_refused(client):
    answer = client.post('/api/photos', files={'photo': ('a.png', bytes(2**20 + 1))})
    assert answer.status_code == 413 and answer.json()['error'] == 'This file is too large: at most 1 MB are taken.'
    answer = client.post('/api/photos', files={'photo': ('a.png', bytes(3 * 2**20))})
    assert answer.status_code == 413 and 'too large' in answer.json()['error']


def test_photos_of_too_many_pixels_are_refused(client):
    answer = client.post('/api/photos', files={'photo': ('a.png', png(np.zeros((1001, 1000), np.uint8)))})
    assert answer.status_code == 422 and '1000 x 1001 pixels, more than the limit of 1000000' in answer.json()['error']


def test_models_are_listed_and_chosen(store, cat, hole):
    class Black:
        def fill(self, photo, hole, *, progress):
            return photo.filled(np.zeros_like(photo.color()), hole)

    app = build_app(store, Fills(models_of(Inverting(), Black())), 2**20)
    with TestClient(app, base_url='http://localhost') as client:
        status = client.get('/api/status').json()
        photo = filled(client, opened(client, png(cat)), png(hole), model='b')['photo']
        np.testing.assert_array_equal(file_of(client, photo)[0], np.where(hole[..., None], 0, cat))
        after = client.get('/api/status').json()
    assert status['default'] == 'a' and [model['name'] for model in status['models']] == ['a', 'b']
    assert [model['state'] for model in status['models']] == ['idle', 'idle']
    assert [model['state'] for model in after['models']] == ['idle', 'ready']
    assert status['limits'] == dict(upload=2**20, pixels=1_000_000, keep_minutes=60)


def test_deleted_photos_are_gone(client, store, cat):
    photo = opened(client, png(cat))
    assert client.delete(f'/api/photos/{photo["id"]}').status_code == 204
    assert client.get(f'/api/photos/{photo["id"]}').status_code == 404 and not list(store.folder.iterdir())


def test_the_page_and_all_that_it_names_are_served(client):
    page = client.get('/')
    assert page.headers['content-type'].startswith('text/html')
    named = re.findall(r'(?:src|href)="([^"#]+)"', page.text)
    assert {'/static/editor.js', '/static/editor.css', '/openapi.json'} <= set(named)
    for address in named:
        answer = client.get(address)
        assert answer.status_code == 200 and all(header in answer.headers for header in HEADERS)
    assert not re.search(r'https?://(?!www\.w3\.org/2000/svg)', page.text + client.get('/static/editor.js').text
                         + client.get('/static/editor.css').text)
    # What the policy forbids is not there either.
    assert not re.search(r'\son\w+=|\sstyle=|<style|<script>', page.text)


def test_the_policy_of_the_page_is_strict(client):
    policy = dict(part.strip().split(' ', 1) for part in client.get('/').headers['content-security-policy'].split(';'))
    assert policy['default-src'] == "'none'" and policy['script-src'] == policy['style-src'] == "'self'"
    assert policy['frame-ancestors'] == policy['base-uri'] == policy['form-action'] == "'none'"


def test_the_description_of_the_interface_is_of_these_routes(client):
    described = client.get('/openapi.json').json()['paths']
    routes = {(route.path, method.lower()) for route in client.app.routes if route.path.startswith('/api')
              for method in route.methods - {'HEAD'}}
    assert routes == {(path, method) for path in described for method in described[path].keys() - {'parameters'}}


def test_every_photo_that_is_read_here_is_read_as_everywhere(client, cat, tmp_path):
    (tmp_path / 'cat.png').write_bytes(png(cat))
    np.testing.assert_array_equal(file_of(client, opened(client, png(cat)))[0],
                                  Photo.read(tmp_path / 'cat.png').to_array())
