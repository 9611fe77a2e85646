"""Who gets in, with what, and how slowly."""
import asyncio

import pytest
from inverting import Inverting, models_of
from starlette.testclient import TestClient

from mmpconv.web.app import build_app
from mmpconv.web.filling import Fills
from mmpconv.web.messages import VisitorError
from mmpconv.web.security import Guard


@pytest.fixture
def client(store):
    app = build_app(store, Fills(models_of(Inverting())), 2**20, hosts=('photos.example', '192.168.1.5'))
    with TestClient(app, base_url='http://127.0.0.1:7860', raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize('host', ['127.0.0.1:7860', 'localhost:7860', '[::1]:7860', 'localhost', 'LOCALHOST',
                                  'localhost.', 'photos.example', 'Photos.Example:443', '192.168.1.5:7860'])
def test_names_of_this_server_get_in(client, host):
    assert client.get('/api/status', headers=dict(host=host)).status_code == 200


@pytest.mark.parametrize('host', [
    'evil.example', 'evil.example:7860', '', '127.0.0.1.evil.example', 'localhost.evil.example', 'x@localhost',
    'localhost/', '10.0.0.1', '[::2]', 'photos.example.evil', ' localhost', 'localhost:port'])
def test_a_name_that_is_made_to_lead_here_does_not_get_in(client, host):
    answer = client.get('/api/status', headers=dict(host=host))
    assert answer.status_code == 421 and '--allow-host' in answer.json()['error']


def test_the_address_at_which_a_connection_came_in_is_a_name_of_this_server():
    async def app(scope, receive, send):
        await send({'type': 'http.response.start', 'status': 200})

    def status(host, server):
        async def send(message):
            sent.append(message)

        async def receive():
            return {'type': 'http.request'}

        sent, scope = [], dict(type='http', method='GET', headers=[(b'host', host)], server=server)
        asyncio.run(Guard(app)(scope, receive, send))
        return sent[0]['status']

    assert status(b'10.1.2.3:7860', ('10.1.2.3', 7860)) == 200
    assert status(b'[fd00::1]:7860', ('fd00::1', 7860)) == 200
    assert status(b'10.1.2.3:7860', ('10.1.2.4', 7860)) == 421
    assert status(b'evil.example', None) == 421


@pytest.mark.parametrize('headers', [
    dict(origin='http://evil.example'), dict(origin='null'), dict(origin='http://localhost:3000'), dict(origin='x'),
    dict(origin='http://[::1'), dict(origin='ftp://127.0.0.1:7860'), {'sec-fetch-site': 'cross-site'},
    {'sec-fetch-site': 'same-site', 'origin': 'http://127.0.0.1:7860'}])
@pytest.mark.parametrize('method', ['POST', 'DELETE', 'PUT'])
def test_pages_of_other_sites_change_nothing(client, method, headers):
    answer = client.request(method, '/api/photos', headers=headers)
    assert answer.status_code == 403 and answer.json() == {'error': 'Pages of other sites may not use this server.'}


@pytest.mark.parametrize('headers', [
    {}, {'origin': 'http://127.0.0.1:7860', 'sec-fetch-site': 'same-origin'}, {'sec-fetch-site': 'none'},
    {'origin': 'https://photos.example'}])
def test_the_page_itself_and_programs_do(client, headers):
    assert client.delete('/api/photos/x.0', headers=headers).status_code == 204


@pytest.mark.parametrize('length', ['-1', 'x', '9' * 30, '3000000'])
def test_requests_that_say_that_they_are_too_large_are_not_read(client, length):
    assert client.post('/api/photos', headers={'content-length': length}, content=b'x').status_code == 413


def test_requests_that_do_not_say_how_large_they_are_are_cut_off(client):
    begin = b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a"\r\n\r\n'
    answer = client.post('/api/photos', content=iter([begin, *(bytes(2**18) for _ in range(12))]),
                         headers={'content-type': 'multipart/form-data; boundary=x'})
    assert answer.status_code == 413 and 'content-length' not in answer.request.headers


@pytest.mark.parametrize('parts, seconds', [([b'x' * 10] * 100, 0.02), ([b'x'], 10)])
def test_requests_that_come_too_slowly_are_given_up(parts, seconds):
    async def app(scope, receive, send):
        while (await receive()).get('more_body'):
            pass

    async def receive():
        await asyncio.sleep(seconds)
        return {'type': 'http.request', 'body': parts.pop(), 'more_body': bool(parts)}

    scope = dict(type='http', method='POST', headers=[(b'host', b'localhost')], server=None)
    with pytest.raises(VisitorError, match='too slowly') as error:
        asyncio.run(Guard(app, idle=0.2, bytes_per_second=10_000)(scope, receive, None))
    assert error.value.status == 408


def test_a_request_that_comes_in_time_is_not():
    async def app(scope, receive, send):
        while (await receive()).get('more_body'):
            pass
        assert (await receive())['type'] == 'http.disconnect'

    async def receive():
        await asyncio.sleep(0.02 if parts else 0.5)  # to wait for the end of a connection takes as long as it takes
        return {'type': 'http.request', 'body': parts.pop(), 'more_body': bool(parts)} if parts else {
            'type': 'http.disconnect'}

    parts, scope = [b'x' * 1000] * 20, dict(type='http', method='POST', headers=[(b'host', b'localhost')], server=None)
    asyncio.run(Guard(app, idle=0.2, bytes_per_second=10_000)(scope, receive, None))


def test_an_answer_that_nobody_takes_is_given_up():
    async def app(scope, receive, send):
        try:
            await send({'type': 'http.response.body'})
        finally:
            ended.append(True)

    async def send(message):
        await asyncio.sleep(600)

    ended, scope = [], dict(type='http', method='GET', headers=[(b'host', b'localhost')], server=None)
    asyncio.run(Guard(app, idle=0.05)(scope, None, send))  # and that is no error of the server
    assert ended


def test_there_are_no_websockets(client):
    with pytest.raises(Exception) as error, client.websocket_connect('/'):
        pass
    assert getattr(error.value, 'code', None) == 1008
